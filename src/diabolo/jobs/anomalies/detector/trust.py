"""Trust: which rows of a table to learn from where anomalies are expected among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diabolo.data.subset import at_most
from diabolo.jobs.anomalies.detector.ruler import Ruler
from diabolo.jobs.anomalies.detector.view import View
from diabolo.records import Layout

SHARE = 0.7
"""Of the rows that are learned from. On ADBench's sets 0.6 to 0.75 were alike; up to 40 % of those rows are anomalies."""
NEIGHBORS = 50
"""Anomalies that come in crowds have each other for near neighbors; a crowd is rarely as large."""
MOST_ROWS = 10_000


def trusted(v: NDArray[np.float64], layout: Layout, seed: int) -> NDArray[np.bool_]:
    """Which rows v (n, F), in their columns' own units, are among the 70 % least strange ones: (n,).

    Strange is what is far from its 50 nearest neighbors on the average, and (half as much) from the mean of all, by
    :meth:`View.far`; plainly measured and bent, the logs in robust standard deviations. A least trimmed fit (Rousseeuw 1984,
    https://doi.org/10.1080/01621459.1984.10477105) with one step.
    """
    places = np.arange(len(v))
    total = np.zeros(len(v))
    for make in (Ruler.plain, Ruler.bending):
        view = View.fit(make(v, layout), v, at_most(len(v), MOST_ROWS, seed), places)
        near = view.near(v, range(1, NEIGHBORS + 1), places).mean(axis=1)
        total += 2 * in_deviations(near) + in_deviations(view.far(v))
    keep = np.zeros(len(v), dtype=bool)
    keep[np.argsort(total, kind="stable")[: max(2, round(SHARE * len(v)))]] = True
    return keep


def in_deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logs of values (n,) in robust standard deviations from their median."""
    floor = floor_of(values)
    logs = np.log(values + floor)
    low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
    return np.asarray((logs - middle) / spread(high - low, 1.349, logs))


def usual(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """What :func:`standardized` asks of usual values (n,): a floor below which differences say nothing, and of the logs the
    median and the standard deviation by the distance of the 99 % quantile: it is high values that are to be told apart."""
    floor = floor_of(values)
    logs = np.log(values + floor)
    middle, high = np.quantile(logs, (0.5, 0.99))
    return floor, float(middle), spread(high - middle, 2.326, logs)


def standardized(values: NDArray[np.float64], floor: float, middle: float, deviation: float) -> NDArray[np.float64]:
    """``(log(values + floor) - middle) / deviation``."""
    return np.asarray((np.log(values + floor) - middle) / deviation)


def floor_of(values: NDArray[np.float64]) -> float:
    """A thousandth of the median, above 0."""
    return 1e-3 * float(np.median(values)) + 1e-12


def spread(distance: float, normal: float, logs: NDArray[np.float64]) -> float:
    """A distance of quantiles over that of the normal distribution; the plain standard deviation, or 1, where it is 0."""
    return float(distance / normal if distance > 1e-9 else logs.std() or 1.0)
