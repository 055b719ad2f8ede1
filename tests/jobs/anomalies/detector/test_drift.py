"""Drift: each test against SciPy's own, how often it is wrong, what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from diabolo.jobs.anomalies.detector.discoveries import holm
from diabolo.jobs.anomalies.detector.drift import Feature, find_drift, g_test

RANDOM = np.random.default_rng(0)
BEFORE = np.column_stack([RANDOM.normal(size=400), RANDOM.integers(0, 3, 400), RANDOM.exponential(size=400)])
BEFORE[:40, 2] = np.nan
FEATURES = (Feature("height"), Feature("color", category=True), Feature("wage"))
USUAL = RANDOM.normal(size=100)


def fresh(seed: int, n: int = 100) -> np.ndarray:
    random = np.random.default_rng(seed)
    x = np.column_stack([random.normal(size=n), random.integers(0, 3, n), random.exponential(size=n)])
    x[random.random(n) < 0.1, 2] = np.nan
    return x


def test_numbers_are_compared_as_scipy_does() -> None:
    now = fresh(1) + np.array([0.5, 0, 0])
    found = find_drift(BEFORE, now, FEATURES, USUAL, USUAL[:30] + 1)
    reference = ks_2samp(BEFORE[:, 0], now[:, 0], method="exact")
    assert found.columns[0].test == "kolmogorov-smirnov"
    assert (found.columns[0].distance, found.columns[0].p) == pytest.approx((reference.statistic, reference.pvalue))
    whole = ks_2samp(USUAL, USUAL[:30] + 1, method="exact")
    assert (found.distance, found.p) == pytest.approx((whole.statistic, whole.pvalue))


def test_categories_are_compared_as_scipy_does() -> None:
    now = fresh(2)
    found = find_drift(BEFORE, now, FEATURES, USUAL, USUAL).columns[1]
    table = np.stack([np.bincount(x[:, 1].astype(int), minlength=3) for x in (BEFORE, now)])
    assert found.test == "g-test"
    assert found.p == pytest.approx(chi2_contingency(table, lambda_="log-likelihood", correction=False).pvalue)
    assert found.distance == pytest.approx(np.abs(table[0] / 400 - table[1] / 100).sum() / 2)


def test_rare_levels_are_taken_together() -> None:
    before, now = np.array([300, 90, 2, 3, 2, 3]), np.array([70, 20, 5, 0, 5, 0])
    together = np.array([[300, 100], [70, 30]])[:, :1], np.array([[90], [20]]), np.array([[10], [10]])
    reference = chi2_contingency(np.hstack(together)[:, [0, 2, 1]], lambda_="log-likelihood", correction=False)
    distance, p = g_test(before, now)
    few = np.array([10, 10]) * 100 / 500 < 5  # still too few: with the rarest of the others
    assert few.all()
    pooled = chi2_contingency(np.array([[300, 100], [70, 30]]), lambda_="log-likelihood", correction=False)
    assert p == pytest.approx(pooled.pvalue)
    assert p != pytest.approx(reference.pvalue)
    assert distance == pytest.approx((abs(0.75 - 0.7) + abs(0.225 - 0.2) + 0.045 + 0.0075 + 0.045 + 0.0075) / 2)


def test_one_level_says_nothing() -> None:
    assert g_test(np.array([50]), np.array([20])) == (0.0, 1.0)
    assert g_test(np.array([50, 2]), np.array([0, 0]))[1] == 1.0


def test_fresh_rows_are_rarely_called_changed() -> None:
    wrong = [find_drift(BEFORE, fresh(i), FEATURES, USUAL, np.random.default_rng(i).normal(size=60)) for i in range(10, 110)]
    assert np.mean([f.drifted for f in wrong]) <= 0.12  # 5 % of the columns and the whole together; 100 batches
    assert all(f.columns[i].column == FEATURES[i].name for f in wrong for i in range(3))


def test_the_whole_is_one_of_the_tests_that_are_adjusted() -> None:
    found = find_drift(BEFORE, fresh(4), FEATURES, USUAL, USUAL[:60] + 0.35)
    assert found.p is not None
    adjusted = holm(np.array([*(c.p for c in found.columns), found.p]))
    assert [*(c.adjusted for c in found.columns), found.adjusted] == pytest.approx(adjusted)
    assert found.p <= found.alpha < adjusted[-1]
    assert not found.drifted


def test_it_says_what_changed() -> None:
    now = fresh(3, 300)
    now[:, 0] += 2
    now[:60, 1] = -1
    now[:, 2] = np.nan
    found = find_drift(BEFORE, now, FEATURES, USUAL, USUAL + 3)
    assert found.drifted
    assert all(c.drifted for c in found.columns)
    assert found.columns[1].unseen == 60
    assert found.columns[2].missing == (0.1, 1.0)
    text = str(found)
    assert text.startswith("Not like the training data: 3 of 3 columns differ: wage (distance 0.90, p = ")
    assert "the rows are stranger than held-out ones" in text
    assert "levels that training never saw: color (60)" in text
    assert json.loads(json.dumps(found.to_dict()))["verdict"] == text


def test_it_says_that_nothing_changed() -> None:
    found = find_drift(BEFORE, fresh(4), FEATURES, USUAL, USUAL[::2])
    assert str(found).startswith(
        "No sign that the data changed: none of 3 columns differs; the rows are as strange as held-out"
    )
    known = find_drift(BEFORE, BEFORE, FEATURES, USUAL, np.empty(0))
    assert known.p is None
    assert not known.drifted
    assert "all rows are training rows" in str(known)


def test_pictures_have_no_columns() -> None:
    found = find_drift(None, np.empty((5, 0)), (), USUAL, USUAL[:5] - 9)
    assert found.columns == ()
    assert found.whole
    assert not found.stranger
    assert str(found).startswith("Not like the training data: the rows are less strange than held-out ones")
