"""Holes: distances by their own formula, and the emptiest places are where no code lies."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.companions import CODES
from diabolo.jobs.generation.holes import find_holes, places
from diabolo.trained import Companion, Trained
from tests.helpers import low_rank, quick

ROWS = low_rank(200)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(ROWS, latent_dim=2, epochs=2)


def test_distances_are_in_deviations_of_real_codes(trained: Trained) -> None:
    found = places(trained, trained.kind.read(ROWS[:50]))
    assert found is not None
    z, there = embed(trained, ROWS[:50]), trained.companions[CODES].arrays["z"]
    near = [np.sqrt(np.square((code - there) / z.std(0)).sum(1)).min() for code in z + 0.5]
    apart = np.sort([np.sqrt(np.square((code - there) / z.std(0)).sum(1)) for code in z])
    usual = np.where(apart[:, 0] > 1e-9, apart[:, 0], apart[:, 1])  # most rows are training rows themselves
    np.testing.assert_allclose(found.usual, np.quantile(usual, 0.99), rtol=1e-4)
    np.testing.assert_allclose(found.distances(z + 0.5), np.array(near) / found.usual, rtol=1e-4)
    assert found.share(z) <= 0.02


def test_training_rows_are_not_compared_with_themselves(trained: Trained) -> None:
    z = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    own = trained.with_companion(CODES, Companion({"rows": 60}, {"z": z}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diabolo.jobs.generation.holes.embed", lambda *_: z)
        found = places(own, trained.kind.read(ROWS[:60]))
        patch.setattr("diabolo.jobs.generation.holes.embed", lambda *_: np.zeros((60, 2), dtype=np.float32))
        assert places(own, trained.kind.read(ROWS[:60])) is None  # nothing varies
    assert found is not None
    apart = np.sqrt(np.square((z[:, None] - z[None]) / z.std(0)).sum(2)) + 1e9 * np.eye(60)
    np.testing.assert_allclose(found.usual, np.quantile(apart.min(1), 0.99), rtol=1e-4)


def test_the_emptiest_places_are_between_two_clouds(trained: Trained) -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=(500, 2)) * 0.2 + 4 * (random.integers(0, 2, 500)[:, None] * 2 - 1)
    split = trained.with_companion(CODES, Companion({"rows": 500}, {"z": z.astype(np.float32)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diabolo.jobs.generation.holes.embed", lambda *_: z[:100].astype(np.float32))
        found = find_holes(split, ROWS[:100], n=50)
        mended = find_holes(split, ROWS[:100], n=50, origin="mixture")
    assert found.origin == "gaussian"
    assert found.share > 0.5 > 0.1 > mended.share
    assert (found.distances > 1).all()
    assert (np.diff(found.distances) <= 0).all()
    assert np.abs(np.abs(found.codes) - 4).max(1).min() > 0.5


def test_a_number_that_never_varies_counts_nothing(trained: Trained) -> None:
    z = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    z[:, 1] = 5
    flat = trained.with_companion(CODES, Companion({"rows": 100}, {"z": z}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diabolo.jobs.generation.holes.embed", lambda *_: z)
        found = places(flat, trained.kind.read(ROWS[:100]))
    assert found is not None
    np.testing.assert_allclose(found.distances(z[:3] + np.float32([0, 9])), 0, atol=1e-6)


def test_labels_come_with_the_codes_of_conditional_recipes() -> None:
    y = np.arange(200) % 2
    found = find_holes(quick(ROWS, "cvae", y=y, latent_dim=2, epochs=2), ROWS, y, n=5)
    assert found.labels is not None
    assert (found.origin, found.codes.shape, set(found.labels.tolist()) <= {0, 1}) == ("prior", (5, 2), True)


def test_wrong_input_says_what_was_expected(trained: Trained) -> None:
    with pytest.raises(ParameterError, match="n must be a whole number from 1 to 2000, got 0"):
        find_holes(trained, ROWS, n=0)
    with pytest.raises(UnsupportedError, match="no training codes"):
        find_holes(dataclasses.replace(trained, companions={}), ROWS)
