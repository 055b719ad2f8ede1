"""Distances to training rows, against all pairs computed by scipy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from diabolo.jobs.anomalies.neighbors import MOST_ROWS, Neighbors

ROWS = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
NEW = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)


def test_distances_of_new_rows() -> None:
    found = Neighbors.fit(ROWS, 0).distances(NEW, 3)
    np.testing.assert_allclose(found, np.sort(cdist(NEW, ROWS))[:, :3], rtol=1e-5)


def test_a_training_row_is_no_neighbor_of_itself() -> None:
    between = cdist(ROWS, ROWS)
    np.fill_diagonal(between, np.inf)
    found = Neighbors.fit(ROWS, 0).distances(ROWS, 3, training=True)
    np.testing.assert_allclose(found, np.sort(between)[:, :3], rtol=1e-5)


def test_a_duplicate_is_a_neighbor() -> None:
    doubled = np.concatenate([ROWS, ROWS])
    found = Neighbors.fit(doubled, 0).distances(doubled, 2, training=True)
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-6)
    assert found[:, 1].min() > 0
    many = np.zeros((30, 2), dtype=np.float32)
    np.testing.assert_array_equal(Neighbors.fit(many, 0).distances(many, 3, training=True), 0)


def test_few_rows_have_few_neighbors() -> None:
    few = Neighbors.fit(ROWS[:3], 0)
    assert few.distances(NEW, 5).shape == (9, 3)
    assert few.distances(ROWS[:3], 5, training=True).shape == (3, 2)


def test_of_many_rows_some_are_kept() -> None:
    many = np.arange(2.0 * MOST_ROWS, dtype=np.float32)[:, None]
    known = Neighbors.fit(many, 0)
    assert len(known.rows) == MOST_ROWS
    found = known.distances(many, 1, training=True)[:, 0]
    assert found.min() >= 1  # nobody is a neighbor of itself, kept or not
    np.testing.assert_array_equal(found[known.places] >= 1, True)
    kept = Neighbors.from_companion(known.companion())
    np.testing.assert_array_equal(kept.distances(many[:9], 2), known.distances(many[:9], 2))
