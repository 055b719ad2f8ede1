"""Threshold: from which score on a row counts as an anomaly, and how often a usual row will by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from diabolo.errors import ParameterError
from diabolo.jobs.anomalies.judge import QUANTILE, threshold_of
from diabolo.spec import is_number

AUTO = "auto"
WHISKER = 1.5
MOST_SCORES = 1_000
JEFFREYS = 0.5
"""What is added to a count before it is divided by one more than all: the mean of a share under Jeffreys' prior."""


@final
@dataclass(frozen=True)
class Threshold:
    """value: a score above it makes a row an outlier. rule: "contamination", "level" or "fence", see :func:`choose_threshold`.

    false_alarms: the share of usual rows that will be above it, as m held-out rows say: ``(#above + 1/2) / (m + 1)``; for a
    level, which is one of their scores, ``(#above + 1) / (m + 1)``. Too large where these hold anomalies.
    """

    value: float
    rule: str
    false_alarms: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"value": self.value, "rule": self.rule, "false_alarms": self.false_alarms}


def choose_threshold(contamination: Any, scores: np.ndarray, usual: np.ndarray, *, novelty: bool) -> Threshold:
    """The threshold for a contamination.

    A number c: a share c of the rows given to ``fit`` is above it (rule "contamination"), as scikit-learn has it.
    ``"auto"``, with rows that are all normal (novelty): 1 % of usual rows is above it, or 1 in m + 1 where there are fewer
    than 99 held-out ones (rule "level"). ``"auto"`` where the rows may hold anomalies: the :func:`fence` around the bulk of
    their scores (rule "fence"), which is the lower the more of them stand far out, or what 1 % of them is above (rule
    "level"), whichever is lower. So at least about one row in a hundred is always pointed at.

    scores: (n,) of the rows given to fit, higher is stranger. usual: (m,) of held-out rows.
    """
    if contamination != AUTO:
        value, rule = -float(np.quantile(-scores, contamination)), "contamination"
    elif novelty:
        value, rule = threshold_of(usual, QUANTILE)[0], "level"
    else:
        value, rule = min((fence(scores), "fence"), (-float(np.quantile(-scores, 1 - QUANTILE)), "level"))
    above = int((usual > value).sum()) + (1.0 if novelty and rule == "level" else JEFFREYS)
    return Threshold(value, rule, above / (len(usual) + 1))


def check_contamination(given: Any) -> None:
    """Raise ParameterError for what is neither "auto" nor a number in (0, 0.5]."""
    if isinstance(given, str) and given == AUTO:
        return
    if not is_number(given) or not 0 < given <= 0.5:
        raise ParameterError(f"contamination must be in (0, 0.5], or 'auto', got {given!r}.")


def fence(scores: np.ndarray) -> float:
    """Where the upper whisker of a boxplot for skewed values may end: ``Q3 + 1.5 exp(3 MC) (Q3 - Q1)``, with 4 MC for MC < 0.

    MC is the medcouple. Up to a quarter of the values may be anomalies. Of a normal distribution 0.35 % is above it. Infinite
    where half of the values are alike, which leaves nothing to measure by.
    Reference: Hubert & Vandervieren 2008, An adjusted boxplot for skewed distributions, equations 5 and 6,
    https://doi.org/10.1016/j.csda.2007.11.008

    >>> round(fence(np.arange(101.0)), 3)
    150.0
    """
    low, high = np.quantile(scores, (0.25, 0.75))
    if high == low:
        return math.inf
    skew = medcouple(scores)
    return float(high + WHISKER * np.exp((3 if skew >= 0 else 4) * skew) * (high - low))


def medcouple(values: np.ndarray) -> float:
    """The medcouple, a robust skewness in [-1, 1]: the median of ``((b - M) - (M - a)) / (b - a)`` over all a <= M <= b.

    M is the median; of pairs that both equal it, as many count as -1 as as 1. Of more than 1 000 values as many quantiles.
    Reference: Brys, Hubert & Struyf 2004, A robust measure of skewness, https://doi.org/10.1198/106186004X12632

    >>> medcouple(np.array([0.0, 1.0, 2.0])), medcouple(np.array([0.0, 1.0, 2.0, 4.0, 30.0])) > 0
    (0.0, True)
    """
    x = np.asarray(values, dtype=np.float64)
    x = np.sort(x) if len(x) <= MOST_SCORES else np.quantile(x, np.linspace(0, 1, MOST_SCORES + 1))
    x = x - np.median(x)
    upper, lower = x[x >= 0][:, None], x[x <= 0][None, :]
    gap = upper - lower
    kernel = (upper + lower) / np.where(gap > 0, gap, 1.0)
    ties = int((x == 0).sum())
    if ties > 1:
        i, j = np.indices((ties, ties))
        kernel[:ties, -ties:] = np.sign(i + j - (ties - 1))
    return float(np.median(kernel))
