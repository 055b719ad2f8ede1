"""Red where the heat is above what is usual, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.figures.heat import overlays


def test_red_only_where_unlike() -> None:
    x, heat = np.full((1, 1, 8, 8), 0.5), np.zeros((1, 8, 8))
    heat[0, 2, 3], heat[0, 5, 5] = 100.0, 2.5
    (drawn,) = overlays(x, heat, usual=1.0)
    assert (drawn.shape, drawn.dtype) == ((224, 224, 3), np.uint8)
    small = drawn[::28, ::28].astype(int)
    assert small[0, 0].tolist() == [128, 128, 128]
    red, half = (small[place][0] - small[place][1] for place in ((2, 3), (5, 5)))
    assert red > 120 > half > 40
    np.testing.assert_array_equal(np.kron(small, np.ones((28, 28, 1), dtype=int)), drawn)


def test_color_pictures_and_large_ones_keep_what_they_are() -> None:
    x = np.random.default_rng(0).integers(0, 256, size=(2, 300, 230, 3))
    drawn = overlays(x, np.zeros((2, 300, 230)), 1.0, value_range=(0, 255))
    np.testing.assert_array_equal(np.stack(drawn), x)


def test_a_heat_of_another_size_is_refused() -> None:
    with pytest.raises(DataError, match="a heat for each pixel"):
        overlays(np.zeros((1, 8, 8)), np.zeros((1, 4, 4)), 1.0)


def test_pictures_stay_as_small_as_asked() -> None:
    assert overlays(np.zeros((1, 8, 9)), np.zeros((1, 8, 9)), 1.0, least_side=1)[0].shape == (8, 9, 3)
    assert overlays(np.zeros((1, 8, 9)), np.zeros((1, 8, 9)), 1.0, least_side=20)[0].shape == (24, 27, 3)
