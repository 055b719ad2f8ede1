"""PCA at a number of bits, against brute force and scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from diabolo.baselines.pca import fit_pca
from diabolo.baselines.quantized_pca import MOST_BITS, QuantizedPca, allotted, gaussian_error, gaussian_step
from diabolo.errors import ParameterError


def cloud(n: int = 500, d: int = 6, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)) @ generator.normal(size=(d, d)) + generator.normal(size=d)


@pytest.mark.parametrize("bits", range(9))
def test_bits_go_where_brute_force_puts_them(bits: int) -> None:
    variances = np.array([9.0, 4.0, 0.5, 0.02])
    rates = allotted(variances, bits)
    assert rates.sum() == bits
    ways = (w for w in itertools.product(range(bits + 1), repeat=4) if sum(w) == bits)
    least = min(sum(v * gaussian_error(b) for v, b in zip(variances, way, strict=True)) for way in ways)
    assert sum(v * gaussian_error(int(b)) for v, b in zip(variances, rates, strict=True)) == pytest.approx(least)


def test_many_bits_come_near_the_water_level() -> None:
    """Cover & Thomas 10.3.3: rate max(0, log2(variance / level) / 2) each; whole bits differ from it by less than one."""
    variances = 100 * 0.8 ** np.arange(40.0)
    rates = allotted(variances, 60)
    low, high = 1e-9, 100.0
    for _ in range(200):
        level = (low * high) ** 0.5
        total = np.maximum(0, np.log2(variances / level) / 2).sum()
        low, high = (level, high) if total > 60 else (low, level)
    assert np.abs(rates - np.maximum(0, np.log2(variances / level) / 2)).max() < 1
    assert (np.diff(rates) <= 0).all()


def test_steps_of_a_gaussian_are_those_of_max() -> None:
    """Max 1960, table II: widths and errors of the best uniform quantizers of 2, 4, 8, 16 and 32 steps."""
    widths, errors = (1.596, 0.9957, 0.5860, 0.3352, 0.1881), (0.3634, 0.1188, 0.03744, 0.01154, 0.003495)
    for bits, (width, error) in enumerate(zip(widths, errors, strict=True), start=1):
        assert gaussian_step(bits) == pytest.approx(width, rel=1e-3)
        assert gaussian_error(bits) == pytest.approx(error, rel=1e-3)


def test_an_error_is_the_integral() -> None:
    width = gaussian_step(3)
    middle = lambda x: np.clip(np.floor(x / width), -4, 3) * width + width / 2  # noqa: E731
    points = [k * width for k in range(-3, 4)]
    found = quad(lambda x: (x - middle(x)) ** 2 * norm.pdf(x), -9, 9, points=points, limit=400)[0]
    assert gaussian_error(3) == pytest.approx(found, rel=1e-5)
    gains = [gaussian_error(b) - gaussian_error(b + 1) for b in range(MOST_BITS)]
    assert all(a > b > 0 for a, b in itertools.pairwise(gains))  # what makes the greedy way optimal


def test_rows_come_back_by_whole_numbers_alone() -> None:
    x = cloud()
    coded = QuantizedPca.of(fit_pca(x, 6), 14)
    indices = coded.indices(x)
    assert ((indices >= 0) & (indices < 2**coded.rates)).all()
    assert coded.rates.sum() == 14
    assert len(np.unique(coded.reconstruct(x).round(9), axis=0)) == len(np.unique(indices, axis=0))


def test_the_error_is_what_was_planned() -> None:
    """Of Gaussian rows the squared error is Σ variance × error(bits), and falls with the bits down to PCA's own."""
    x = cloud(20_000)
    pca = fit_pca(x, 6)
    errors = []
    for bits in (0, 3, 8, 14, 30):
        coded = QuantizedPca.of(pca, bits)
        errors.append(np.square(x - coded.reconstruct(x)).sum(1).mean())
        planned = sum(v * gaussian_error(int(b)) for v, b in zip(pca.explained, coded.rates, strict=True))
        assert errors[-1] == pytest.approx(planned, rel=0.03)
    assert all(a > b for a, b in itertools.pairwise(errors))


def test_without_bits_there_is_the_mean_and_float32_stays() -> None:
    x = cloud().astype(np.float32)
    coded = QuantizedPca.of(fit_pca(x, 3), 0)
    assert coded.used == 0
    restored = coded.reconstruct(x)
    assert restored.dtype == np.float32
    np.testing.assert_allclose(restored, np.broadcast_to(x.mean(0), x.shape), rtol=1e-4)


def test_what_never_varies_gets_no_bits() -> None:
    assert allotted(np.array([1.0, 0.0]), 40).tolist() == [MOST_BITS, 0]
    assert QuantizedPca.of(fit_pca(np.ones((5, 3)), 2), 9).reconstruct(np.ones((2, 3))).tolist() == [[1, 1, 1]] * 2
    with pytest.raises(ParameterError, match="at least 0"):
        allotted(np.ones(2), -1)


def test_unrounded_is_pca_of_the_components_that_have_bits() -> None:
    x = cloud()
    whole = fit_pca(x, 6)
    rival = QuantizedPca.of(whole, 5)
    assert 0 < rival.used < 6
    away = (x - whole.mean) - (x - whole.mean) @ whole.components[: rival.used].T @ whole.components[: rival.used]
    np.testing.assert_allclose(x - rival.unrounded.reconstruct(x), away, atol=1e-6)
    assert np.square(away).sum() < np.square(x - rival.reconstruct(x)).sum()
