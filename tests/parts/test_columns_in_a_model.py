"""Rows of mixed tables through a model: missing cells count nowhere, categories of many states are embedded."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from diabolo.composition import Composition
from diabolo.model import Model
from diabolo.parts.bottlenecks import Gaussian as GaussianCode
from diabolo.parts.bottlenecks import Plain
from diabolo.parts.corruptions import MaskCells
from diabolo.parts.likelihoods import Gaussian, Laplace, Mixed
from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.networks import Mlp, Residual
from diabolo.parts.networks.base import Network
from diabolo.parts.networks.embedding import Embedding, flattened
from diabolo.parts.regularizers import AdversarialOutput, Contractive
from diabolo.records import Batch, Context, Layout
from tests.helpers import MIXED, mixed_rows

X = mixed_rows(50)
LIKELIHOODS: list[Likelihood] = [Mixed(), Mixed(variance="cell"), Gaussian(), Laplace(spread="shared")]


def context(seed: int = 0) -> Context:
    return Context(1.0, torch.Generator().manual_seed(seed), training=False)


def built(composition: Composition, layout: Layout = MIXED) -> Model:
    torch.manual_seed(0)
    return Model(composition, layout, layout, 3).eval()


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
def test_missing_cells_are_in_no_loss(likelihood: Likelihood) -> None:
    """What the model says of a missing cell, or of a flag, changes nothing: no gradient reaches those outputs."""
    model = built(Composition(Mlp(widths=(8,)), Plain(), likelihood))
    params = torch.randn(len(X), likelihood.wants(MIXED), requires_grad=True)
    real = MIXED.real(X)
    assert real is not None
    loss, _ = model.likelihood(params).costs(X, real)
    loss.sum().backward()
    assert params.grad is not None
    assert (params.grad[:, : MIXED.fields][real.sum(1) == 0] == 0).all()
    flags = [c.flag for c in MIXED.columns if c.levels or likelihood.name != "mixed"]
    assert (params.grad[:, flags] == 0).all()
    for c in MIXED.columns:
        assert (params.grad[X[:, c.flag] == 1, c.start : c.stop] == 0).all()


def test_the_loss_is_that_of_the_cells_that_are_there() -> None:
    model = built(Composition(Mlp(widths=(8,)), Plain(), Mixed()))
    loss = model(Batch(X), context())
    output, real = model.decode(model.encode(X)), MIXED.real(X)
    assert real is not None
    torch.testing.assert_close(loss.reconstruction, -(output.log_prob(X) * real).sum(1))
    there = torch.stack([1 - X[:, c.flag] for c in MIXED.columns], 1)
    expected = (output.everyday(X) * real).sum(1) / there.sum(1).clamp(min=1)
    torch.testing.assert_close(loss.everyday, expected)


def test_the_everyday_figure_is_the_error_a_column_of_metrics() -> None:
    from diabolo.jobs.evaluation.contenders import square_error

    model = built(Composition(Mlp(widths=(8,)), Plain(), Mixed()))
    loss = model(Batch(X), context())
    with torch.no_grad():
        mean = model.decode(model.encode(X)).mean
    assert square_error(MIXED, X.numpy(), mean.numpy()) == pytest.approx(loss.everyday.mean().item(), rel=1e-5)


def test_where_the_loss_counts_is_told_by_the_mask_too() -> None:
    """Judged where hidden: cells that were missing already are hidden as well, and still in no loss."""
    model = built(Composition(Mlp(widths=(8,)), Plain(), Mixed(), MaskCells(1.0, judge="hidden")))
    every = built(Composition(Mlp(widths=(8,)), Plain(), Mixed(), MaskCells(1.0)))
    one, two = model(Batch(X), context()), every(Batch(X), context())
    torch.testing.assert_close(one.total, two.total)
    torch.testing.assert_close(one.everyday, two.everyday)
    nothing = built(Composition(Mlp(widths=(8,)), Plain(), Mixed(), MaskCells(0.0, judge="hidden")))(Batch(X), context())
    assert nothing.total.abs().max() == 0


def test_other_parts_see_what_is_real() -> None:
    """The critic of outputs is shown neither what is missing in the data nor what the model says there."""
    composition = Composition(Mlp(widths=(8,)), GaussianCode(), Mixed(), regularizers=(AdversarialOutput(), Contractive()))
    model = built(composition)
    model.build_critics()
    loss = model(Batch(X), context())
    assert loss.total.isfinite().all()
    assert set(loss.penalties) == {"adversarial-output", "contractive"}


@pytest.mark.parametrize("network", [Mlp(widths=(8,)), Residual(widths=(8,), blocks=1)], ids=lambda n: n.name)
def test_categories_of_many_states_are_embedded(network: Network) -> None:
    model = built(Composition(network, Plain(), Mixed()))
    (embedding,) = [m for m in model.encoder.modules() if isinstance(m, Embedding)]
    assert [tuple(m.weight.shape) for m in embedding.maps] == [(10, 21)]
    assert embedding.width == 10 + 8
    x = embedding(X)
    assert x[:, 10:].equal(X[:, :8])
    city = X[:, 8:]
    torch.testing.assert_close(x[:, :10], embedding.maps[0].weight.T[city.argmax(1)])
    lengths = embedding.maps[0].weight.norm(dim=0)
    assert 0.5 < lengths.mean() < 1.5
    (model(Batch(X), context()).total.sum()).backward()
    grad = embedding.maps[0].weight.grad
    assert grad is not None
    assert grad.abs().sum() > 0


def test_other_layouts_are_flattened_as_before() -> None:
    few = dataclasses.replace(MIXED, names=MIXED.names[:8], columns=MIXED.columns[:3])
    for layout in (few, Layout(("a", "b"), (3, 4))):
        module, width = flattened(layout)
        assert isinstance(module, nn.Flatten)
        assert width == layout.cells


def test_weights_survive_and_copies_are_the_same() -> None:
    model = built(Composition(Mlp(widths=(8,)), Plain(), Mixed()))
    other = built(Composition(Mlp(widths=(8,)), Plain(), Mixed()))
    state = model.state_dict()
    assert not [name for name in state if "rest" in name or "_starts" in name or "owner" in name]
    other.load_state_dict(state)
    assert other(Batch(X), context()).total.equal(model(Batch(X), context()).total)


def test_an_untrained_model_answers_with_the_mean_of_what_is_there() -> None:
    model = built(Composition(Mlp(widths=(8,)), Plain(), Mixed()))
    x = mixed_rows(2000, missing=0.4)
    model.start_at(x.mean(0))
    params = model.decoder(torch.zeros(1, 3))
    torch.testing.assert_close(params[0], model.likelihood.start(x.mean(0)), atol=1e-4, rtol=0)
