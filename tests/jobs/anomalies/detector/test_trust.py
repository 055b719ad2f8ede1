"""Rows that are trusted: outliers, and small crowds of them, are not."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.jobs.anomalies.detector.trust import SHARE, in_deviations, standardized, trusted, usual
from diabolo.records import Layout

LAYOUT = Layout(("a", "b", "c"))


@pytest.mark.parametrize("crowd", [1.0, 0.01])
def test_strange_rows_are_not_learned_from(crowd: float) -> None:
    random = np.random.default_rng(0)
    v = random.normal(size=(400, 3))
    v[:30] = 6 + crowd * random.normal(size=(30, 3))
    keep = trusted(v, LAYOUT, 0)
    assert keep.sum() == round(SHARE * 400)
    assert not keep[:30].any()
    np.testing.assert_array_equal(trusted(1e3 * v + 5, LAYOUT, 0), keep)  # units do not matter


def test_few_or_equal_rows() -> None:
    assert trusted(np.eye(3), LAYOUT, 0).sum() == 2
    assert trusted(np.ones((20, 3)), LAYOUT, 0).sum() == 14


def test_deviations_are_of_logs() -> None:
    values = np.exp(np.random.default_rng(0).normal(5, 2, size=20_001))
    found = in_deviations(values)
    assert abs(np.median(found)) < 1e-9
    np.testing.assert_allclose(np.quantile(found, [0.1587, 0.8413]), [-1, 1], atol=0.05)
    known = usual(values)
    np.testing.assert_allclose(standardized(np.quantile(values, [0.5, 0.99]), *known), [0, 2.326], atol=0.02)
    floor, _, deviation = usual(np.full(9, 3.0))
    assert (round(floor, 6), deviation) == (0.003, 1.0)
