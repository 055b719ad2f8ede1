"""The Wasserstein autoencoder: codes are points, and all together look like the prior they are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.errors import UnsupportedError
from diabolo.jobs.codes.embed import embed, posterior
from diabolo.jobs.evaluation.score import score_unit
from diabolo.jobs.generation.sample import sample, sample_codes
from diabolo.maths.discrepancy import mmd
from diabolo.parts.regularizers import Mmd
from tests.helpers import low_rank, quick

X = low_rank(600, 8, 2)


def discrepancy(z: np.ndarray) -> float:
    prior = torch.randn(len(z), z.shape[1], generator=torch.Generator().manual_seed(0))
    return float(mmd(torch.from_numpy(z), prior))


def test_codes_become_draws_of_the_prior() -> None:
    options = {"latent_dim": 2, "epochs": 40, "batch_size": 128}
    plain, wae = (quick(X, recipe, **options) for recipe in ("plain", "wae"))
    assert discrepancy(embed(wae, X)) < 0.1 * discrepancy(embed(plain, X))
    np.testing.assert_allclose(embed(wae, X).std(0), 1, atol=0.25)
    errors = [np.square(X - m.kind.decode(_restored(m))).mean() for m in (plain, wae)]
    assert errors[1] < 3 * errors[0]  # what is asked of the codes costs little of what they tell


def _restored(trained: object) -> object:
    from diabolo.jobs.codes.reconstruct import restored

    return restored(trained, trained.kind.read(X), None)  # type: ignore[attr-defined, arg-type]


def test_new_rows_come_from_the_prior_and_no_likelihood_is_claimed() -> None:
    trained = quick(X, "wae", latent_dim=2, epochs=2)
    prior = np.random.default_rng(3).standard_normal((5, 2)).astype(np.float32)
    np.testing.assert_array_equal(sample_codes(trained, 5, random_state=3), prior)
    assert sample(trained, 5, random_state=3).shape == (5, 8)
    assert score_unit(trained) == "minus mean squared error"
    assert "kl" not in trained.history[-1]
    with pytest.raises(UnsupportedError, match="posterior needs a recipe whose code is a distribution"):
        posterior(trained, X)


def test_the_penalty_is_its_weight_times_the_discrepancy() -> None:
    trained = quick(X, "wae", latent_dim=2, epochs=1, regularizers=(Mmd(weight=0.0),))
    assert trained.history[-1]["train_mmd"] == 0
    assert quick(X, "wae", latent_dim=2, epochs=1).history[-1]["train_mmd"] > 0


def test_without_a_prior_sampling_says_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match=r"'plain' towards a prior.*density='mixture'"):
        sample_codes(quick(X, epochs=1), 3, density="prior")
