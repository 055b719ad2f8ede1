"""Fields in units of their spread, against numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler

from diabolo.jobs.anomalies.ruler import Ruler
from diabolo.records import Column, Layout

X = np.random.default_rng(0).normal(3, 2, size=(50, 3)).astype(np.float32)


def test_numbers_are_standardized() -> None:
    ruler = Ruler.fit(X, Layout(("a", "b", "c")))
    np.testing.assert_allclose(ruler.measured(X), StandardScaler().fit_transform(X.astype(np.float64)), atol=1e-5)


def test_a_constant_number_keeps_its_unit() -> None:
    x = X.copy()
    x[:, 1] = 7
    ruler = Ruler.fit(x, Layout(("a", "b", "c")))
    np.testing.assert_array_equal(ruler.measured(x)[:, 1], 0)
    np.testing.assert_allclose(ruler.measured([[0, 9, 0]])[0, 1], 2)


def test_what_was_never_seen_is_far() -> None:
    color = Column("color", 2, 5, levels=2)  # red, unseen, missing
    layout = Layout(("age", "age:missing", "red", "unseen", "missing"), columns=(Column("age", 0, 2), color))
    x = np.zeros((99, 5), dtype=np.float32)
    x[:, 0], x[:, 2] = np.arange(99), 1
    ruler = Ruler.fit(x, layout)
    chance = 0.5 / 100
    np.testing.assert_allclose(ruler.scale[[1, 3, 4]], np.sqrt(chance * (1 - chance)))
    np.testing.assert_array_equal(ruler.measured(x)[:, [1, 3, 4]], 0)
    assert ruler.measured([[0, 1, 1, 0, 0]])[0, 1] > 10
