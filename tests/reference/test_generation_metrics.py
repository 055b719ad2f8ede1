"""Fréchet distance, precision and recall beside their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from diabolo.errors import DataError, ParameterError
from diabolo.metrics.generation import frechet_distance, nearest_distances, precision_recall

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(400, 5)) @ RNG.normal(size=(5, 5))
MADE = 0.5 + RNG.normal(size=(300, 5))


def test_frechet_is_its_formula() -> None:
    a, b = np.cov(REAL, rowvar=False), np.cov(MADE, rowvar=False)
    expected = np.square(REAL.mean(0) - MADE.mean(0)).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(REAL, MADE) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(MADE, REAL) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(REAL, REAL + np.array([3, 0, 4, 0, 0])) == pytest.approx(25)


def test_frechet_of_fewer_rows_than_features_is_finite() -> None:
    a, b = REAL[:4], MADE[:3]  # covariances without full rank: by the roots' own definition
    roots = [np.real(sqrtm(np.cov(x, rowvar=False) + 1e-12 * np.eye(5))) for x in (a, b)]
    cross = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    expected = np.square(a.mean(0) - b.mean(0)).sum() + sum(np.trace(np.cov(x, rowvar=False)) for x in (a, b)) - 2 * cross
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-4)
    assert frechet_distance(REAL[:, :1], 2 * REAL[:, :1] - REAL[:, :1].mean()) == pytest.approx(REAL[:, 0].var(ddof=1))


def covered(points: np.ndarray, others: np.ndarray, k: int) -> float:
    inside = 0
    for p in points:
        for q in others:
            radius = np.sort(np.linalg.norm(others - q, axis=1))[k]  # the first is itself
            if np.linalg.norm(p - q) <= radius:
                inside += 1
                break
    return inside / len(points)


@pytest.mark.parametrize("k", [1, 3])
def test_precision_and_recall_are_their_definitions(k: int) -> None:
    real, made = REAL[:60], MADE[:40]
    assert precision_recall(real, made, k) == (covered(made, real, k), covered(real, made, k))


def test_precision_and_recall_tell_wrong_rows_from_missing_ones() -> None:
    two = np.concatenate([RNG.normal(size=(200, 2)), 20 + RNG.normal(size=(200, 2))])
    precision, recall = precision_recall(two, RNG.normal(size=(400, 2)))
    assert precision > 0.9
    assert 0.4 < recall < 0.55
    assert precision_recall(two, two + 100) == (0, 0)


def test_copies_are_at_no_distance() -> None:
    found = nearest_distances(np.concatenate([REAL[:2], REAL[:1] + np.array([0, 3, 4, 0, 0])]), REAL[:1].repeat(2, 0))
    np.testing.assert_allclose(found, [0, np.linalg.norm(REAL[1] - REAL[0]), 5], atol=1e-6)


def test_wrong_input_says_what_was_expected() -> None:
    with pytest.raises(DataError, match=r"as many features, got shapes \(400, 5\) and \(300, 4\)"):
        frechet_distance(REAL, MADE[:, :4])
    with pytest.raises(ParameterError, match="less than the rows, 2; got 2"):
        precision_recall(REAL[:2], MADE, 2)
