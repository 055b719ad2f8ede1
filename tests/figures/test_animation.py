"""Moving pictures: as many frames as pictures, over and over, with the pixels that were given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from diabolo.errors import DataError, ParameterError
from diabolo.figures.animation import animation

SHADES = np.linspace(0, 1, 7)[:, None, None] * np.ones((1, 8, 6))


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_frames_loop_and_duration(form: str) -> None:
    with Image.open(io.BytesIO(animation(SHADES, form, seconds=0.2))) as file:
        assert (file.format, file.n_frames, file.info["loop"], file.size) == (form.upper(), 7, 0, (6 * 38, 8 * 38))
        for i, shade in enumerate(SHADES[:, 0, 0]):
            file.seek(i)
            file.load()
            assert file.info["duration"] == 200
            pixels = np.asarray(file.convert("L"))
            np.testing.assert_array_equal(pixels, np.full_like(pixels, round(255 * shade)))


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_colors_and_glass(form: str) -> None:
    x = np.zeros((2, 4, 300, 300))
    x[0, 0], x[1, 1] = 1, 1  # red, then green
    x[:, 3] = 1
    x[:, 3, :150] = 0  # clear above
    with Image.open(io.BytesIO(animation(2 * x - 1, form, value_range=(-1, 1)))) as file:
        assert file.size == (300, 300)
        assert file.convert("RGBA").getpixel((10, 200)) == (255, 0, 0, 255)
        above = file.convert("RGBA").getpixel((10, 10))
        assert above == (255, 255, 255, 255) if form == "gif" else above[3] == 0  # type: ignore[index]
        file.seek(1)
        assert file.convert("RGBA").getpixel((10, 200)) == (0, 255, 0, 255)


def test_what_does_not_move() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'gif'"):
        animation(SHADES, "giff")
    with pytest.raises(DataError, match="at least 2"):
        animation(SHADES[:1], "gif")
    with pytest.raises(ParameterError, match="seconds"):
        animation(SHADES, "gif", seconds=0)
