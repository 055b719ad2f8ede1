"""Smoothing against SciPy's Gaussian filter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from diabolo.maths.smoothing import smoothed


@pytest.mark.parametrize(("shape", "sigma"), [((2, 1, 28, 28), 1.4), ((1, 3, 9, 17), 0.5), ((1, 2, 4, 5), 3.0)])
def test_smoothing_is_a_gaussian_filter(shape: tuple[int, ...], sigma: float) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    expected = gaussian_filter(x, (0, 0, sigma, sigma), mode="nearest", radius=max(1, int(np.ceil(4 * sigma))))
    np.testing.assert_allclose(smoothed(torch.from_numpy(x), sigma).numpy(), expected, atol=1e-12)


def test_a_constant_stays_and_no_sigma_changes_nothing() -> None:
    flat = torch.full((1, 2, 6, 6), 0.3)
    torch.testing.assert_close(smoothed(flat, 2.0), flat)
    x = torch.randn(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    assert smoothed(x, 0) is x
