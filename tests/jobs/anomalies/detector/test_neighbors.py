"""Distances to training rows, against all pairs computed by scipy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from diabolo.jobs.anomalies.detector.neighbors import Neighbors

ROWS = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
NEW = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
PLACES = np.arange(len(ROWS))


def test_distances_of_new_rows() -> None:
    found = Neighbors(ROWS, PLACES).distances(NEW, 3)
    np.testing.assert_allclose(found, np.sort(cdist(NEW, ROWS))[:, :3], rtol=1e-5)


def test_a_training_row_is_no_neighbor_of_itself() -> None:
    between = cdist(ROWS, ROWS)
    np.fill_diagonal(between, np.inf)
    found = Neighbors(ROWS, PLACES).distances(ROWS, 3, PLACES)
    np.testing.assert_allclose(found, np.sort(between)[:, :3], rtol=1e-5)


def test_rows_that_are_not_among_those_known_leave_nothing_out() -> None:
    some = Neighbors(ROWS[::2], PLACES[::2])
    found = some.distances(ROWS, 3, PLACES)
    np.testing.assert_allclose(found[1::2], np.sort(cdist(ROWS[1::2], ROWS[::2]))[:, :3], rtol=1e-5)
    assert found[::2, 0].min() > 0


def test_a_duplicate_is_a_neighbor() -> None:
    doubled = np.concatenate([ROWS, ROWS])
    found = Neighbors(doubled, np.arange(120)).distances(doubled, 2, np.arange(120))
    np.testing.assert_allclose(found[:, 0], 0, atol=1e-6)
    assert found[:, 1].min() > 0
    many = Neighbors(np.zeros((30, 2), dtype=np.float32), np.arange(30))
    np.testing.assert_array_equal(many.distances(many.rows, 3, many.places), 0)


def test_few_rows_have_few_neighbors() -> None:
    few = Neighbors(ROWS[:3], PLACES[:3])
    assert few.distances(NEW, 5).shape == (9, 3)
    assert few.distances(ROWS[:3], 5, PLACES[:3]).shape == (3, 2)
    kept = Neighbors.from_companion(few.companion())
    np.testing.assert_array_equal(kept.distances(NEW, 2), few.distances(NEW, 2))
