"""Thresholds: the medcouple by its definition, the fence, the three rules and their false alarms."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import expon

from diabolo.errors import ParameterError
from diabolo.jobs.anomalies.detector.threshold import check_contamination, choose_threshold, fence, medcouple


def by_definition(values: np.ndarray) -> float:
    """Brys, Hubert & Struyf 2004, equations 2.1 to 2.3, pair by pair."""
    x = np.sort(values)
    middle = np.median(x)
    lower, upper = x[x <= middle], x[x >= middle]
    ties = int((x == middle).sum())
    found = []
    for (i, a), (j, b) in product(enumerate(lower[::-1]), enumerate(upper)):  # both from the median outwards
        if a < b:
            found.append(((b - middle) - (middle - a)) / (b - a))
        else:
            found.append(float(np.sign((ties - 1 - i) + j - (ties - 1))))
    return float(np.median(found))


@pytest.mark.parametrize("n", [5, 6, 25, 40])
@pytest.mark.parametrize("rounded", [False, True])
def test_the_medcouple_by_its_definition(n: int, rounded: bool) -> None:
    values = np.random.default_rng(n).exponential(size=n) * 3
    values = np.round(values) if rounded else values
    assert medcouple(values) == pytest.approx(by_definition(values))


def test_the_medcouple_turns_its_sign_with_the_values() -> None:
    values = np.random.default_rng(0).exponential(size=301)
    assert medcouple(-values) == pytest.approx(-medcouple(values))
    assert medcouple(7 * values + 3) == pytest.approx(medcouple(values))


def test_the_medcouple_of_many_values_is_that_of_their_quantiles() -> None:
    values = expon.ppf((np.arange(20_001) + 0.5) / 20_001)
    assert medcouple(values) == pytest.approx(medcouple(values[::20]), abs=0.01)


@pytest.mark.parametrize(("draw", "most"), [("normal", 0.012), ("exponential", 0.02), ("gumbel", 0.015)])
def test_few_of_usual_values_are_beyond_the_fence(draw: str, most: float) -> None:
    values = getattr(np.random.default_rng(0), draw)(size=4_000)
    assert 0 < (values > fence(values)).mean() < most


def test_a_fifth_of_anomalies_is_beyond_the_fence() -> None:
    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(size=400), random.normal(30, 1, size=100)])
    assert np.array_equal(values > fence(values), np.arange(500) >= 400)


def test_values_that_are_alike_have_no_fence() -> None:
    scores = np.array([0.0] * 90 + [1.0] * 10)
    assert fence(scores) == math.inf
    assert choose_threshold("auto", scores, scores, novelty=False).rule == "level"


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
def test_a_number_is_the_share_of_rows_above(contamination: float) -> None:
    scores = np.random.default_rng(1).normal(size=200)
    threshold = choose_threshold(contamination, scores, scores[:50], novelty=False)
    assert (scores > threshold.value).sum() == 200 * contamination
    assert threshold.false_alarms == ((scores[:50] > threshold.value).sum() + 0.5) / 51


def test_clean_rows_give_one_alarm_in_a_hundred() -> None:
    random = np.random.default_rng(2)
    threshold = choose_threshold("auto", random.normal(size=1_000), np.arange(999.0), novelty=True)
    assert (threshold.value, threshold.rule, threshold.false_alarms) == (989.0, "level", 0.01)
    few = choose_threshold("auto", np.zeros(5), np.arange(19.0), novelty=True)
    assert (few.value, few.false_alarms) == (18.0, 0.05)


def test_rows_that_hold_many_anomalies_lower_the_threshold() -> None:
    random = np.random.default_rng(3)
    clean, dirty = random.normal(size=500), np.concatenate([random.normal(size=450), random.normal(9, 1, size=50)])
    low, high = (choose_threshold("auto", s, s, novelty=False) for s in (dirty, clean))
    assert low.rule == "fence"
    assert (dirty > low.value).sum() >= 50
    assert (clean > high.value).sum() >= 5


@pytest.mark.parametrize("given", [0, -0.1, 0.51, 1, "some", None, True, float("nan")])
def test_what_is_no_contamination_is_refused(given: object) -> None:
    with pytest.raises(ParameterError, match=r"contamination must be in \(0, 0.5\], or 'auto'"):
        check_contamination(given)
