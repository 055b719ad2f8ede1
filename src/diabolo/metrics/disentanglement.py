"""Whether known factors of variation lie apart in a code, each in numbers of its own: MIG, DCI and SAP.

All three depend on how they are estimated (bins, regressor, split), so the result says how. A factor is a class where it is
text or has only whole numbers, few of them; else it is a measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import mutual_info_score
from sklearn.tree import DecisionTreeClassifier

from diabolo.errors import DataError, ParameterError
from diabolo.metrics.arrays import Floats, flat_codes, labels_of
from diabolo.spec import is_whole

Classes = NDArray[np.int64]

BINS = 20
"""Intervals of equal width that codes and measurements are cut into: as many as Locatello et al. 2019 take."""
TREES = 50
LEAST_CLASS = 4
"""Rows of a class below which it cannot be split into two halves that both know it well enough."""


@final
@dataclass(frozen=True)
class Factor:
    """One known factor of n rows. values: (n,), whole numbers from 0 for classes, float64 for measurements.

    classes: how many, None for a measurement.
    """

    name: str
    values: NDArray[Any]
    classes: int | None

    def binned(self, bins: int) -> Classes:
        """(n,) whole numbers: the classes, or the intervals measurements fall into."""
        return self.values if self.classes is not None else in_bins(self.values, bins)


@final
@dataclass(frozen=True)
class Separation:
    """What :func:`separation` finds; every figure is 1 where each factor has one number of the code to itself.

    mig, sap: means over the factors, about 0 where no number knows more of a factor than the next one. disentanglement: each
    number knows one factor (None for a single factor). completeness: each factor is known by one number (None for a code of one
    number). informativeness: how well all numbers together tell the factors. gaps, sap_gaps: (F,), of each factor. names: of
    factors. information: F rows of K mutual informations, as shares of the factor's entropy. estimator: how, in words.
    """

    mig: float
    sap: float
    disentanglement: float | None
    completeness: float | None
    informativeness: float
    names: tuple[str, ...]
    gaps: tuple[float, ...]
    sap_gaps: tuple[float, ...]
    information: tuple[tuple[float, ...], ...]
    rows: int
    estimator: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def separation(z: Any, factors: Any, names: Sequence[str] | None = None, *, bins: int = BINS, seed: int = 0) -> Separation:
    """MIG, SAP and DCI of codes z (n, K, *L) beside factors (n, F).

    factors: an array (n, F) or F arrays of n values. names: F, for the result. bins: of codes and measurements, for MIG. seed:
    of the halves of the rows and of the forests. Raises DataError for other shapes, fewer than 20 rows, a factor that is always
    the same or has a value missing, or a class of fewer than 4 rows.

    References: Chen et al. 2018, https://arxiv.org/abs/1802.04942; Kumar et al. 2018, https://arxiv.org/abs/1711.00848;
    Eastwood & Williams 2018, https://openreview.net/forum?id=By-7dz-AZ; on how estimators matter Locatello et al. 2019,
    https://arxiv.org/abs/1811.12359.
    """
    if not is_whole(bins, 2):
        raise ParameterError(f"bins must be a whole number of at least 2, got {bins!r}.")
    flat = flat_codes(z)
    known = as_factors(factors, len(flat), names)
    first, second = _halves(len(flat), seed)
    information = shared_information(flat, known, bins)
    sap = np.array([_scores_alone(flat, f, first, second, seed) for f in known])  # (F, K)
    importance, told = _forests(flat, known, first, second, seed)
    gaps, sap_gaps = (_first_minus_second(v) for v in (information, sap))
    return Separation(
        mig=float(gaps.mean()),
        sap=float(sap_gaps.mean()),
        disentanglement=disentanglement(importance),
        completeness=completeness(importance),
        informativeness=float(np.mean(told)),
        names=tuple(f.name for f in known),
        gaps=tuple(gaps.tolist()),
        sap_gaps=tuple(sap_gaps.tolist()),
        information=tuple(tuple(row) for row in information.tolist()),
        rows=len(flat),
        estimator=(
            f"MIG: mutual information of counts, codes and measurements in {bins} intervals of equal width. SAP: on one number "
            "alone, a decision tree with as many leaves as classes (balanced accuracy, 0 at chance), R² of a line for "
            f"measurements. DCI: random forests of {TREES} trees, importance by impurity; informativeness is their balanced "
            "accuracy (0 at chance) or R². SAP and DCI are fitted to one random half of the rows and judged on the other."
        ),
    )


def mig(z: Any, factors: Any, *, bins: int = BINS) -> float:
    """Mean over factors of ``(I(z_1; v) − I(z_2; v)) / H(v)``, z_1 and z_2 the two numbers of the code that know most of v.

    z: (n, K, *L). factors: (n, F), as of :func:`separation`. About 0 to 1. Chen et al. 2018, eq. 6,
    https://arxiv.org/abs/1802.04942

    >>> v = np.arange(200) % 4
    >>> round(mig(np.stack([v, np.zeros(200)], 1), v[:, None]), 6)
    1.0
    """
    flat = flat_codes(z)
    return float(_first_minus_second(shared_information(flat, as_factors(factors, len(flat)), bins)).mean())


def shared_information(z: Floats, factors: Sequence[Factor], bins: int = BINS) -> Floats:
    """``I(z_k; v) / H(v)`` from counts, z: (n, K) -> (F, K), in [0, 1]."""
    codes = [in_bins(column, bins) for column in z.T]
    found = np.empty((len(factors), len(codes)))
    for i, factor in enumerate(factors):
        v = factor.binned(bins)
        entropy = mutual_info_score(v, v)
        found[i] = [mutual_info_score(v, c) / entropy for c in codes]
    return found


def in_bins(x: NDArray[Any], bins: int) -> Classes:
    """x (n,) -> (n,), the interval of equal width each value falls into, 0 to bins - 1; all 0 where nothing varies.

    >>> in_bins(np.array([0.0, 0.4, 0.6, 1.0]), 2).tolist()
    [0, 0, 1, 1]
    """
    low, high = float(x.min()), float(x.max())
    if not high > low:
        return np.zeros(len(x), dtype=np.int64)
    return np.minimum((x - low) / (high - low) * bins, bins - 1).astype(np.int64)


def disentanglement(importance: Any) -> float | None:
    """``Σ ρ_k (1 − H_F(P_k))``, P_k a number's importances for the F factors as shares, ρ_k its share of all importance.

    importance: (K, F), not negative. None for a single factor. Eastwood & Williams 2018, section 2.

    >>> disentanglement([[1.0, 0.0], [0.0, 3.0]]), disentanglement([[1.0, 1.0], [2.0, 2.0]])
    (1.0, 0.0)
    """
    r = np.asarray(importance, dtype=np.float64)
    if r.shape[1] < 2:
        return None
    weights = r.sum(axis=1)
    return float(1 - (weights * _entropy(r)).sum() / weights.sum()) if weights.sum() > 0 else 0.0


def completeness(importance: Any) -> float | None:
    """Mean over factors of ``1 − H_K(P_f)``, P_f the importances of the K numbers for the factor as shares.

    importance: (K, F), not negative. None for a code of one number. Eastwood & Williams 2018, section 2.
    """
    r = np.asarray(importance, dtype=np.float64)
    return None if len(r) < 2 else float(1 - _entropy(r.T).mean())


def as_factors(given: Any, n: int, names: Sequence[str] | None = None) -> tuple[Factor, ...]:
    """Factors (n, F), or F arrays of n values. Raises DataError as :func:`separation` says."""
    array = np.asarray(given, dtype=object) if isinstance(given, list | tuple) else np.asarray(given)
    columns = list(given) if isinstance(given, list | tuple) and array.shape[:1] != (n,) else None
    if columns is None:
        if array.ndim not in (1, 2):
            raise DataError(f"Expected factors of shape (n, F), got {array.shape}.")
        columns = list(array.reshape(len(array), -1).T)
    if names is not None and len(names) != len(columns):
        raise DataError(f"Expected a name for each of {len(columns)} factors, got {len(names)}: {', '.join(map(str, names))}.")
    if n < 20:
        raise DataError(f"Factors are judged on at least 20 rows, got {n}.")
    return tuple(_factor(c, n, str(names[i]) if names else f"factor {i}") for i, c in enumerate(columns))


def _factor(column: Any, n: int, name: str) -> Factor:
    values = labels_of(np.asarray(column), n)
    if values.dtype.kind == "O":
        values = np.array(values.tolist())  # numbers that were kept as objects
    missing = sum(v is None or v != v or v == "" for v in values.tolist())
    if missing:
        raise DataError(f"{name} has no value in {missing} of {n} rows. Leave those rows out.")
    numbers = values.dtype.kind in "iuf"
    known, found = np.unique(values, return_inverse=True)
    if len(known) < 2:
        raise DataError(f"{name} is {known[0]!s} in all rows: nothing can be said about it. Leave it out.")
    if numbers and (len(known) > BINS or not np.array_equal(known, np.floor(known))):
        if not np.isfinite(values).all():
            raise DataError(f"{name} holds infinite values. Leave those rows out.")
        return Factor(name, values.astype(np.float64), None)
    counts = np.bincount(found.reshape(-1))
    least, rare = int(counts.min()), known[counts.argmin()]
    if least < LEAST_CLASS:
        rows = f"{least} row{'s' * (least != 1)}"
        raise DataError(
            f"{name} has the value {rare!s} in {rows}, and each needs at least {LEAST_CLASS}. Leave those rows out."
        )
    return Factor(name, found.reshape(-1).astype(np.int64), len(known))


def _halves(n: int, seed: int) -> tuple[Classes, Classes]:
    order = np.random.default_rng(seed).permutation(n)
    return order[: n // 2], order[n // 2 :]


def _scores_alone(z: Floats, factor: Factor, first: Classes, second: Classes, seed: int) -> Floats:
    """How well each number of the code tells the factor by itself, (K,), 0 at chance, 1 without error."""
    return np.array([_score_alone(column, factor, first, second, seed) for column in z.T])


def _score_alone(x: Floats, factor: Factor, first: Classes, second: Classes, seed: int) -> float:
    v = factor.values
    if not x[first].std() > 0:
        return 0.0
    if factor.classes is None:
        slope, at = np.polyfit(x[first], v[first], 1)
        return _r2(v[second], slope * x[second] + at, v[first].mean())
    tree = DecisionTreeClassifier(max_leaf_nodes=factor.classes, class_weight="balanced", random_state=seed)
    return _above_chance(v[second], tree.fit(x[first, None], v[first]).predict(x[second, None]))


def _forests(z: Floats, factors: Sequence[Factor], first: Classes, second: Classes, seed: int) -> tuple[Floats, list[float]]:
    """Importances (K, F), and how well the numbers together tell each factor."""
    importance, told = np.zeros((z.shape[1], len(factors))), []
    for i, factor in enumerate(factors):
        v = factor.values
        if factor.classes is None:
            forest = RandomForestRegressor(TREES, random_state=seed, max_features=1.0).fit(z[first], v[first])
            told.append(_r2(v[second], forest.predict(z[second]), v[first].mean()))
        else:
            forest = RandomForestClassifier(TREES, random_state=seed, class_weight="balanced", max_features=None)
            told.append(_above_chance(v[second], forest.fit(z[first], v[first]).predict(z[second])))
        importance[:, i] = forest.feature_importances_
    return importance, told


def _above_chance(v: Classes, predicted: Any) -> float:
    """Balanced accuracy with chance at 0: ``(a − 1/C) / (1 − 1/C)``, a the mean over classes of the share told; never "
    "below 0."""
    known = np.unique(v)
    if len(known) < 2:  # the other half has one class alone
        return 0.0
    told = float(np.mean([(predicted[v == c] == c).mean() for c in known]))
    return max(0.0, (told - 1 / len(known)) / (1 - 1 / len(known)))


def _r2(v: Floats, predicted: Floats, mean: float) -> float:
    """1 − squared error over that of the mean of the other half, never below 0."""
    whole = float(np.square(v - mean).sum())
    return max(0.0, 1 - float(np.square(v - predicted).sum()) / whole) if whole > 0 else 0.0


def _first_minus_second(scores: Floats) -> Floats:
    """(F, K) -> (F,), the largest of each line minus the next one, 0 where there is none."""
    order = np.sort(scores, axis=1)
    return order[:, -1] - (order[:, -2] if scores.shape[1] > 1 else 0.0)


def _entropy(r: Floats) -> Floats:
    """Entropy of each row's shares to the base of its length, in [0, 1]; 1 for a row of zeros: it prefers nothing."""
    total = r.sum(axis=1, keepdims=True)
    p = np.divide(r, total, out=np.full_like(r, 1 / r.shape[1]), where=total > 0)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return -(p * logs).sum(axis=1) / np.log(r.shape[1])
