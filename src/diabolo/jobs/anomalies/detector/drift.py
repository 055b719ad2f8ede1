"""Drift: whether a batch of rows is still like the training data, column by column and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp

from diabolo.jobs.anomalies.detector.discoveries import holm

ALPHA = 0.05
FEW_VALUES = 10
LEAST_EXPECTED = 5.0
EXACT_PAIRS = 250_000
NAMED = 5


@final
@dataclass(frozen=True)
class Feature:
    """A column of raw rows. category: whether its numbers are places among levels, with -1 for one that training never saw."""

    name: str
    category: bool = False


@final
@dataclass(frozen=True)
class ColumnDrift:
    """How a column differs. test: "kolmogorov-smirnov" or "g-test". p: by that test; adjusted: for all tests together (Holm).

    distance: between 0 and 1: of numbers the largest difference of the two distribution functions, of categories half the
    sum of the differences of shares. missing: the shares of missing cells, before and now. unseen: cells with a level that
    training never saw.
    """

    column: str
    test: str
    distance: float
    p: float
    adjusted: float
    drifted: bool
    missing: tuple[float, float]
    unseen: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ("column", "test", "distance", "p", "adjusted", "drifted", "unseen")
        return {name: getattr(self, name) for name in names} | {"missing": list(self.missing)}


@final
@dataclass(frozen=True)
class Drift:
    """What :func:`find_drift` says of n rows: ``print(result)``.

    columns: one each, () for pictures. p: that fresh rows like the training data differ as much in their scores, adjusted: the
    same with all columns (Holm); None where all rows are training rows. distance: the largest difference of the distribution
    functions of the scores. stranger: whether the median score is above that of held-out rows. alpha: the chance of a false
    alarm, by any of the columns or the whole.
    """

    rows: int
    columns: tuple[ColumnDrift, ...]
    p: float | None
    adjusted: float | None
    distance: float
    stranger: bool
    alpha: float

    @property
    def drifted(self) -> bool:
        """Whether any column, or the rows as a whole, differ from the training data."""
        return self.whole or any(c.drifted for c in self.columns)

    @property
    def whole(self) -> bool:
        """Whether the scores of the rows differ from those of held-out rows."""
        return self.adjusted is not None and self.adjusted <= self.alpha

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, and the verdict in words."""
        names = ("rows", "p", "adjusted", "distance", "stranger", "alpha", "drifted")
        columns = [c.to_dict() for c in self.columns]
        return {name: getattr(self, name) for name in names} | {"columns": columns, "verdict": str(self)}

    def __str__(self) -> str:
        first = "Not like the training data" if self.drifted else "No sign that the data changed"
        return f"{first}: {'; '.join(filter(None, (self._of_columns(), self._of_whole(), self._of_unseen())))}."

    def _of_columns(self) -> str:
        found = sorted((c for c in self.columns if c.drifted), key=lambda c: -c.distance)
        if not found:
            return f"none of {len(self.columns)} columns differs" if self.columns else ""
        named = ", ".join(f"{c.column} (distance {c.distance:.2f}, p = {c.adjusted:.1g})" for c in found[:NAMED])
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        return f"{len(found)} of {len(self.columns)} column{'s' * (len(self.columns) != 1)} differ: {named}{more}"

    def _of_whole(self) -> str:
        if self.adjusted is None:
            return "all rows are training rows, so how strange they are says nothing"
        if not self.whole:
            return f"the rows are as strange as held-out ones (distance {self.distance:.2f}, p = {self.adjusted:.2g})"
        how = "stranger than" if self.stranger else "less strange than"
        return f"the rows are {how} held-out ones (distance {self.distance:.2f}, p = {self.adjusted:.1g})"

    def _of_unseen(self) -> str:
        found = [f"{c.column} ({c.unseen})" for c in self.columns if c.unseen]
        return f"cells with levels that training never saw: {', '.join(found[:NAMED])}" if found else ""


def find_drift(
    before: np.ndarray | None,
    now: np.ndarray,
    features: Sequence[Feature],
    usual: np.ndarray,
    scores: np.ndarray,
    *,
    alpha: float = ALPHA,
) -> Drift:
    """Whether rows differ from training rows.

    By column: the two-sample Kolmogorov-Smirnov test for numbers, the G-test (likelihood ratio) for categories and for numbers
    of which training saw ten different ones at most, with the missing cells a level of their own; numbers with missing cells
    get both, and the smaller p-value twice. As a whole: the same test on the scores against those of held-out rows. That
    is to ask whether conformal p-values are uniform, and takes into account that all rest on the same held-out rows. It is
    as large as promised where rows are drawn independently; where the training rows held anomalies that new rows have not, it
    finds that they are less strange. All p-values, that of the whole among them, are adjusted by Holm's method, so that with a
    chance of ``alpha`` at most anything is called changed that did not change.

    before: (m, d) raw training rows, each column in any order, NaN where missing; None for pictures. now: (n, d). usual: (r,)
    scores of held-out rows, scores: (k,) of those rows that are no training rows.
    Reference: Rabanser, Günnemann & Lipton 2019, Failing loudly, https://arxiv.org/abs/1810.11953
    """
    found = [] if before is None else [_compared(f, before[:, i], now[:, i]) for i, f in enumerate(features)]
    whole, p = _kolmogorov_smirnov(usual, scores) if len(scores) else (0.0, None)
    adjusted = holm(np.array([own for _, _, own, *_ in found] + ([] if p is None else [p])))
    columns = tuple(
        ColumnDrift(f.name, test, distance, own, float(q), bool(q <= alpha), missing, unseen)
        for f, (test, distance, own, missing, unseen), q in zip(features, found, adjusted, strict=False)
    )
    stranger = bool(len(scores) and np.median(scores) > np.median(usual))
    return Drift(len(now), columns, p, None if p is None else float(adjusted[-1]), whole, stranger, alpha)


def g_test(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """Total variation distance and p-value of counts of levels, (k,) each: the G-test of homogeneity.

    Levels of which fewer than five cells are expected in either are taken together first. p is 1.0 where one level is left.
    """
    shares = np.stack([before / max(before.sum(), 1), now / max(now.sum(), 1)])
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    table = _pooled(np.stack([before, now]).astype(np.float64))
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return distance, 1.0
    return distance, float(chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue)


def _compared(feature: Feature, before: np.ndarray, now: np.ndarray) -> tuple[str, float, float, tuple[float, float], int]:
    """Test, distance, p, shares of missing cells, cells of unseen levels."""
    there = [values[~np.isnan(values)] for values in (before, now)]
    missing = (float(np.isnan(before).mean()), float(np.isnan(now).mean()))
    unseen = int((there[1] == -1).sum()) if feature.category else 0
    if feature.category or len(np.unique(there[0])) <= FEW_VALUES:
        levels = np.unique(np.concatenate([before, now]))  # NaN is one of them, once
        counts = [_counts(values, levels) for values in (before, now)]
        return "g-test", *g_test(*counts), missing, unseen
    distance, p = _kolmogorov_smirnov(*there) if len(there[1]) else (0.0, 1.0)
    if missing != (0.0, 0.0):
        gone = [np.array([np.isnan(v).sum(), (~np.isnan(v)).sum()]) for v in (before, now)]
        further, q = g_test(*gone)
        distance, p = max(distance, further), min(1.0, 2 * min(p, q))
    return "kolmogorov-smirnov", distance, p, missing, unseen


def _counts(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    found = np.searchsorted(levels, values)  # NaN is sorted to the end by both
    return np.bincount(found, minlength=len(levels))


def _pooled(table: np.ndarray) -> np.ndarray:
    """(2, k) counts with the levels together of which too few are expected."""
    expected = table.sum(axis=0) * table.sum(axis=1).min() / max(table.sum(), 1)
    few = expected < LEAST_EXPECTED
    if few.sum() <= 1 and not (few.any() and table.shape[1] > 1):
        return table
    rest = table[:, few].sum(axis=1, keepdims=True)
    kept = table[:, ~few]
    if kept.shape[1] and rest.sum() * table.sum(axis=1).min() / max(table.sum(), 1) < LEAST_EXPECTED:
        least = int(kept.sum(axis=0).argmin())
        kept = kept.copy()
        kept[:, least] += rest[:, 0]
        return kept
    return np.concatenate([kept, rest], axis=1)


def _kolmogorov_smirnov(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    method = "exact" if len(before) * len(now) <= EXACT_PAIRS else "asymp"
    found = ks_2samp(before, now, method=method)
    return float(found.statistic), float(found.pvalue)
