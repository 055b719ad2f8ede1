"""Critics at work: codes become draws of the prior, and new rows are drawn from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.jobs.codes.embed import embed
from diabolo.jobs.evaluation.score import score_unit
from diabolo.jobs.generation.sample import sample, sample_codes
from diabolo.maths.discrepancy import mmd
from diabolo.parts.regularizers import Adversarial
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

X, HELD_OUT = low_rank(600, 8, 2)[:400], low_rank(600, 8, 2)[400:]


def discrepancy(trained: Trained) -> float:
    z = torch.from_numpy(embed(trained, HELD_OUT))
    return float(mmd(z, torch.randn(z.shape, generator=torch.Generator().manual_seed(0))))


def test_codes_of_rows_never_seen_become_draws_of_the_prior() -> None:
    options = {"latent_dim": 2, "epochs": 40, "batch_size": 32}
    free = quick(X, "aae", regularizers=(Adversarial(weight=0.0),), **options)
    aae = quick(X, "aae", **options)
    assert discrepancy(aae) < 0.2 * discrepancy(free)
    np.testing.assert_allclose(embed(aae, HELD_OUT).std(0), 1, atol=0.3)
    errors = [m.history[-1]["validation_mse"] for m in (free, aae)]
    assert errors[1] < 3 * errors[0]


@pytest.mark.parametrize("recipe", ["aae", "vae-gan"])
def test_new_rows_come_from_the_prior(recipe: str) -> None:
    trained = quick(X, recipe, latent_dim=2, epochs=1)
    prior = np.random.default_rng(3).standard_normal((5, 2)).astype(np.float32)
    np.testing.assert_array_equal(sample_codes(trained, 5, random_state=3), prior)
    assert sample(trained, 5, random_state=3).shape == (5, 8)
    variational = recipe == "vae-gan"
    assert score_unit(trained).startswith("nats" if variational else "minus mean squared error")
    assert ("validation_kl" in trained.history[-1]) is variational


def test_the_critic_of_pictures_is_convolutional_and_sees_any_size() -> None:
    trained = quick(little_images(60, 9), "vae-gan", latent_dim=2, epochs=1)
    assert any(p.ndim == 4 for p in trained.model.critics["adversarial-output"].parameters())
    assert sample(trained, 3, random_state=0).shape == (3, 9, 9)


def test_independent_code_numbers_can_be_asked_for() -> None:
    trained = quick(X, "vae", latent_dim=3, epochs=2, regularizers=("total-correlation",))
    assert {"train_total-correlation", "train_total-correlation_critic"} <= set(trained.history[-1])
