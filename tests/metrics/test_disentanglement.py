"""MIG, SAP and DCI: by hand on little examples, 1 for a code that is the factors, about 0 for noise."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from diabolo.errors import DataError, ParameterError
from diabolo.metrics.disentanglement import (
    as_factors,
    completeness,
    disentanglement,
    in_bins,
    mig,
    separation,
    shared_information,
)

RANDOM = np.random.default_rng(0)
FACTORS = np.stack([RANDOM.integers(0, 3, 600), RANDOM.integers(0, 4, 600)], axis=1)
MEASURED = RANDOM.uniform(size=600)


def test_a_code_that_is_the_factors() -> None:
    found = separation(np.column_stack([FACTORS, MEASURED]), [*FACTORS.T, MEASURED], ["shape", "color", "size"])
    assert found.names == ("shape", "color", "size")
    for name in ("mig", "sap", "disentanglement", "completeness", "informativeness"):
        assert getattr(found, name) == pytest.approx(1, abs=0.06), name  # chance shares a few nats a thousand rows
    assert json.loads(json.dumps(found.to_dict()))["rows"] == 600
    assert "20 intervals" in found.estimator
    assert "random forests of 50 trees" in found.estimator


def test_noise_knows_nothing() -> None:
    found = separation(RANDOM.normal(size=(600, 4)), [*FACTORS.T, MEASURED])
    assert found.mig < 0.03
    assert found.sap < 0.08
    assert found.disentanglement is not None
    assert found.completeness is not None
    assert found.disentanglement < 0.05
    assert found.completeness < 0.05
    assert found.informativeness < 0.05


def test_each_factor_in_two_numbers_is_not_separate() -> None:
    """A copy of each number: MIG and SAP are 0, DCI is disentangled and not complete."""
    found = separation(np.column_stack([FACTORS, FACTORS]), FACTORS)
    assert found.mig == pytest.approx(0, abs=1e-12)
    assert found.sap == pytest.approx(0, abs=1e-12)
    assert found.disentanglement == pytest.approx(1, abs=0.02)
    assert found.completeness is not None
    assert found.completeness < 0.6  # half, log 2 / log 4, with equal importances


def test_turned_factors_are_told_and_not_separate() -> None:
    x = RANDOM.uniform(size=(600, 2))
    turned = x @ np.array([[1.0, 1.0], [-1.0, 1.0]])
    found = separation(turned, x)
    assert found.informativeness > 0.8
    assert found.mig < 0.1
    assert found.sap < 0.15
    assert found.disentanglement is not None
    assert found.disentanglement < 0.2


def test_mig_by_hand() -> None:
    """v of two equal classes, z_1 right in three quarters of the rows, z_2 constant: I = log 2 − H(1/4) nats."""
    v = np.array([0, 1] * 40)
    z = v.copy()
    z[[0, 1] * 10 + np.repeat(8 * np.arange(10), 2)] = 1 - z[[0, 1] * 10 + np.repeat(8 * np.arange(10), 2)]
    wrong = (z != v).mean()
    assert wrong == 0.25
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert mig(np.stack([z, np.ones(80)], 1), v[:, None]) == pytest.approx((np.log(2) - entropy) / np.log(2))


def test_information_is_that_of_sklearn() -> None:
    z = RANDOM.normal(size=(600, 3)) + FACTORS[:, :1]
    found = shared_information(z, as_factors([FACTORS[:, 0], MEASURED], 600), 10)
    edges = [np.histogram_bin_edges(c, 10) for c in (*z.T, MEASURED)]
    cut = [np.digitize(c, e[1:-1]) for c, e in zip((*z.T, MEASURED), edges, strict=True)]
    for line, v in zip(found, (FACTORS[:, 0], cut[3]), strict=True):
        entropy = -sum(p * np.log(p) for p in np.bincount(v) / 600 if p)
        np.testing.assert_allclose(line, [mutual_info_score(v, c) / entropy for c in cut[:3]], rtol=1e-9)


def test_dci_by_hand() -> None:
    r = np.array([[3.0, 1.0], [0.0, 4.0], [0.0, 0.0]])
    h = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert disentanglement(r) == pytest.approx(0.5 * (1 - h) + 0.5 * 1)
    second = -(0.2 * np.log(0.2) + 0.8 * np.log(0.8)) / np.log(3)
    assert completeness(r) == pytest.approx((1 + 1 - second) / 2)
    assert disentanglement(np.zeros((2, 2))) == 0
    assert disentanglement(np.ones((2, 1))) is None
    assert completeness(np.ones((1, 2))) is None


def test_sap_of_two_classes_is_the_best_threshold() -> None:
    """Kumar et al.'s own case: a threshold on one number, here right in all rows, with a second one that knows nothing."""
    v = np.arange(200) % 2
    z = np.stack([v + 0.4 * RANDOM.uniform(size=200), np.zeros(200)], 1)
    assert separation(z, v[:, None]).sap == 1.0
    assert separation(z[:, :1], v[:, None]).sap == 1.0
    x = RANDOM.normal(size=400)
    z = np.stack([x, RANDOM.normal(size=400)], 1)
    assert separation(z, (x + RANDOM.normal(size=400))[:, None]).sap == pytest.approx(0.5, abs=0.1)  # the square correlation


def test_bins() -> None:
    assert in_bins(np.full(5, 3.0), 4).tolist() == [0] * 5
    x = RANDOM.normal(size=100)
    edges = np.histogram_bin_edges(x, 7)
    assert np.bincount(in_bins(x, 7), minlength=7).tolist() == np.histogram(x, edges)[0].tolist()


def test_the_same_seed_the_same_figures() -> None:
    z = RANDOM.normal(size=(100, 2))
    assert separation(z, FACTORS[:100]) == separation(z, FACTORS[:100])


def test_text_and_numbers_side_by_side() -> None:
    words = np.array(["ash", "oak", "elm"])[FACTORS[:, 0]]
    assert [f.classes for f in as_factors([words, MEASURED, FACTORS[:, 1]], 600)] == [3, None, 4]
    assert [f.classes for f in as_factors(np.column_stack([words.astype(object), FACTORS[:, 1]]), 600)] == [3, 4]


def test_what_cannot_be_judged_is_refused_in_words() -> None:
    z = RANDOM.normal(size=(100, 2))
    with pytest.raises(DataError, match="at least 20 rows, got 10"):
        separation(z[:10], FACTORS[:10])
    with pytest.raises(DataError, match=r"one label a row, shape \(100,\), got \(90,\)"):
        separation(z, FACTORS[:90])
    with pytest.raises(DataError, match=r"b is 1\.0 in all rows"):
        separation(z, np.stack([FACTORS[:100, 0], np.ones(100)], 1), ["a", "b"])
    with pytest.raises(DataError, match="factor 0 has no value in 1 of 100"):
        separation(z, np.where(np.arange(100) == 3, np.nan, 1.5 * np.arange(100))[:, None])
    with pytest.raises(DataError, match="holds infinite values"):
        separation(z, np.where(np.arange(100) == 3, np.inf, 1.5 * np.arange(100))[:, None])
    with pytest.raises(DataError, match="in 1 row, and each needs at least 4"):
        separation(z, (np.arange(100) == 3)[:, None])
    with pytest.raises(DataError, match="a name for each of 2 factors, got 1: a"):
        separation(z, FACTORS[:100], ["a"])
    with pytest.raises(DataError, match=r"shape \(n, F\)"):
        separation(z, np.zeros((100, 2, 2)))
    with pytest.raises(ParameterError, match="bins must be a whole number of at least 2"):
        separation(z, FACTORS[:100], bins=1)
