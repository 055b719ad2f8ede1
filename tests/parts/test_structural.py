"""The structural likelihood: its loss a row, what belongs to no cell, cells that are not real, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.estimators.autoencoder import Autoencoder
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.evaluation.score import score
from diabolo.maths.similarity import gradient_difference, ms_ssim, ssim
from diabolo.parts.likelihoods import Laplace, Structural
from diabolo.parts.likelihoods.base import Output
from diabolo.records import Layout
from tests.helpers import little_images, low_rank, quick

BOUNDS = [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)]


def case(part: Structural, bounds: tuple[float, float] = (0.0, 1.0), side: int = 24) -> tuple[Output, Tensor]:
    """Its output for random parameters, and data."""
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(5, 2, side, side, generator=generator).double()
    x = bounds[0] + (bounds[1] - bounds[0]) * torch.rand(5, 2, side, side, generator=generator).double()
    return part.build(Layout(("a", "b"), (side, side), bounds))(params), x


@pytest.mark.parametrize(
    "part",
    [Structural(), Structural(levels=5), Structural(weight=0.3, gradient=0.5), Structural(weight=0.0), Structural(weight=1.0)],
    ids=repr,
)
def test_the_loss_of_a_row(part: Structural) -> None:
    output, x = case(part)
    similarity = ssim(x, output.mean, 1.0) if part.levels == 1 else ms_ssim(x, output.mean, 1.0)
    absolute = (x - output.mean).abs().mean((1, 2, 3))
    mean = part.weight * (1 - similarity) + (1 - part.weight) * absolute
    mean = mean + part.gradient * gradient_difference(x, output.mean)
    loss, everyday = output.costs(x)
    torch.testing.assert_close(loss, 2 * 24 * 24 * mean)
    torch.testing.assert_close(everyday, 2 * 24 * 24 * absolute)
    assert not everyday.requires_grad
    torch.testing.assert_close(-output.log_prob(x).sum((1, 2, 3)), loss)
    torch.testing.assert_close(output.costs(x, torch.ones(5, 1, 24, 24)), (loss, everyday))


def test_the_two_ways_have_the_same_gradient() -> None:
    head = Structural(levels=2, gradient=0.5).build(Layout(("a",), (24, 24), (0.0, 1.0)))
    x, params = torch.rand(3, 1, 24, 24).double(), torch.randn(3, 1, 24, 24).double().requires_grad_()
    short, long = head(params).costs(x)[0].sum(), -head(params).log_prob(x).sum()
    torch.testing.assert_close(*(torch.autograd.grad(value, params) for value in (short, long)))


def test_without_structure_it_is_the_absolute_error() -> None:
    """As the Laplace likelihood with scale 1 has it, but for the constant."""
    layout = Layout(("a",), (6, 7), (0.0, 1.0))
    x, params = torch.rand(3, 1, 6, 7), torch.randn(3, 1, 6, 7)
    laplace = Laplace().build(layout)(params).log_prob(x) + np.log(2)
    torch.testing.assert_close(Structural(weight=0.0).build(layout)(params).log_prob(x), laplace)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_the_scale_of_the_data_does_not_matter(bounds: tuple[float, float]) -> None:
    part = Structural(levels=2, gradient=0.2)
    unit, x = case(part)
    output, scaled = case(part, bounds)
    low, span = bounds[0], bounds[1] - bounds[0]
    loss = part.build(Layout(("a", "b"), (24, 24), bounds)).start(low + span * unit.mean)
    assert loss is not None  # the inverse of the bounds, but for the margin
    of_unit = type(unit)(unit.mean, unit.head).costs(x)[0]  # type: ignore[attr-defined, call-arg]
    of_scaled = type(output)(low + span * unit.mean, output.head).costs(scaled)[0]  # type: ignore[attr-defined, call-arg]
    torch.testing.assert_close(of_unit, of_scaled)


def test_cells_that_are_not_real_cost_nothing() -> None:
    """Whatever stands there, in the data or in the prediction; and no gradient goes there."""
    head = Structural(levels=2, gradient=0.5).build(Layout(("a",), (24, 24), (0.0, 1.0)))
    real = torch.ones(2, 1, 24, 24).double()
    real[0, :, 10:], real[1, :, :, ::2] = 0, 0
    x, params = torch.rand(2, 1, 24, 24).double(), torch.randn(2, 1, 24, 24).double().requires_grad_()
    loss, everyday = head(params).costs(x, real)
    (slope,) = torch.autograd.grad(loss.sum(), params)
    assert (slope[real == 0] == 0).all()
    assert (slope[real == 1] != 0).any()
    other = torch.where(real > 0, params, torch.randn_like(params))
    torch.testing.assert_close(head(other).costs(x, real), (loss, everyday))
    torch.testing.assert_close(head(params).costs(x, 0 * real)[0], torch.zeros(2).double())
    perfect = head.start(x[0])[None]
    assert head(perfect).costs(x[:1])[0].item() < 0.02 * loss[0].item()


def test_an_untrained_model_starts_at_the_mean() -> None:
    head, mean = Structural().build(Layout(("a",), (8, 8), (-1.0, 1.0))), 1.8 * torch.rand(1, 8, 8) - 0.9
    torch.testing.assert_close(head(head.start(mean)[None]).mean[0], mean)


def test_only_pictures_with_a_range() -> None:
    with pytest.raises(ParameterError, match=r"compares pictures.*image_shape"):
        Structural().check_layout(Layout(("a", "b"), bounds=(0.0, 1.0)))
    with pytest.raises(ParameterError, match="value_range"):
        Structural().check_layout(Layout(("a",), (8, 8)))
    with pytest.raises(ParameterError, match="compares pictures"):
        quick(low_rank(60), likelihood="ssim")


def test_it_learns_and_is_judged() -> None:
    """From the mean of the rows to pictures that look like them; scores and the bound say that they are no likelihoods."""
    images = little_images(150)
    trained = quick(images, "plain", likelihood="ssim", network="mlp", epochs=60, latent_dim=4)
    assert {"train_mae", "validation_mae"} <= set(trained.history[0])
    table = {c.name: c.errors for c in evaluate(trained, images).table}
    assert table["model"]["ssim"] > table["mean"]["ssim"] + 0.3
    vae = quick(images, "vae", likelihood=Structural(levels=2, gradient=0.1), latent_dim=2)
    assert "no log-likelihood" in score(vae, images).unit
    assert np.isfinite(score(vae, images).values).all()
    with pytest.raises(UnsupportedError, match="no probabilities"):
        vae.model.decode(torch.zeros(1, *vae.model.code_shape, device=vae.device)).log_mass(torch.zeros(1, 1, 8, 8), 1 / 255)


def test_the_estimator_takes_it_by_name_and_keeps_it(tmp_path: object) -> None:
    ae = Autoencoder(likelihood="structural", epochs=1, random_state=0).fit(little_images(60))
    again = type(ae)(likelihood=Structural(weight=0.5, levels=3), epochs=1, random_state=0).fit(little_images(60))
    assert ae.trained_.config.composition.likelihood.to_json() == {
        "name": "structural",
        "weight": 0.84,
        "levels": 1,
        "gradient": 0.0,
    }
    assert again.trained_.config.composition.likelihood.levels == 3
