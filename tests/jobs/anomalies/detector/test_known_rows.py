"""Memory: rows are known again by their values, and numbers drawn for them are even and their own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from diabolo.data.sources import ArraySource
from diabolo.jobs.anomalies.detector import known_rows as memory_module
from diabolo.jobs.anomalies.detector.known_rows import Memory, chances, row_keys

X = np.random.default_rng(0).integers(-3, 3, size=(500, 7)).astype(np.float64)


def test_keys_are_those_of_the_values() -> None:
    keys = row_keys(ArraySource(X))
    assert np.array_equal(keys, row_keys(ArraySource(X.astype(np.int16))))
    assert np.array_equal(keys[::-1], row_keys(ArraySource(X[::-1].copy())))
    assert np.array_equal(keys, row_keys(ArraySource(np.where(X == 0, -0.0, X))))
    assert len(np.unique(keys)) == len(np.unique(X, axis=0))


def test_order_of_cells_and_missing_ones_count() -> None:
    rows = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, np.nan], [1.0, -np.nan], [np.nan, 1.0]])
    keys = row_keys(ArraySource(rows))
    assert keys[2] == keys[3]
    assert len(np.unique(keys)) == 4


def test_known_rows_are_found_again() -> None:
    keys = row_keys(ArraySource(X))
    memory = Memory.of(keys[:100], {"all": np.arange(100.0)})
    place = memory.places(keys)
    known = np.isin(keys, keys[:100])
    assert np.array_equal(place >= 0, known)
    first = np.array([np.flatnonzero(keys[:100] == k)[0] for k in keys[:100]])
    assert np.array_equal(memory.values["all"][place[:100]], first)
    assert (Memory.of(keys[:0], {}).places(keys) == -1).all()


def test_rows_that_others_are_compared_with_are_remembered_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MOST_ROWS", 50)
    keys = row_keys(ArraySource(np.random.default_rng(1).normal(size=(200, 3))))
    memory = Memory.of(keys, {"all": np.arange(200.0)}, np.array([7, 150, 199]))
    assert len(memory.keys) == 50
    place = memory.places(keys)
    assert np.array_equal(np.flatnonzero(place >= 0), [*range(48), 150, 199])
    assert memory.values["all"][place[150]] == 150


def test_chances_are_even_and_hang_on_the_row_and_the_seed() -> None:
    keys = row_keys(ArraySource(np.random.default_rng(1).normal(size=(4_000, 3))))
    drawn = chances(keys, 7)
    assert kstest(drawn, "uniform").pvalue > 0.01
    assert np.array_equal(drawn[5:9], chances(keys[5:9], 7))
    assert abs(np.corrcoef(drawn, chances(keys, 8))[0, 1]) < 0.06
