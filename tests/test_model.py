"""The model: the loss is what the parts say, counted over real cells only."""

from __future__ import annotations

import pytest
import torch

from diabolo.composition import Composition
from diabolo.errors import ParameterError
from diabolo.model import Model
from diabolo.parts.bottlenecks import Gaussian as GaussianCode
from diabolo.parts.bottlenecks import Plain, SparseL1
from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.corruptions import MaskCells
from diabolo.parts.likelihoods import Bernoulli, Gaussian
from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.networks import Mlp
from diabolo.parts.regularizers import Contractive
from diabolo.records import Batch, Context, Layout

LAYOUT = Layout(tuple("abcde"))
X = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))


def context(seed: int = 0) -> Context:
    return Context(1.0, torch.Generator().manual_seed(seed), training=False)


def built(composition: Composition, layout: Layout = LAYOUT, latent_dim: int = 2, condition: int = 0) -> Model:
    torch.manual_seed(0)
    return Model(composition, layout, layout, latent_dim, condition).eval()


def test_a_plain_loss_is_half_the_squared_error_and_a_constant() -> None:
    model = built(Composition(Mlp(widths=(4,)), Plain(), Gaussian()))
    loss = model(Batch(X), context())
    error = (X - model.decode(model.encode(X)).mean).square()
    constant = 5 * 0.5 * torch.log(torch.tensor(2 * torch.pi))
    torch.testing.assert_close(loss.total, 0.5 * error.sum(1) + constant)
    torch.testing.assert_close(loss.everyday, error.mean(1))
    assert loss.kl is None
    assert loss.cost.abs().max() == 0


def test_a_vae_loss_is_minus_the_elbo() -> None:
    model = built(Composition(Mlp(widths=(4,)), GaussianCode(), Gaussian()))
    loss = model(Batch(X), context(3))
    q = model.posterior(X)
    assert q is not None
    noise = torch.randn(q.mean.shape, generator=torch.Generator().manual_seed(3))
    log_p = torch.distributions.Normal(model.decode(q.mean + q.stddev * noise).mean, 1.0).log_prob(X).sum(1)
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(loss.total, kl - log_p)
    torch.testing.assert_close(loss.kl, kl)


def test_the_total_adds_everything_up() -> None:
    parts = Composition(Mlp(widths=(4,)), SparseL1(weight=0.5), Gaussian(), MaskCells(), (Contractive(weight=0.1),))
    model = built(parts)
    loss = model(Batch(X), context())
    assert loss.cost.sum() > 0
    assert loss.penalties["contractive"].sum() > 0
    torch.testing.assert_close(loss.total, loss.reconstruction + loss.cost + loss.penalties["contractive"])


def test_cells_that_are_not_real_never_count() -> None:
    model = built(Composition(Mlp(widths=(4,)), Plain(), Gaussian()))
    real = torch.ones_like(X)
    real[:, 3:] = 0
    changed = X.clone()
    changed[:, 3:] = 1e6
    target = Batch(X, target=X, real=real)
    other = Batch(X, target=changed, real=real)
    torch.testing.assert_close(model(target, context()).total, model(other, context()).total)
    torch.testing.assert_close(model(target, context()).everyday, model(other, context()).everyday)


def test_corruption_damages_the_input_and_never_the_aim() -> None:
    model = built(Composition(Mlp(widths=(4,)), Plain(), Gaussian(), MaskCells(fraction=0.5)))
    loss = model(Batch(X), context(1))
    damaged = model.corrupt(X, torch.Generator().manual_seed(1)).x
    assert not torch.equal(damaged, X)
    error = (X - model.decode(model.encode(damaged)).mean).square().mean(1)
    torch.testing.assert_close(loss.everyday, error)


def test_labels_reach_both_sides() -> None:
    model = built(Composition(Mlp(widths=(4,)), Plain(), Gaussian(), conditional=True), condition=3)
    one, two = (torch.eye(3)[[i] * 6] for i in (0, 1))
    assert not torch.allclose(model.encode(X, None, one), model.encode(X, None, two))
    z = torch.zeros(6, 2)
    assert not torch.allclose(model.decode(z, one).mean, model.decode(z, two).mean)


def test_dynamic_binarization_feeds_and_judges_the_same_bits() -> None:
    layout = Layout(tuple("abcde"), bounds=(0.0, 1.0))
    model = built(Composition(Mlp(widths=(4,)), Plain(), Bernoulli(binarize="dynamic")), layout)
    grey = torch.rand(6, 5, generator=torch.Generator().manual_seed(0))
    seen = model.likelihood.observe(Batch(grey), torch.Generator().manual_seed(2))
    assert set(seen.x.unique().tolist()) <= {0.0, 1.0}
    expected = -model.decode(model.encode(seen.x)).log_prob(seen.x).sum(1)
    torch.testing.assert_close(model(Batch(grey), context(2)).reconstruction, expected)


def test_a_likelihood_that_does_not_suit_the_data_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"\[0, 1\]"):
        built(Composition(Mlp(widths=(4,)), Plain(), Bernoulli()))


@pytest.mark.parametrize("likelihood", [Gaussian(), Gaussian(variance="shared"), Gaussian(variance="cell"), Bernoulli()])
@pytest.mark.parametrize("bottleneck", [Plain(), GaussianCode()])
def test_in_bfloat16_the_networks_alone_are_rounded(likelihood: Likelihood, bottleneck: Bottleneck) -> None:
    layout = Layout(tuple(map(str, range(784))), bounds=(0.0, 1.0))
    x = torch.rand(8, 784, generator=torch.Generator().manual_seed(0))
    model = built(Composition(Mlp(widths=(16,)), bottleneck, likelihood), layout)
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(Batch(x), context())
        h, real = model.encoder(x, None, None)
        params = model.decoder(model.bottleneck(h.float(), real, context()).z, None)
    expected, _ = model.likelihood(params.float()).costs(x, None)
    torch.testing.assert_close(loss.reconstruction, expected, rtol=1e-6, atol=0)
    assert {t.dtype for t in (loss.total, loss.reconstruction, loss.cost, loss.everyday)} == {torch.float32}
