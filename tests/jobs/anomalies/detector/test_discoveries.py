"""False-discovery control against SciPy's, Holm's adjustment against its definition, and the promise itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from diabolo.errors import DataError, ParameterError
from diabolo.jobs.anomalies.calibration import p_values
from diabolo.jobs.anomalies.detector.discoveries import benjamini_hochberg, discoveries, holm

P = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.array)


@given(P)
def test_it_adjusts_as_scipy_does(p: np.ndarray) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p, method="bh"), atol=1e-12)


@given(P, st.floats(0.01, 0.5))
def test_it_takes_the_most_that_the_rule_allows(p: np.ndarray, rate: float) -> None:
    found = discoveries(p, rate)
    ordered = np.sort(p)
    allowed = [k for k in range(1, len(p) + 1) if ordered[k - 1] <= rate * k / len(p)]
    assert found.found.sum() >= max(allowed, default=0)  # as many, and what is tied with the last
    assert found.limit == (p[found.found].max() if found.found.any() else 0.0)
    assert found.expected_false == rate * found.found.sum()


@given(P)
def test_holm_by_its_definition(p: np.ndarray) -> None:
    order, adjusted = np.argsort(p, kind="stable"), holm(p)
    for k, i in enumerate(order):
        assert adjusted[i] == pytest.approx(min(1, max((len(p) - j) * p[order[j]] for j in range(k + 1))))


def test_few_of_what_it_finds_by_conformal_p_values_are_false() -> None:
    random, shares = np.random.default_rng(0), []
    for _ in range(300):
        usual, truth = random.normal(size=200), np.arange(50) < 10
        scores = random.normal(size=50) + 4 * truth
        found = discoveries(p_values(scores, usual), rate=0.2).found
        shares.append((found & ~truth).sum() / max(found.sum(), 1))
    assert np.mean(shares) < 0.2 * 0.8 + 0.02  # the rate times the share of usual rows, and 3 standard errors


@pytest.mark.parametrize("rate", [0, 1, -0.1, "0.1", True, None])
def test_a_rate_is_between_0_and_1(rate: object) -> None:
    with pytest.raises(ParameterError, match=r"rate must be a number above 0 and below 1"):
        discoveries(np.array([0.5]), rate)  # type: ignore[arg-type]


@pytest.mark.parametrize("p", [[1.5], [-0.1], [float("nan")]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        holm(np.array(p))
