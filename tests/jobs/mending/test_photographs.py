"""Photographs through a model: any size, and size, channels, bits and alpha come back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo import Autoencoder
from diabolo.data import read
from diabolo.data.photographs import Photograph, read_photograph, write_photograph
from diabolo.errors import DataError, UnfamiliarWarning, UnsupportedError
from diabolo.jobs.codes.reconstruct import reconstruct
from diabolo.jobs.mending.photographs import mend_photograph, mended, unfamiliar_photograph
from diabolo.jobs.mending.tiles import restore_any_size
from diabolo.jobs.train import Options, train
from diabolo.parts.corruptions import GaussianNoise
from diabolo.parts.networks import Conv
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

SIDE = 16


def noise(*shape: int, seed: int = 0, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def small(data: np.ndarray, **options: object) -> Trained:
    return quick(data, network=Conv(code="map", channels=(6, 8)), latent_dim=4, epochs=1, **options)


@pytest.fixture(scope="module")
def color() -> Trained:
    return small(noise(60, SIDE, SIDE, 3))


@pytest.fixture(scope="module")
def gray() -> Trained:
    return small(noise(60, SIDE, SIDE))


@pytest.fixture(scope="module")
def larger() -> Trained:
    return small(noise(60, SIDE, SIDE, 3), target=noise(60, 2 * SIDE, 2 * SIDE, 3, seed=1))


def test_the_estimator_takes_arrays_and_files(tmp_path: Path) -> None:

    rng = np.random.default_rng(0)
    squares = rng.integers(0, 255, (60, 16, 16), dtype=np.uint8)
    ae = Autoencoder("denoising", network=Conv(code="map"), latent_dim=4, epochs=1, random_state=0).fit(squares)
    photo = rng.integers(0, 255, (37, 50), dtype=np.uint8)
    Image.fromarray(photo).save(tmp_path / "a.png")
    made = ae.mend_photograph(photo)
    assert made.shape == photo.shape
    assert np.array_equal(made, ae.mend_photograph(tmp_path / "a.png"))


def test_pictures_of_the_training_size_are_reconstructed(color: Trained, gray: Trained) -> None:
    for trained, shape in ((color, (3, SIDE, SIDE, 3)), (gray, (3, SIDE, SIDE))):
        pictures = noise(*shape, seed=2)
        expected = reconstruct(trained, pictures)
        for picture, row in zip(pictures, expected, strict=True):
            found = mend_photograph(trained, picture)
            assert found.dtype == row.dtype
            assert np.abs(found.astype(int) - row).max() <= 1  # what lies between two values may be rounded either way


def test_a_picture_of_any_size_is_what_tiles_give(color: Trained) -> None:
    picture = noise(37, 53, 3)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    expected = restore_any_size(color, x)[0].permute(1, 2, 0) * 255
    found = mend_photograph(color, picture)
    assert found.shape == picture.shape
    np.testing.assert_allclose(found, expected, atol=0.51)


def test_the_range_is_the_dtypes(color: Trained) -> None:
    """The same picture in three dtypes is the same to the model, and comes back in each."""
    picture = noise(21, 18, 3)
    found = mend_photograph(color, picture)
    deep = mend_photograph(color, picture.astype(np.uint16) * 257)
    light = mend_photograph(color, (picture / 255).astype(np.float32))
    assert (deep.dtype, light.dtype) == (np.uint16, np.float32)
    np.testing.assert_allclose(deep / 257, found, atol=0.51)
    np.testing.assert_allclose(light * 255, found, atol=0.51)
    assert len(np.unique(deep)) > 2 * len(np.unique(found))  # truly more than 8 bits


def test_models_of_floats_have_their_own_range() -> None:
    trained = small(noise(60, SIDE, SIDE).astype(np.float32) / 127.5 - 1)
    picture = noise(20, 20)
    found = mend_photograph(trained, picture)
    own = mend_photograph(trained, picture / 127.5 - 1)
    assert own.dtype == np.float64
    np.testing.assert_allclose((own + 1) * 127.5, found, atol=0.51)


def test_a_gray_model_mends_each_color_by_itself(gray: Trained) -> None:
    picture = noise(19, 22, 3)
    found = mend_photograph(gray, picture)
    for c in range(3):
        np.testing.assert_array_equal(found[..., c], mend_photograph(gray, picture[..., c]))
    notes = mended(gray, Photograph(picture)).notes
    assert notes == ("the model was trained on gray pictures: each color was mended by itself",)


def test_a_color_model_sees_gray_as_three_equal_channels(color: Trained) -> None:
    picture = noise(19, 22).astype(np.float64) / 255
    found = mend_photograph(color, picture)
    colored = mend_photograph(color, np.stack([picture] * 3, axis=2))
    assert found.shape == picture.shape
    np.testing.assert_allclose(found, colored.mean(axis=2), atol=1e-6)
    assert "three equal ones" in mended(color, Photograph(noise(9, 9))).notes[0]


def test_models_that_enlarge_give_the_larger_picture(larger: Trained) -> None:
    assert mend_photograph(larger, noise(13, 30, 3)).shape == (26, 60, 3)
    step = np.zeros((13, 30), np.uint8)
    step[:, 15:] = 255
    found = mended(larger, Photograph(noise(13, 30, 3), step))
    assert found.alpha is not None
    assert found.alpha.shape == (26, 60)
    assert (found.alpha[:, :26] == 0).all()
    assert (found.alpha[:, 34:] == 255).all()


def test_alpha_is_left_as_it_is(color: Trained) -> None:
    alpha = noise(11, 12, dtype="uint16")
    found = mended(color, Photograph(noise(11, 12, 3, dtype="uint16"), alpha, icc=b"profile"))
    assert found.alpha is alpha
    assert found.icc == b"profile"
    clear = small(noise(60, SIDE, SIDE, 4))
    picture = noise(11, 12, 3)
    assert mended(clear, Photograph(picture)).pixels.shape == (11, 12, 3)
    whole = mended(clear, Photograph(picture, np.full((11, 12), 255, np.uint8)))
    np.testing.assert_array_equal(whole.pixels, mended(clear, Photograph(picture)).pixels)


def test_conditional_models_are_told_the_label() -> None:
    trained = quick(noise(60, SIDE, SIDE), "cvae", y=np.arange(60) % 2, network=Conv(code="map", channels=(4,)), epochs=1)
    picture = noise(20, 24)
    assert (mend_photograph(trained, picture, y=0) != mend_photograph(trained, picture, y=1)).any()
    assert mend_photograph(trained, noise(20, 24, 3), y=1).shape == (20, 24, 3)
    with pytest.raises(DataError, match="labels"):
        mend_photograph(trained, picture)


def test_wrong_pictures(color: Trained, larger: Trained) -> None:
    with pytest.raises(DataError, match=r"picture of 3 channels, .* got one of 4"):
        mend_photograph(color, noise(9, 9, 4))
    with pytest.raises(DataError, match="one picture at a time"):
        mend_photograph(color, noise(2, 9, 9, 3))
    with pytest.raises(DataError, match="at least one pixel"):
        mend_photograph(color, noise(0, 9, 3))
    with pytest.raises(DataError, match="got int64"):
        mend_photograph(color, noise(9, 9, 3).astype(np.int64))
    with pytest.raises(DataError, match="another scale"):
        mend_photograph(color, noise(9, 9, 3).astype(np.float32))
    with pytest.raises(DataError, match="NaN"):
        mend_photograph(color, np.full((9, 9, 3), np.nan))


def test_models_that_cannot() -> None:
    with pytest.raises(UnsupportedError, match="trained on a table"):
        mend_photograph(quick(low_rank(), epochs=1), noise(9, 9))
    with pytest.raises(UnsupportedError, match=r"code is a vector.*network\.code=map"):
        mend_photograph(quick(noise(40, 8, 8), epochs=1), noise(9, 9))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_file_becomes_a_file_of_the_same_form(color: Trained, tmp_path: Path, dtype: str) -> None:
    given = Photograph(noise(20, 31, 3, dtype=dtype), noise(20, 31, seed=1, dtype=dtype))
    write_photograph(given, tmp_path / "old.png")
    done = mended(color, read_photograph(tmp_path / "old.png"))
    assert write_photograph(done, tmp_path / "clean.png") == ()
    clean = read_photograph(tmp_path / "clean.png")
    np.testing.assert_array_equal(clean.pixels, mend_photograph(color, given.pixels))
    np.testing.assert_array_equal(clean.alpha, given.alpha)
    assert clean.pixels.dtype == dtype
    assert any("laid on white" in note for note in write_photograph(done, tmp_path / "clean.jpg"))


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((a / 255 - b / 255) ** 2)))


@pytest.mark.skipif("DIABOLO_DATA" not in os.environ, reason="real photographs are where DIABOLO_DATA says")
def test_real_photographs(tmp_path: Path) -> None:
    """Learned on squares of two photographs, a whole third one becomes cleaner, and tiles leave no seams."""
    folder = Path(os.environ["DIABOLO_DATA"], "images", "kodak")
    if not folder.is_dir():
        pytest.skip("no photographs there")
    for name in ("kodim01.png", "kodim05.png"):
        with Image.open(folder / name) as image:
            image.save(tmp_path / name)
    reading = read(tmp_path, patch=32)
    assert len(reading.source) == 2 * (512 // 32) * (768 // 32)
    options = Options("denoising", size="s", epochs=6, batch_size=16, corruption=GaussianNoise(std=25 / 255))
    trained = train(reading, options)
    photograph = read_photograph(folder / "kodim23.png")
    clean = photograph.pixels
    bad = clean + np.random.default_rng(0).normal(0, 25, clean.shape)
    noisy = Photograph(bad.clip(0, 255).round().astype(np.uint8))
    better = mended(trained, noisy)
    assert better.pixels.shape == clean.shape
    assert psnr(better.pixels, clean) > psnr(noisy.pixels, clean) + 7
    x = torch.from_numpy(noisy.pixels).permute(2, 0, 1)[None] / 255
    whole = restore_any_size(trained, x, side=10**6)
    torch.testing.assert_close(restore_any_size(trained, x, side=64), whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_unfamiliar_does_not_depend_on_a_pictures_numbers(channels: int) -> None:
    """A model of floats, or of colors, warns of a gray 8-bit picture of noise as well, and of none like its own."""
    own = little_images(800) / 255
    own = own if channels == 1 else np.repeat(own[..., None], 3, axis=3)
    trained = quick(own.astype(np.float32), latent_dim=4, epochs=20)
    random = np.random.default_rng(0)
    static = Photograph(random.integers(0, 256, (64, 64), dtype=np.uint8))
    like = Photograph(np.concatenate([np.concatenate(list(little_images(8, seed=i)), 1) for i in range(1, 9)]))
    assert unfamiliar_photograph(trained, static) is not None
    assert unfamiliar_photograph(trained, like) is None


def test_a_folder_gives_a_list_and_a_small_picture_a_warning(tmp_path: Path) -> None:
    for i, size in enumerate([(40, 52), (33, 48), (64, 32)]):
        Image.fromarray(noise(*size, seed=i)).save(tmp_path / f"{i}.png")
    ae = Autoencoder("denoising", size="s", epochs=1, patch=16, random_state=0).fit(tmp_path)
    found = ae.denoise(tmp_path)
    assert [picture.shape for picture in found] == [(40, 52), (33, 48), (64, 32)]
    np.testing.assert_array_equal(found[1], ae.denoise(tmp_path / "1.png"))
    with pytest.warns(UnfamiliarWarning, match=r"^A picture of 5×7 is smaller than"):
        ae.denoise(noise(5, 7))
