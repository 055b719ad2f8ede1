"""Ridge regression against scikit-learn's, its penalty against the definition, the filter against scipy's correlation."""

import json

import numpy as np
import pytest
from scipy.ndimage import correlate
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge as SklearnRidge

from diabolo.baselines import ridge as module
from diabolo.baselines.ridge import PENALTIES, Ridge, RidgeFilter, fit_ridge, fit_ridge_filter
from diabolo.errors import DataError, ParameterError


def linear(rows=200, columns=8, outputs=3, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns)) @ np.diag(np.linspace(2, 0.05, columns)) + rng.normal(5, 3, columns)
    return x, x @ rng.normal(size=(columns, outputs)) + noise * rng.normal(size=(rows, outputs)) + 7


def scale(x):
    """The mean eigenvalue of the centered X'X, by its trace."""
    return ((x - x.mean(axis=0)) ** 2).sum() / x.shape[1]


def by_definition(x, y, penalty):
    """n · RSS / (n - trace H)², with the hat matrix H written out."""
    n, centered = len(x), x - x.mean(axis=0)
    inner = centered.T @ centered + penalty * np.eye(x.shape[1])
    hat = centered @ np.linalg.solve(inner, centered.T) + 1 / n
    return n * ((y - hat @ y) ** 2).sum() / (n - np.trace(hat)) ** 2


@pytest.mark.parametrize("penalty", [1e-6, 0.01, 10.0])
def test_against_scikit_learn(penalty):
    clean = load_digits().data
    damaged = clean + np.random.default_rng(0).normal(0, 4, clean.shape)
    blocks = [(damaged[s], clean[s]) for s in (slice(0, 3), slice(3, 1000), slice(1000, None))]
    ours, theirs = fit_ridge(iter(blocks), [penalty]), SklearnRidge(penalty * scale(damaged)).fit(damaged, clean)
    np.testing.assert_allclose(ours.weights, theirs.coef_.T, atol=1e-9)
    np.testing.assert_allclose(ours.predict(damaged), theirs.predict(damaged), atol=1e-7)
    assert (ours.rows, ours.penalty) == (len(clean), penalty)


@pytest.mark.parametrize("noise", [0.001, 1.0, 30.0])
@pytest.mark.parametrize("rows", [5, 12, 200], ids=["fewer rows than columns", "few rows", "many rows"])
def test_the_penalty_has_the_least_generalized_error(rows, noise):
    x, y = linear(rows, noise=noise, seed=rows)
    expected = [by_definition(x, y, p * scale(x)) for p in PENALTIES]
    found = fit_ridge([(x, y)]).penalty
    assert expected[PENALTIES.index(found)] == pytest.approx(min(expected), rel=1e-4)


def test_more_noise_wants_a_larger_penalty():
    penalties = [fit_ridge([linear(noise=noise)]).penalty for noise in (0.01, 1.0, 100.0)]
    assert penalties == sorted(penalties)
    assert penalties[0] < penalties[-1]


def test_blocks_scale_and_place_make_no_difference():
    x, y = linear()
    whole = fit_ridge([(x, y)])
    far = fit_ridge((1000 * x[s : s + 17] + 1e7, y[s : s + 17]) for s in range(0, 200, 17))
    assert far.penalty == whole.penalty
    np.testing.assert_allclose(far.predict(1000 * x + 1e7), whole.predict(x), atol=1e-4)


def test_columns_that_do_not_vary_and_single_rows():
    x, y = linear()
    x[:, 2] = 4
    assert np.isfinite(fit_ridge([(x, y)]).weights).all()
    same = fit_ridge([(np.ones((9, 3)), np.arange(9.0)[:, None])])
    np.testing.assert_allclose(same.predict(np.ones((2, 3))), [[4.0], [4.0]])
    np.testing.assert_allclose(fit_ridge([(x[:1], y[:1])]).predict(x[:1]), y[:1])


def test_dtypes_and_bounds():
    x, y = linear()
    ridge = fit_ridge([(x.astype(np.float32), y)])
    assert ridge.predict(x.astype(np.float32)).dtype == np.float32
    assert ridge.predict(x).dtype == ridge.weights.dtype == np.float64
    cut = ridge.predict(x, bounds=(6, 8))
    assert (cut.min(), cut.max()) == (6, 8)
    np.testing.assert_array_equal(cut, ridge.predict(x).clip(6, 8))


def test_a_folder_can_keep_it():
    x, y = linear()
    ridge = fit_ridge([(x, y)])
    again = Ridge.of(ridge.arrays, json.loads(json.dumps(ridge.data)))
    np.testing.assert_array_equal(again.predict(x), ridge.predict(x))
    pictures = np.random.default_rng(0).random((3, 6, 6, 1))
    sharpen = fit_ridge_filter([(pictures, pictures)], size=3)
    again = RidgeFilter.of(sharpen.arrays, json.loads(json.dumps(sharpen.data)))
    np.testing.assert_array_equal(again.predict(pictures), sharpen.predict(pictures))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "got none"),
        ([(np.zeros((2, 3)), np.zeros((3, 3)))], "as many rows"),
        ([(np.zeros((2, 3)), np.zeros((2, 1))), (np.zeros((2, 4)), np.zeros((2, 1)))], "3 and 1 columns as the first, got 4"),
        ([(np.array([[np.nan]]), np.zeros((1, 1)))], "NaN or infinity"),
        ([(np.zeros((1, 5000)), np.zeros((1, 1)))], "fit_ridge_filter"),
    ],
)
def test_bad_pairs(pairs, message):
    with pytest.raises(DataError, match=message):
        fit_ridge(pairs)


def test_bad_options_and_width():
    for penalties in ([], [0.0], [1.0, -1.0]):
        with pytest.raises(ParameterError, match="above 0"):
            fit_ridge([linear()], penalties)
    with pytest.raises(ParameterError, match="odd"):
        fit_ridge_filter([], size=4)
    with pytest.raises(DataError, match="rows of 8 numbers"):
        fit_ridge([linear()]).predict(np.zeros((1, 3)))


@pytest.mark.parametrize("at_once", [1, 50, 100_000])
def test_the_filter_finds_the_filter_that_was_used(at_once, monkeypatch):
    """Pictures filtered by scipy, 4 kernels for the 2 × 2 pixels under each: learned, and right on another size."""
    monkeypatch.setattr(module, "WINDOWS_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    kernels = rng.dirichlet(np.ones(9), size=(2, 2)).reshape(2, 2, 1, 3, 3, 1)

    def filtered(x):
        y = np.zeros((len(x), 2 * x.shape[1], 2 * x.shape[2], x.shape[3]))
        for i, j in np.ndindex(2, 2):
            y[:, i::2, j::2] = correlate(x, kernels[i, j], mode="mirror")
        return y

    pairs = [(x, filtered(x)) for x in (rng.random((4, 6, 5, 3)), rng.random((2, 9, 4, 3)))]
    learned = fit_ridge_filter(pairs, size=3)
    assert (learned.size, learned.factor) == (3, 2)
    np.testing.assert_allclose(learned.ridge.weights.T, kernels.reshape(4, 9), atol=1e-6)
    other = rng.random((3, 11, 8, 1))
    np.testing.assert_allclose(learned.predict(other), filtered(other), atol=1e-6)


def test_the_filter_takes_any_size_and_stays_in_range():
    rng = np.random.default_rng(0)
    clean = np.repeat(rng.random((8, 1, 12, 1)), 12, axis=1) > 0.5
    noisy = clean + rng.normal(0, 0.3, clean.shape)
    smooth = fit_ridge_filter([(noisy.astype(np.float32), clean.astype(np.float32))])
    assert ((smooth.predict(noisy) - clean) ** 2).mean() < 0.5 * ((noisy - clean) ** 2).mean()
    for shape in ((1, 1, 1, 1), (2, 3, 1, 4), (0, 5, 5, 1)):
        back = smooth.predict(np.ones(shape, np.float32))
        assert back.shape == shape
        assert back.dtype == np.float32
        assert ((back >= 0) & (back <= 1)).all()


def test_bad_pictures():
    with pytest.raises(DataError, match="whole times"):
        fit_ridge_filter([(np.zeros((1, 4, 4, 1)), np.zeros((1, 8, 9, 1)))])
    with pytest.raises(DataError, match="Divide whole numbers"):
        fit_ridge_filter([(np.zeros((1, 4, 4, 1), np.uint8), np.zeros((1, 4, 4, 1)))])


def test_a_blind_filter_looks_past_the_middle_and_still_takes_noise_away():
    rng = np.random.default_rng(0)
    i, j = np.mgrid[:40, :40] / 40
    clean = np.stack([0.5 + 0.3 * np.sin(5 * i + k) * np.cos(4 * j) for k in range(6)])[..., None]
    noisy = clean + rng.normal(0, 0.1, clean.shape)
    fitted = fit_ridge_filter([(noisy, noisy)], size=5, blind=True)
    assert fitted.ridge.weights[12] == pytest.approx(0.0, abs=1e-9)
    assert np.square(fitted.predict(noisy) - clean).mean() < 0.2 * np.square(noisy - clean).mean()
