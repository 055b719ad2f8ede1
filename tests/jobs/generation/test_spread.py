"""Where codes lie: normal ones, a ring, two heaps; and the middles between neighbors."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from diabolo.jobs.codes.embed import embed
from diabolo.jobs.generation.holes import HOLES, places
from diabolo.jobs.generation.judge_samples import judge_samples
from diabolo.jobs.generation.sample import sample_codes
from diabolo.jobs.generation.spread import spread_of
from diabolo.trained import Companion, Trained
from tests.helpers import little_images, low_rank, quick
from tests.jobs.diagnosis.test_diagnose import changed, layers

RANDOM = np.random.default_rng(0)


def with_codes(z: np.ndarray) -> Trained:
    """A model that carries these training codes."""
    trained = quick(low_rank(40), latent_dim=z.shape[1], epochs=1)
    return dataclasses.replace(trained).with_companion("codes", Companion({"rows": len(z)}, {"z": z.astype(np.float32)}))


def test_normal_codes_have_no_spread_of() -> None:
    found = spread_of(with_codes(RANDOM.normal(size=(1500, 3))))
    assert found is not None
    assert found.normal < 5 * found.chance
    assert found.gaussian < 5 * found.chance
    assert found.kurtosis == pytest.approx(1, abs=0.1)
    assert found.mends == "mixture"  # which is usual, and without holes too
    gaussian = found.of("gaussian")
    assert gaussian is not None
    assert gaussian.far <= HOLES
    assert found.of("prior") is None
    assert found.bumpiness is None


def test_heaps_need_a_mixture() -> None:
    z = np.concatenate([RANDOM.normal(size=(700, 2)) * 0.2 + c for c in ((-4, 0), (4, 0), (0, 6))])
    found = spread_of(with_codes(z))
    assert found is not None
    gaussian, mixture = found.of("gaussian"), found.of("mixture")
    assert gaussian is not None
    assert mixture is not None
    assert gaussian.far > 0.5 > HOLES > mixture.far
    assert found.mends == "mixture"
    assert found.gaussian > 20 * found.chance
    assert mixture.energy < gaussian.energy / 10


def test_the_figures_of_the_middles() -> None:
    trained = quick(low_rank(60), latent_dim=3, epochs=5)
    x = low_rank(60)
    found = spread_of(trained, trained.kind.read(x))
    assert found is not None
    z = torch.from_numpy(embed(trained, x))
    away = torch.cdist(z, z)
    away.fill_diagonal_(torch.inf)
    middle = (z + z[away.argmin(1)]) / 2
    with torch.inference_mode():
        missed = [(trained.model.encode(trained.model.decode(v).mean) - v).square().sum(1).mean().sqrt() for v in (z, middle)]
    spread = z.double().var(0, unbiased=False).sum().sqrt()
    assert found.own == pytest.approx(float(missed[0] / spread), rel=1e-4)
    assert found.between == pytest.approx(float(missed[1] / spread), rel=1e-4)
    assert found.bumpiness == pytest.approx(float(missed[1] / missed[0]), rel=1e-4)


def test_draws_of_a_posterior_stand_for_its_codes() -> None:
    trained = quick(little_images(60), "vae", latent_dim=4, epochs=2)
    found = spread_of(trained, trained.kind.read(little_images(60)))
    assert found is not None
    assert found.origins[0].name == "prior"
    assert spread_of(trained) is None  # means alone say nothing about draws


def test_what_cannot_be_said() -> None:
    trained = quick(low_rank(60), latent_dim=3, epochs=1)
    assert spread_of(trained, trained.kind.read(low_rank(10))) is None
    still = changed(trained, lambda m: layers(m.encoder)[-1].weight.zero_())  # type: ignore[arg-type]
    assert spread_of(still, trained.kind.read(low_rank(60))) is None
    pairs = quick(low_rank(60), target=low_rank(60)[:, :4], epochs=1)
    found = spread_of(pairs, pairs.kind.read(low_rank(60)))
    assert found is not None
    assert found.own is None


@pytest.mark.parametrize("recipe", ["plain", "vae"])
def test_the_doctor_and_the_judgment_of_new_rows_mean_the_same_holes(recipe: str) -> None:
    trained, rows = quick(low_rank(300), recipe, latent_dim=3, epochs=10), low_rank(1000, seed=1)
    source = trained.kind.read(rows)
    found = spread_of(trained, source)
    assert found is not None
    there = places(trained, source)
    assert there is not None
    for name in [o.name for o in found.origins]:  # all rows are judged, and as many codes are drawn: the very same
        far = found.of(name)
        assert far is not None
        z = sample_codes(trained, 1000, density=name, random_state=0)
        assert far.far == pytest.approx(there.share(z), abs=0.002)  # draws from posteriors come in float32 there
    judged = {line.origin: line.holes for line in judge_samples(trained, rows).own}
    for line in found.origins:
        assert line.far == pytest.approx(judged[line.name], abs=0.03)  # the noise falls on other rows there


def test_wide_codes_are_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.jobs.generation.spread.WIDEST", 2)
    found = spread_of(with_codes(RANDOM.normal(size=(100, 3))))
    assert found is not None
    assert (found.origins, found.mends) == ((), None)
