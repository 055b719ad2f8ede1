"""Structural similarity against scikit-image and against slow formulas in numpy; gradients, limits, small pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.autograd import gradcheck

from diabolo.maths.similarity import FLOOR, WEIGHTS, gradient_difference, ms_ssim, scales, ssim

SIZES = [(28, 28), (12, 40), (11, 11), (8, 8), (5, 30), (2, 3), (1, 1), (270, 16)]


def pair(shape: tuple[int, ...], span: float = 1.0, noise: float = 0.2, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A smooth picture and the same with noise, in [0, span], float64."""
    random = np.random.default_rng(seed)
    waves = [np.sin(np.arange(n) / random.uniform(1, 4)) for n in shape[-2:]]
    x = 0.5 + 0.4 * np.multiply.outer(*waves) * random.uniform(0.3, 1, (*shape[:2], 1, 1))
    y = np.clip(x + noise * random.normal(size=shape), 0, 1)
    return torch.from_numpy(span * x), torch.from_numpy(span * y)


def slow_maps(x: np.ndarray, y: np.ndarray, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Brightness and structure of one channel (H, W): weighted means, variances and covariance in every window, as defined."""
    sides = [min(11, n if n % 2 else n - 1) for n in x.shape]
    bells = [np.exp(-((np.arange(s) - (s - 1) / 2) ** 2) / (2 * 1.5**2)) for s in sides]
    weight = np.multiply.outer(*bells) / np.multiply.outer(*bells).sum()
    wx, wy = (sliding_window_view(v, weight.shape) for v in (x, y))

    def mean(v: np.ndarray) -> np.ndarray:
        return (v * weight).sum((-2, -1))

    mx, my = mean(wx), mean(wy)
    dx, dy = wx - mx[..., None, None], wy - my[..., None, None]
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    brightness = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return brightness, (2 * mean(dx * dy) + c2) / (mean(dx**2) + mean(dy**2) + c2)


def halved(x: np.ndarray) -> np.ndarray:
    h, w = (n // 2 for n in x.shape)
    return x[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean((1, 3))


def slow_ms_ssim(x: np.ndarray, y: np.ndarray, levels: int) -> float:
    """The product over scales of one channel (H, W) in [0, 1]."""
    result, total = 1.0, sum(WEIGHTS[:levels])
    for level in range(levels):
        brightness, structure = slow_maps(x, y, 1.0)
        factor = (structure if level < levels - 1 else brightness * structure).mean()
        result *= max(factor, FLOOR) ** (WEIGHTS[level] / total)
        x, y = halved(x), halved(y)
    return result


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("span", [1.0, 255.0])
def test_ssim_is_the_formula(size: tuple[int, int], span: float) -> None:
    x, y = pair((3, 2, *size), span)
    expected = [
        np.mean([np.prod(slow_maps(a, b, span), 0).mean() for a, b in zip(*row, strict=True)])
        for row in zip(x.numpy(), y.numpy(), strict=True)
    ]
    np.testing.assert_allclose(ssim(x, y, span), expected, rtol=1e-9)


@pytest.mark.parametrize("size", [(28, 28), (12, 40), (270, 16)], ids=str)
def test_ssim_is_scikit_images(size: tuple[int, int]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    x, y = pair((3, 3, *size))
    options = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 0}
    expected = [metrics.structural_similarity(a, b, **options) for a, b in zip(x.numpy(), y.numpy(), strict=True)]
    np.testing.assert_allclose(ssim(x, y, 1.0), expected, rtol=1e-9)


@pytest.mark.parametrize(("size", "levels"), [((28, 28), 2), ((45, 60), 3), ((177, 190), 5)], ids=str)
def test_ms_ssim_is_the_formula(size: tuple[int, int], levels: int) -> None:
    x, y = pair((2, 2, *size))
    assert scales(size) == levels
    rows = zip(x.numpy(), y.numpy(), strict=True)
    expected = [np.mean([slow_ms_ssim(a, b, levels) for a, b in zip(*row, strict=True)]) for row in rows]
    np.testing.assert_allclose(ms_ssim(x, y, 1.0), expected, rtol=1e-9)
    assert not np.allclose(ms_ssim(x, y, 1.0, levels=levels - 1), expected)


def test_one_scale_is_ssim() -> None:
    for size in ((28, 28), (8, 8)):
        x, y = pair((3, 1, *size))
        assert torch.equal(ms_ssim(x, y, 1.0, levels=1), ssim(x, y, 1.0))
    assert torch.equal(ms_ssim(x, y, 1.0), ssim(x, y, 1.0))  # 8×8 has room for one


def test_gradient_difference_is_the_formula() -> None:
    x, y = pair((3, 2, 7, 9))
    found = 0
    for axis in (2, 3):
        found = found + np.abs(np.abs(np.diff(x, axis=axis)) - np.abs(np.diff(y, axis=axis))).mean((1, 2, 3))
    np.testing.assert_allclose(gradient_difference(x, y), found, rtol=1e-12)
    line = gradient_difference(x[:, :, :1], y[:, :, :1])
    np.testing.assert_allclose(line, np.abs(np.abs(np.diff(x[:, :, :1])) - np.abs(np.diff(y[:, :, :1]))).mean((1, 2, 3)))
    assert gradient_difference(x[:, :, :1, :1], y[:, :, :1, :1]).tolist() == [0.0] * 3


@pytest.mark.parametrize("function", [ssim, ms_ssim])
def test_its_limits(function: object) -> None:
    """Equal is 1, also where all is flat; order does not matter; noise costs, more of it more."""
    x, y = (v.float() for v in pair((4, 1, 28, 28), noise=0.1))
    torch.testing.assert_close(function(x, x, 1.0), torch.ones(4))  # type: ignore[operator]
    flat = torch.full((1, 1, 28, 28), 0.3)
    torch.testing.assert_close(function(flat, flat, 1.0), torch.ones(1))  # type: ignore[operator]
    torch.testing.assert_close(function(x, y, 1.0), function(y, x, 1.0))  # type: ignore[operator]
    assert (function(x, y, 1.0) < 1).all()  # type: ignore[operator]
    assert (function(x, x + 2 * (y - x), 1.0) < function(x, y, 1.0)).all()  # type: ignore[operator]


def test_a_negative_is_unlike() -> None:
    x, _ = pair((4, 1, 28, 28))
    assert (ssim(x, 1 - x, 1.0) < -0.5).all()


def test_a_flat_picture_leaves_the_brightness() -> None:
    x, y = torch.full((1, 1, 16, 16), 0.2).double(), torch.full((1, 1, 16, 16), 0.6).double()
    assert ssim(x, y, 1.0).item() == pytest.approx((2 * 0.12 + 1e-4) / (0.04 + 0.36 + 1e-4))


@pytest.mark.parametrize("size", [(13, 14), (25, 23), (4, 5), (1, 3)], ids=str)
def test_gradients(size: tuple[int, int]) -> None:
    """Of values that never repeat: equal neighbors are a kink of the gradient difference."""
    x, y = torch.rand(2, 2, 2, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for function in (lambda v: ssim(x, v, 1.0), lambda v: ms_ssim(x, v, 1.0), lambda v: gradient_difference(x, v)):
        assert gradcheck(function, y.clone().requires_grad_())


def test_gradients_of_long_sides_are_those_of_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = pair((2, 1, 20, 24))
    found = []
    for longest in (256, 0):
        monkeypatch.setattr("diabolo.maths.similarity.BANDED", longest)
        given = y.clone().requires_grad_()
        value = ssim(x, given, 1.0)
        found.append([value, *torch.autograd.grad(value.sum(), given)])
    torch.testing.assert_close(*found)


def test_the_slope_is_finite_where_ms_ssim_has_no_power() -> None:
    x = (torch.arange(28 * 28) % 2).reshape(1, 1, 28, 28).float()
    given = (1 - x).requires_grad_()
    value = ms_ssim(x, given, 1.0)
    value.sum().backward()
    assert value.item() >= FLOOR
    assert given.grad is not None
    assert given.grad.isfinite().all()


def test_precision() -> None:
    """float32 is near float64, whole numbers do not wrap, and autocast changes nothing."""
    x, y = pair((4, 3, 32, 32), 255.0)
    exact = ssim(x, y, 255.0)
    torch.testing.assert_close(ssim(x.float(), y.float(), 255.0).double(), exact, rtol=0, atol=2e-5)
    whole = x.round().byte(), y.round().byte()
    torch.testing.assert_close(
        ssim(*whole, 255.0).double(), ssim(whole[0].double(), whole[1].double(), 255.0), rtol=0, atol=2e-5
    )
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ssim(x.float(), y.float(), 255.0), ssim(x.float(), y.float(), 255.0))
        inside = ssim(x.float(), y.float(), 255.0)
    assert torch.equal(inside, ssim(x.float(), y.float(), 255.0))


@pytest.mark.parametrize("function", [lambda x, y: ssim(x, y, 1.0), lambda x, y: ms_ssim(x, y, 1.0), gradient_difference])
def test_other_shapes_are_refused(function: object) -> None:
    x = torch.zeros(2, 1, 8, 8)
    for wrong in ((x, x[:1]), (x[0], x[0]), (x[:, :, :0], x[:, :, :0])):
        with pytest.raises(ValueError, match="one shape"):
            function(*wrong)  # type: ignore[operator]


@pytest.mark.parametrize(
    "options", [{"span": 0.0}, {"span": float("nan")}, {"span": 1.0, "window": 10}, {"span": 1.0, "sigma": 0.0}]
)
def test_other_ranges_are_refused(options: dict[str, float]) -> None:
    x = torch.zeros(2, 1, 8, 8)
    with pytest.raises(ValueError, match="odd window"):
        ssim(x, x, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1 to 5 levels"):
        ms_ssim(x, x, 1.0, levels=6)
