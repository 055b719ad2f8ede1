"""log p(x) by importance sampling, beside models whose likelihood is known exactly."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, MultivariateNormal, Normal

from diabolo.composition import Composition
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.evaluation.likelihood import log_likelihood
from diabolo.jobs.evaluation.score import score
from diabolo.model import Model
from diabolo.parts.bottlenecks import Gaussian as GaussianCode
from diabolo.parts.likelihoods import Bernoulli as Bits
from diabolo.parts.likelihoods import Gaussian
from diabolo.parts.networks import Mlp
from diabolo.records import Batch, Context, Layout
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

ROWS = 40


@pytest.fixture(scope="module")
def linear() -> Trained:
    """Linear on both sides with a fixed variance, so that p(x) is a normal distribution."""

    return quick(
        low_rank(300, 5, 2),
        "vae",
        network=Mlp(widths=()),
        likelihood=Gaussian(std=1.0, output="linear"),
        latent_dim=2,
        epochs=5,
    )


def exact(trained: Trained, x: np.ndarray) -> np.ndarray:
    """log N(x; b, W Wᵀ + σ² 1) in the model's units, and in the caller's by the scales of the columns."""
    model = trained.model
    origin = model.decode(torch.zeros(1, 2)).mean.detach()[0]
    W = torch.stack([model.decode(torch.eye(2)[i : i + 1]).mean.detach()[0] - origin for i in range(2)], dim=1)
    p = MultivariateNormal(origin, W @ W.T + torch.eye(len(origin)))
    seen = trained.kind.encode(trained.kind.read(x).take(torch.arange(len(x))))
    inside = seen.x if isinstance(seen, Batch) else seen
    return (p.log_prob(inside).double() + trained.out_kind.log_scale).numpy()


def test_it_is_the_likelihood_where_that_is_known(linear: Trained) -> None:
    x = low_rank(300, 5, 2)[:ROWS]
    found = log_likelihood(linear, x, samples=20_000)
    assert np.median(np.abs(found.values - exact(linear, x))) < 0.02
    assert abs(found.negative + exact(linear, x).mean()) < 0.1  # rows far out, where few codes count, lie a little low


def test_more_samples_are_tighter_and_never_looser_than_the_bound(linear: Trained) -> None:
    x = low_rank(300, 5, 2)
    one, ten, many = (log_likelihood(linear, x, samples=s, seed=3).negative for s in (1, 10, 1000))
    assert one > ten > many
    assert many < -score(linear, x).values.mean()


def test_samples_do_not_depend_on_how_many_are_decoded_at_once(linear: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    x = low_rank(300, 5, 2)[:ROWS]
    whole = log_likelihood(linear, x, samples=4000).values
    monkeypatch.setattr("diabolo.jobs.evaluation.likelihood.CELLS", 7 * 1024 * 5)
    parts = log_likelihood(linear, x, samples=4000).values
    assert np.median(np.abs(parts - whole)) < 0.05


def test_standard_error_and_dict(linear: Trained) -> None:
    found = log_likelihood(linear, low_rank(ROWS, 5, 2), samples=10)
    assert found.standard_error == pytest.approx(found.values.std(ddof=1) / np.sqrt(ROWS))
    assert found.to_dict()["nll"] == pytest.approx(-found.values.mean())
    assert dataclasses.replace(found, values=found.values[:1]).standard_error == 0


def test_pixels_are_probabilities_of_their_values() -> None:
    trained = quick(little_images(200), "vae", latent_dim=2, epochs=3)
    assert (log_likelihood(trained, little_images(20), samples=50).values < 0).all()


@pytest.mark.parametrize("samples", [2, 5])
def test_the_bound_of_several_samples_is_the_papers(samples: int) -> None:
    """Burda et al. 2016, eq. 8, with torch's distributions and the same noise."""
    layout = Layout(tuple("abcd"), bounds=(0.0, 1.0))
    torch.manual_seed(0)
    model = Model(Composition(Mlp(widths=(6,)), GaussianCode(samples=samples), Bits()), layout, layout, latent_dim=2).eval()
    x = (low_rank(6, 4, 2) > 0).astype(np.float32)
    seen = torch.from_numpy(x)
    loss = model(Batch(seen), Context(1.0, torch.Generator().manual_seed(7), training=False))
    q = model.posterior(seen)
    noise = torch.randn(6 * samples, 2, generator=torch.Generator().manual_seed(7)).reshape(6, samples, 2)
    z = q.mean[:, None] + q.stddev[:, None] * noise
    logits = model.decoder(z.reshape(-1, 2)).reshape(6, samples, 4)
    log_w = Bernoulli(logits=logits).log_prob(seen[:, None].expand_as(logits)).sum(2)
    log_w = log_w + Normal(0, 1).log_prob(z).sum(2) - Normal(q.mean[:, None], q.stddev[:, None]).log_prob(z).sum(2)
    torch.testing.assert_close(loss.total, -(torch.logsumexp(log_w, 1) - np.log(samples)))
    torch.testing.assert_close(loss.total, loss.reconstruction + loss.cost)
    assert loss.kl.shape == (6,)


def test_one_sample_until_several_begin() -> None:
    """Before its time the loss is the ELBO's, with one code a row; after it, and in evaluation always, that of several."""
    layout = Layout(tuple("abcd"))
    x = torch.from_numpy(low_rank(6, 4, 2))

    def loss(part: GaussianCode, fraction: float, *, training: bool) -> torch.Tensor:
        torch.manual_seed(0)
        model = Model(Composition(Mlp(widths=(6,)), part, Gaussian()), layout, layout, latent_dim=2)
        return model(Batch(x), Context(fraction, torch.Generator().manual_seed(7), training=training)).total

    later, one, several = GaussianCode(samples=5, samples_from=0.5), GaussianCode(), GaussianCode(samples=5)
    torch.testing.assert_close(loss(later, 0.49, training=True), loss(one, 0.49, training=True), rtol=0, atol=0)
    torch.testing.assert_close(loss(later, 0.5, training=True), loss(several, 0.5, training=True), rtol=0, atol=0)
    torch.testing.assert_close(loss(later, 0.1, training=False), loss(several, 0.1, training=False), rtol=0, atol=0)
    with pytest.raises(ParameterError, match=r"samples is 1\. Use samples=5"):
        GaussianCode(samples_from=0.5)


def test_labels_go_with_every_sample() -> None:
    x = low_rank(60, 4, 2)
    trained = quick(x, "cvae", y=np.arange(60) % 3, bottleneck=GaussianCode(samples=4), latent_dim=2, epochs=2)
    found = log_likelihood(trained, x[:6], np.arange(6) % 3, samples=20)
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("options", [{"beta": 2.0}, {"warmup": 0.5}, {"free_bits": 0.1}])
def test_weights_are_refused_beside_several_samples(options: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=r"samples=5 .* Use samples=1"):
        GaussianCode(samples=5, **options)


def test_what_has_no_likelihood_says_so() -> None:
    with pytest.raises(UnsupportedError, match=r"'plain' has no distribution.*iwae"):
        log_likelihood(quick(low_rank(50, 4, 2), epochs=1), low_rank(5, 4, 2))
    with pytest.raises(ParameterError, match="samples must be a whole number"):
        log_likelihood(quick(low_rank(50, 4, 2), "vae", epochs=1), low_rank(5, 4, 2), samples=0)
