"""One picture in the place of rows: holes are filled in, crops extended, tiles put in order, at the picture's own size."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo import Autoencoder
from diabolo.data import read
from diabolo.data.photographs import Photograph
from diabolo.errors import DataError, UnfamiliarWarning, UnsupportedError
from diabolo.jobs.mending.mend import impute
from diabolo.jobs.mending.one_picture import extend_one, extended, is_one, mend_one, mended_photograph
from diabolo.jobs.mending.tasks import IMPUTE, UNSHUFFLE
from diabolo.jobs.train import Options, train
from diabolo.parts.corruptions import MaskPatches
from diabolo.parts.networks import Conv
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

SIDE = 16
MIDDLE = 0.5


def noise(*shape: int, seed: int = 0, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def filler(data: np.ndarray) -> Trained:
    corruption = MaskPatches(0.5, 4, value=MIDDLE)
    return quick(data, "masked", network=Conv(code="map", channels=(6, 8)), corruption=corruption, latent_dim=4, epochs=1)


@pytest.fixture(scope="module")
def gray() -> Trained:
    return filler(noise(60, SIDE, SIDE))


@pytest.fixture(scope="module")
def color() -> Trained:
    return filler(noise(60, SIDE, SIDE, 3))


def hole(high: int, wide: int) -> np.ndarray:
    hidden = np.zeros((high, wide), bool)
    hidden[5:12, 9:20] = True
    return hidden


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_only_what_is_hidden_changes(color: Trained, dtype: str) -> None:
    picture, hidden = noise(37, 53, 3, dtype=dtype), hole(37, 53)
    found = mend_one(color, IMPUTE, picture, hidden=hidden)
    assert (found.shape, found.dtype) == (picture.shape, picture.dtype)
    assert np.array_equal(found[~hidden], picture[~hidden])
    assert not np.array_equal(found[hidden], picture[hidden])
    other = picture.copy()
    other[hidden] = 0  # what stands there is not looked at
    assert np.array_equal(mend_one(color, IMPUTE, other, hidden=hidden)[hidden], found[hidden])


def test_what_is_filled_in_is_what_the_network_says_of_the_whole_picture(gray: Trained) -> None:
    """By the network itself, with the fill value of training in the hole; sides that the stride divides need no padding."""
    picture, hidden = noise(40, 64), hole(40, 64)
    x = torch.from_numpy(np.where(hidden, MIDDLE, picture / 255)).float()[None, None]
    with torch.inference_mode():
        expected = gray.model.restore(x, None).mean[0, 0].clamp(0, 1).numpy() * 255
    found = mend_one(gray, IMPUTE, picture, hidden=hidden)
    np.testing.assert_allclose(found[hidden], expected[hidden], atol=0.51)


def test_rows_of_the_models_own_size_give_the_same(gray: Trained) -> None:
    picture, hidden = noise(SIDE, SIDE, seed=3), np.zeros((SIDE, SIDE), bool)
    hidden[2:9, 4:10] = True
    row = impute(gray, picture[None], hidden).restored[0]
    assert np.abs(mend_one(gray, IMPUTE, picture, hidden=hidden).astype(int) - row).max() <= 1


def test_nan_marks_what_is_missing() -> None:
    trained = filler((noise(60, SIDE, SIDE) / 255).astype(np.float32))
    picture, hidden = (noise(24, 30) / 255).astype(np.float32), hole(24, 30)
    marked = np.where(hidden, np.nan, picture).astype(np.float32)
    found = mend_one(trained, IMPUTE, marked)
    assert np.array_equal(found, mend_one(trained, IMPUTE, picture, hidden=hidden))
    assert np.isfinite(found).all()
    assert np.array_equal(found[~hidden], picture[~hidden])


def test_colors_and_grays_go_through_models_of_the_other(gray: Trained, color: Trained) -> None:
    hidden = hole(30, 33)
    picture = noise(30, 33, 3)
    found = mend_one(gray, IMPUTE, picture, hidden=hidden)
    assert np.array_equal(found[..., 1], mend_one(gray, IMPUTE, np.ascontiguousarray(picture[..., 1]), hidden=hidden))
    flat = mend_one(color, IMPUTE, picture[..., 0], hidden=hidden)
    assert np.array_equal(flat[~hidden], picture[..., 0][~hidden])
    one_channel = np.zeros(picture.shape, bool)
    one_channel[hidden, 2] = True
    found = mend_one(color, IMPUTE, picture, hidden=one_channel)
    assert np.array_equal(found[~one_channel], picture[~one_channel])


def test_masks_that_cannot_be(gray: Trained) -> None:
    picture = noise(30, 33)
    with pytest.raises(DataError, match=r"own size, 30×33; the mask is 8×8"):
        mend_one(gray, IMPUTE, picture, hidden=np.ones((8, 8)))
    with pytest.raises(DataError, match="Nothing is hidden"):
        mend_one(gray, IMPUTE, picture, hidden=np.zeros((30, 33)))
    with pytest.raises(DataError, match="every cell hidden"):
        mend_one(gray, IMPUTE, picture, hidden=np.ones((30, 33)))
    with pytest.raises(DataError, match="Say which pixels"):
        mend_one(gray, IMPUTE, picture)


def test_models_that_cannot_say_why(gray: Trained) -> None:
    whole = quick(noise(40, 8, 8), "masked", epochs=1)
    with pytest.raises(UnsupportedError, match=r"code is a vector.*network\.code=map"):
        mend_one(whole, IMPUTE, noise(20, 20), hidden=hole(20, 20))
    with pytest.raises(UnsupportedError, match="--recipe masked"):
        mend_one(quick(noise(40, 8, 8), "denoising", epochs=1), IMPUTE, noise(8, 8), hidden=np.eye(8))


def test_what_lies_farther_than_the_model_looks_is_told(gray: Trained) -> None:
    picture = Photograph(noise(90, 90))
    hidden = np.zeros((90, 90), bool)
    hidden[10:14, 10:14] = True
    assert mended_photograph(gray, IMPUTE, picture, hidden=hidden).notes == ()
    hidden[5:85, 5:85] = True
    assert "blindly" in mended_photograph(gray, IMPUTE, picture, hidden=hidden).notes[0]


def test_what_is_smaller_than_the_model_looks_is_told(color: Trained) -> None:
    denoiser = quick(noise(60, SIDE, SIDE), "denoising", network=Conv(code="map", channels=(6, 8)), latent_dim=4, epochs=1)
    assert mended_photograph(denoiser, "denoise", Photograph(noise(SIDE, 40))).notes == ()
    assert "is smaller than" in mended_photograph(denoiser, "denoise", Photograph(noise(7, 40))).notes[0]


def test_the_picture_around_a_crop(color: Trained) -> None:
    crop = noise(20, 22, 3)
    whole = extend_one(color, crop, (3, 5), (40, 48))
    assert whole.shape == (40, 48, 3)
    assert np.array_equal(whole[3:23, 5:27], crop)
    assert extend_one(color, crop[:9, :9], (0, 0)).shape == (SIDE, SIDE, 3)
    alpha = np.full((20, 22), 7, np.uint8)
    found = extended(color, Photograph(crop, alpha), (3, 5), (40, 48))
    assert found.alpha is not None
    assert set(found.alpha[3:23, 5:27].ravel()) == {7}
    assert found.alpha[0, 0] == found.alpha[-1, -1] == 255
    for at, size, says in (((30, 0), (40, 48), "do not lie"), ((-1, 0), (40, 48), "at must be"), ((0, 0), (40, 0), "size")):
        with pytest.raises(DataError, match=says):
            extend_one(color, crop, at, size)
    with pytest.raises(DataError, match="Nothing is hidden"):
        extend_one(color, crop, (0, 0), (20, 22))


def test_one_picture_is_told_from_rows(gray: Trained, color: Trained, tmp_path: Path) -> None:
    Image.fromarray(noise(9, 9)).save(tmp_path / "a.png")
    (tmp_path / "b.png").mkdir()
    ones = ((gray, noise(30, 31)), (gray, noise(30, 31, 3)), (color, noise(30, 31, 3)), (color, tmp_path / "a.png"))
    rows = ((gray, noise(3, SIDE, SIDE)), (color, noise(2, SIDE, SIDE, 3)), (color, "mnist"), (color, tmp_path / "b.png"))
    assert all(is_one(trained.kind, data) for trained, data in ones)
    assert not any(is_one(trained.kind, data) for trained, data in rows)
    assert not is_one(quick(low_rank(), epochs=1).kind, low_rank())


def test_the_estimator_takes_one_picture_or_rows(tmp_path: Path) -> None:
    squares = noise(60, SIDE, SIDE)
    parts = {"network": Conv(code="map", channels=(6, 8)), "corruption": MaskPatches(0.5, 4), "latent_dim": 4}
    ae = Autoencoder("masked", epochs=1, random_state=0, **parts).fit(squares)
    picture, hidden = noise(30, 41), hole(30, 41)
    Image.fromarray(picture).save(tmp_path / "a.png")
    found = ae.impute(picture, hidden)
    assert np.array_equal(found, ae.impute(tmp_path / "a.png", hidden))
    assert np.array_equal(found[~hidden], picture[~hidden])
    assert ae.impute(squares[:3], np.eye(SIDE, dtype=bool)).shape == (3, SIDE, SIDE)
    crops = squares[:4, 3:12, 2:12]
    assert ae.extend(crops, (3, 2)).shape == (4, SIDE, SIDE)
    larger = ae.extend(crops, (3, 2), size=(20, 24))
    assert larger.shape == (4, 20, 24)
    assert np.array_equal(larger[:, 3:12, 2:12], crops)
    assert np.array_equal(ae.extend(crops[1], (3, 2), size=(20, 24)), larger[1])


def test_puzzles_from_another_domain_are_told() -> None:
    own = little_images(800)
    jigsaw = quick(own, "jigsaw", latent_dim=8, epochs=30)
    static = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    with pytest.warns(UnfamiliarWarning, match="unlike what the model was trained on"):
        mend_one(jigsaw, UNSHUFFLE, static)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mend_one(jigsaw, UNSHUFFLE, own[0])


def test_a_large_crop_from_another_domain_is_told(tmp_path: Path) -> None:
    for i in range(12):
        Image.fromarray(np.kron(little_images(1, side=48, seed=i)[0] // 2, np.ones((2, 2), np.uint8))).save(
            tmp_path / f"{i}.png"
        )
    reading = read(tmp_path, patch=8)
    trained = train(reading, Options("masked", size="s", epochs=8, seed=0))
    static = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    with pytest.warns(UnfamiliarWarning, match="unlike what the model was trained on"):
        extend_one(trained, static, (4, 4), (40, 40))
