"""Discoveries: which of many p-values to act on, so that few of the alarms are false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from diabolo.errors import DataError, ParameterError
from diabolo.spec import is_number


@final
@dataclass(frozen=True, eq=False)
class Discoveries:
    """What :func:`discoveries` takes for anomalies among n rows.

    found: (n,) bool. rate: the share of false ones among them that was asked for, on the average over such batches. adjusted:
    (n,), the smallest rate at which each row would be among them. limit: the largest p-value that was taken, 0.0 without any.
    """

    found: np.ndarray
    rate: float
    adjusted: np.ndarray
    limit: float

    @property
    def expected_false(self) -> float:
        """How many of those found are false on the average, at most: ``rate · #found``."""
        return self.rate * int(self.found.sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        lists = {"found": self.found.tolist(), "adjusted": self.adjusted.tolist()}
        return {"rate": self.rate, "limit": self.limit, "expected_false": self.expected_false} | lists


def discoveries(p: np.ndarray, rate: float = 0.1) -> Discoveries:
    """The rows of a batch that stand out, of which a share of at most ``rate`` is false on the average.

    With ordered p-values ``p_(1) <= ... <= p_(n)`` the k smallest are taken, k the largest with ``p_(k) <= rate k / n``. That
    holds for independent p-values, and for conformal ones too, which share their held-out rows: these are positively dependent
    (Bates et al. 2023, theorem 2, https://doi.org/10.1214/22-AOS2244).
    Reference: Benjamini & Hochberg 1995, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    >>> discoveries(np.array([0.01, 0.9, 0.02, 0.5]), rate=0.1).found.tolist()
    [True, False, True, False]

    Raises ParameterError for a rate outside (0, 1), DataError for numbers that are no p-values.
    """
    rate = check_rate(rate, "rate")
    values = _checked(p)
    adjusted = benjamini_hochberg(values)
    found = adjusted <= rate
    return Discoveries(found, rate, adjusted, float(values[found].max(initial=0.0)))


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values (n,): the smallest false-discovery rate at which each is taken, ``min_{j >= k} p_(j) n / j``.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values = _checked(p)
    n, order = len(values), np.argsort(-values, kind="stable")  # largest first
    steps = np.minimum.accumulate(values[order] * n / np.arange(n, 0, -1))
    return _back(np.minimum(steps, 1.0), order)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjusted p-values (n,): those of at most α make one false alarm or more with a probability of at most α, of whatever
    dependence: ``max_{j <= k} (n - j + 1) p_(j)``.

    Reference: Holm 1979, A simple sequentially rejective multiple test procedure, https://www.jstor.org/stable/4615733

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = _checked(p)
    n, order = len(values), np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(n, 0, -1))
    return _back(np.minimum(steps, 1.0), order)


def check_rate(given: Any, name: str) -> float:
    """A share of false alarms. Raises ParameterError where it is not above 0 and below 1."""
    if not is_number(given) or not 0 < given < 1:
        raise ParameterError(f"{name} must be a number above 0 and below 1, such as 0.05, got {given!r}.")
    return float(given)


def _checked(p: np.ndarray) -> np.ndarray:
    values = np.asarray(p, dtype=np.float64).ravel()
    if not ((values >= 0) & (values <= 1)).all():
        raise DataError("p-values lie between 0 and 1, and some of these do not.")
    return values


def _back(steps: np.ndarray, order: np.ndarray) -> np.ndarray:
    adjusted = np.empty_like(steps)
    adjusted[order] = steps
    return adjusted
