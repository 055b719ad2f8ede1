"""PCA against scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from diabolo.baselines import pca as module
from diabolo.baselines.pca import fit_pca, fit_pca_in_blocks
from diabolo.errors import DataError, ParameterError


@pytest.fixture(scope="module")
def digits():
    return load_digits().data


def wide():
    return np.random.default_rng(0).normal(size=(30, 90)) @ np.diag(np.linspace(3, 0.1, 90))


@pytest.mark.parametrize("make", [lambda: load_digits().data, wide], ids=["many rows", "many columns"])
def test_against_scikit_learn(make):
    x = make()
    ours, theirs = fit_pca(x, 7), PCA(7, svd_solver="full").fit(x)
    np.testing.assert_allclose(ours.mean, theirs.mean_, atol=1e-12)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_, rtol=1e-10)
    np.testing.assert_allclose(ours.shares, theirs.explained_variance_ratio_, rtol=1e-10)
    np.testing.assert_allclose(np.abs(ours.components @ theirs.components_.T), np.eye(7), atol=1e-8)
    np.testing.assert_allclose(ours.reconstruct(x), theirs.inverse_transform(theirs.transform(x)), atol=1e-8)


def test_the_largest_entry_of_a_component_is_positive(digits):
    components = fit_pca(digits, 10).components
    assert (components[np.arange(10), np.abs(components).argmax(axis=1)] > 0).all()


def test_chunks_make_no_difference(digits, monkeypatch):
    together = fit_pca(digits, 5)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 100)
    np.testing.assert_allclose(fit_pca(digits, 5).components, together.components, atol=1e-9)


def test_very_large_matrices_are_decomposed_at_random_but_well(digits, monkeypatch):
    exact = fit_pca(digits, 5)
    monkeypatch.setattr(module, "EXACT", 10)
    found = fit_pca(digits, 5, random_state=3)
    np.testing.assert_allclose(found.explained, exact.explained, rtol=1e-3)
    np.testing.assert_allclose(found.shares, exact.shares, rtol=1e-3)
    np.testing.assert_allclose(found.components, exact.components, atol=0.02)
    np.testing.assert_array_equal(found.components, fit_pca(digits, 5, random_state=3).components)


def test_more_components_than_rank():
    line = np.arange(10.0)[:, None] @ np.array([[1.0, 2.0, 2.0]])
    pca = fit_pca(line, 50)
    assert pca.components.shape == (3, 3)
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(pca.shares, [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(pca.reconstruct(line), line, atol=1e-9)


def test_more_columns_than_rows_and_one_row():
    x = wide()
    pca = fit_pca(x, 64)
    assert pca.components.shape == (30, 90)
    np.testing.assert_allclose(pca.components @ pca.components.T, np.eye(30), atol=1e-8)
    np.testing.assert_allclose(pca.reconstruct(x), x, atol=1e-8)
    alone = fit_pca(x[:1], 2)
    np.testing.assert_allclose(alone.reconstruct(x[:1]), x[:1])
    assert alone.shares.tolist() == [0.0]


def test_constant_data():
    x = np.full((6, 4), 2.5)
    pca = fit_pca(x, 2)
    assert pca.shares.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(pca.transform(x), np.zeros((6, 2)))
    np.testing.assert_allclose(pca.reconstruct(x), x)


@pytest.mark.parametrize(("dtype", "back"), [(np.float32, np.float32), (np.float64, np.float64), (np.uint8, np.float64)])
def test_dtypes(digits, dtype, back):
    x = digits.astype(dtype)
    pca = fit_pca(x, 12)
    assert pca.components.dtype == np.float64
    assert pca.transform(x).dtype == pca.reconstruct(x).dtype == back
    np.testing.assert_allclose(pca.reconstruct(x), fit_pca(digits, 12).reconstruct(digits), atol=1e-4)


def test_a_far_mean_costs_no_digits():
    x = np.random.default_rng(0).normal(size=(200, 3)) * [3, 2, 1]
    np.testing.assert_allclose(fit_pca(x + 1e7, 3).explained, fit_pca(x, 3).explained, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((0, 3)), "at least one row"),
        (np.zeros(3), "shape"),
        (np.array([["a", "b"]]), "numbers"),
        (np.array([[0.0, np.nan], [1.0, 2.0]]), "in 1 columns, the first is column 1"),
        (np.array([[0.0, np.inf], [1.0, -np.inf]]), "in 1 columns"),
    ],
)
def test_bad_data(x, message):
    with pytest.raises(DataError, match=message):
        fit_pca(x, 1)


def test_bad_k_and_bad_width(digits):
    with pytest.raises(ParameterError, match="at least 1, got 0"):
        fit_pca(digits, 0)
    with pytest.raises(DataError, match="rows of 64 numbers"):
        fit_pca(digits, 2).transform(digits[:, :3])


def test_blocks_give_what_all_rows_give():
    """Rows far from zero, in blocks of different sizes whose means differ, in float32: the same plane as in one piece."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 6)) @ rng.normal(size=(6, 9)) + np.linspace(0, 30, 500)[:, None] + 100).astype(np.float32)
    whole, parts = fit_pca(x.astype(np.float64), 4), fit_pca_in_blocks(np.split(x, [7, 300, 301]), 4)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(parts.components, whole.components, atol=1e-3)
    np.testing.assert_allclose(parts.explained, whole.explained, rtol=1e-4)
    assert parts.total == pytest.approx(whole.total, rel=1e-5)
