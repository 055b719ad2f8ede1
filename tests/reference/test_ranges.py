"""What follows a last layer: bounded and positive numbers against their formulas."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.maths.ranges import bounded, positive, unbounded

RAW = torch.linspace(-6, 6, 25)


def test_bounded_is_the_function_people_expect() -> None:
    assert bounded(RAW, None) is RAW
    assert torch.equal(bounded(RAW, (0.0, 1.0)), torch.sigmoid(RAW))
    assert torch.equal(bounded(RAW, (-1.0, 1.0)), torch.tanh(RAW))
    torch.testing.assert_close(bounded(RAW, (-2.0, 3.0)), 5 * torch.sigmoid(RAW) - 2)


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_bounded_never_leaves_the_bounds(low: float, width: float, raw: float) -> None:
    low, high = torch.tensor([low, low + width]).tolist()
    assert low <= bounded(torch.tensor(raw), (low, high)).item() <= high or low == high


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (0.0, math.inf), (math.nan, 1.0), (2.0, 2.0)])
def test_bounds_that_are_none(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="two finite bounds"):
        bounded(RAW, bounds)


@pytest.mark.parametrize(("start", "floor"), [(1.0, 0.0), (1.0, 1e-4), (0.05, 1e-3), (30.0, 0.5), (1e-5, 0.0)])
def test_positive_starts_at_start_and_stays_above_the_floor(start: float, floor: float) -> None:
    raw = torch.tensor([-1e4, -5.0, 0.0, 5.0, 1e4], requires_grad=True)
    values = positive(raw, start, floor)
    assert values[2].item() == pytest.approx(start, rel=1e-6)
    assert (values.diff() > 0).all()
    assert values.min().item() >= floor - 1e-9
    assert values[-1] ** 2 < math.inf
    (gradient,) = torch.autograd.grad(values.sum(), raw)
    assert (gradient[1:] > 0).all()


@pytest.mark.parametrize(("start", "floor"), [(0.1, 0.1), (0.1, 0.2), (1.0, -0.1)])
def test_a_floor_is_below_the_start(start: float, floor: float) -> None:
    with pytest.raises(ValueError, match="floor < start"):
        positive(RAW, start, floor)


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0), (-1.0, 1.0), (0.0, 10.0)])
def test_unbounded_is_the_inverse_of_bounded(bounds: tuple[float, float] | None) -> None:
    raw = torch.linspace(-2.5, 2.5, 21)
    torch.testing.assert_close(unbounded(bounded(raw, bounds), bounds), raw, atol=1e-4, rtol=1e-4)
