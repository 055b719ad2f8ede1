"""What a view measures, against scipy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from diabolo.jobs.anomalies.detector.ruler import Ruler
from diabolo.jobs.anomalies.detector.view import FLOOR, View
from diabolo.records import Layout

V = np.random.default_rng(0).normal(size=(80, 3)) @ np.array([[3.0, 1, 0], [0, 1, 0], [0, 0, 9]])
PLACES = np.arange(80)
RULER = Ruler.plain(V, Layout(("a", "b", "c")))
VIEW = View.fit(RULER, V, PLACES, PLACES)


def test_far_is_a_distance_from_the_mean_in_units_of_each_axis() -> None:
    x = RULER.measured(V).astype(np.float64)
    covariance = np.cov(x.T)
    floored = covariance + FLOOR * np.trace(covariance) / 3 * np.eye(3)
    expected = cdist(x, x.mean(0)[None], "mahalanobis", VI=np.linalg.inv(floored))[:, 0] ** 2
    np.testing.assert_allclose(VIEW.far(V), expected, rtol=1e-3)


def test_near_are_the_distances_that_are_asked_for() -> None:
    between = np.sort(cdist(RULER.measured(V), RULER.measured(V)))
    np.testing.assert_allclose(VIEW.near(V, (1, 5), PLACES), between[:, [1, 5]], rtol=1e-4)
    np.testing.assert_allclose(VIEW.near(V[:9], (2, 500), None)[:, 1], between[:9, -1], rtol=1e-4)


def test_others_can_be_compared_with() -> None:
    other = VIEW.among(V[:10], PLACES[:10])
    np.testing.assert_array_equal(other.far(V), VIEW.far(V))
    assert (other.near(V, (1,), None) >= VIEW.near(V, (1,), None)).all()
    kept = View.from_companions(other.companions())
    np.testing.assert_array_equal(kept.near(V, (1, 2), PLACES), other.near(V, (1, 2), PLACES))
    np.testing.assert_allclose(kept.far(V), other.far(V), rtol=1e-6)
