"""Curves of how well scores tell anomalies: what is drawn is what scikit-learn computes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from diabolo.errors import DataError
from diabolo.figures.rates import rates
from diabolo.figures.texts import RUSSIAN


def test_curves_enclose_their_areas() -> None:
    random = np.random.default_rng(0)
    truth = random.random(200) < 0.2
    scores = truth + random.normal(size=200)
    fig = rates({"all": (truth, scores), "PCA": (truth, random.normal(size=200))}, texts=RUSSIAN)
    left, right = fig.axes
    line = next(line for line in left.lines if line.get_label() == "all")
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(truth, scores))
    recall, precision = (np.asarray(v, float) for v in (right.lines[-1].get_xdata(), right.lines[-1].get_ydata()))
    assert -np.sum(np.diff(recall) * precision[:-1]) == pytest.approx(average_precision_score(truth, scores))
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["all", "PCA", "наугад"]
    assert list(right.lines[0].get_ydata()) == [truth.mean()] * 2


def test_one_sort_of_row_has_no_curve() -> None:
    with pytest.raises(DataError, match="both"):
        rates({"all": (np.ones(3, bool), np.arange(3.0))})
    with pytest.raises(DataError, match="both"):
        rates({})
