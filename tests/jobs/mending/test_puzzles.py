"""Shuffled pictures of any size put in order by a model of small ones: whole tiles move, no pixel changes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from diabolo.data.photographs import Photograph
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.mending.mend import unshuffle
from diabolo.jobs.mending.one_picture import mend_one
from diabolo.jobs.mending.puzzles import in_places, tile_order, unshuffled
from diabolo.jobs.mending.tasks import UNSHUFFLE
from diabolo.trained import Trained
from tests.helpers import quick

SIDE = 8
HOME = np.array([2, 0, 3, 1])


def scenes(rows: int, high: int = SIDE, wide: int = SIDE, seed: int = 0) -> np.ndarray:
    """Bright above, and brighter still at the left: a slope with a little noise, (rows, high, wide) uint8."""
    down, right = np.linspace(1, 0, high)[:, None], np.linspace(1, 0, wide)
    slope = 160 * down + 70 * right
    return (slope + np.random.default_rng(seed).normal(0, 4, (rows, high, wide)) + 12).clip(0, 255).astype(np.uint8)


def shuffled(picture: np.ndarray) -> np.ndarray:
    return in_places(picture, np.argsort(HOME), 2)


@pytest.fixture(scope="module")
def solver() -> Trained:
    return quick(scenes(200), "jigsaw", epochs=20, latent_dim=4)


@pytest.mark.parametrize("size", [(8, 8), (64, 90), (6, 4), (250, 130)])
def test_pictures_of_any_size_are_put_in_order(solver: Trained, size: tuple[int, int]) -> None:
    picture = scenes(1, *size, seed=1)[0]
    mixed = shuffled(picture)
    assert not np.array_equal(mixed, picture)
    assert np.array_equal(mend_one(solver, UNSHUFFLE, mixed), picture)
    assert tile_order(solver, mixed).tolist() == HOME.tolist()


def test_colors_16_bits_and_alpha_move_with_their_tiles(solver: Trained) -> None:
    gray = scenes(1, 40, 60, seed=1)[0]
    deep = np.stack([gray] * 3, axis=2).astype(np.uint16) * 257
    alpha = np.arange(2400, dtype=np.uint16).reshape(40, 60)
    found = unshuffled(solver, Photograph(shuffled(deep), shuffled(alpha), icc=b"profile"))
    assert np.array_equal(found.pixels, deep)
    assert found.alpha is not None
    assert np.array_equal(found.alpha, alpha)
    assert found.icc == b"profile"


def test_rows_of_the_models_own_size_are_ordered_alike(solver: Trained) -> None:
    mixed = np.stack([shuffled(x) for x in scenes(20, seed=2)])
    rows = unshuffle(solver, mixed)
    assert rows.order is not None
    for picture, order in zip(mixed, rows.order, strict=True):
        assert tile_order(solver, picture).tolist() == order.tolist()


def test_tiles_are_scaled_as_pillow_does(solver: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tile by itself, bicubic with the filter widened: Pillow's is the reference."""
    from diabolo.jobs.mending import puzzles

    seen = []
    monkeypatch.setattr(puzzles, "restore_any_size", lambda trained, x, condition: seen.append(x) or x)
    picture = np.random.default_rng(0).integers(0, 256, (40, 56), dtype=np.uint8)
    tile_order(solver, picture)
    tile = Image.fromarray(picture[:20, :28].astype(np.float32)).resize((4, 4), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(seen[0][0, 0, :4, :4] * 255, np.asarray(tile), atol=0.05)


def test_models_of_colors_look_at_grays() -> None:
    color = quick(np.stack([scenes(120)] * 3, axis=3), "jigsaw", epochs=12, latent_dim=4)
    picture = scenes(1, 32, 32, seed=1)[0]
    assert np.array_equal(mend_one(color, UNSHUFFLE, shuffled(picture)), picture)
    with pytest.raises(DataError, match="3 channels"):
        mend_one(color, UNSHUFFLE, np.zeros((8, 8, 2), np.uint8))


def test_what_cannot_be_cut_or_solved(solver: Trained) -> None:
    with pytest.raises(DataError, match=r"2×2 tiles.*41×60 cannot.*Crop it to 40×60"):
        mend_one(solver, UNSHUFFLE, np.zeros((41, 60), np.uint8))
    with pytest.raises(DataError, match="NaN"):
        mend_one(solver, UNSHUFFLE, np.full((8, 8), np.nan))
    with pytest.raises(UnsupportedError, match="--recipe jigsaw"):
        mend_one(quick(scenes(60), "denoising", epochs=1), UNSHUFFLE, scenes(1)[0])
