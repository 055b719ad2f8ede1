"""``denoise``, ``upscale``, ``impute``, ``unshuffle``: a picture for a picture, and errors that tell what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo import Autoencoder
from diabolo.parts.corruptions import MaskPatches
from diabolo.parts.networks import Conv
from tests.cli.conftest import Run
from tests.helpers import little_images

X = little_images()


def kept(folder: Path, recipe: str, **options: object) -> Path:
    Autoencoder(recipe, latent_dim=4, epochs=1, random_state=0, **options).fit(X).save(folder)  # type: ignore[arg-type]
    return folder


def picture(path: Path, high: int = 8, wide: int = 8, *, alpha: bool = False) -> Path:
    pixels = np.random.default_rng(0).integers(0, 60, (high, wide), dtype=np.uint8)
    image = Image.fromarray(pixels)
    if alpha:
        image.putalpha(Image.fromarray(np.full((high, wide), 77, np.uint8)))
    image.save(path)
    return path


def test_a_picture_without_a_model_is_told_the_two_commands(run: Run, tmp_path: Path) -> None:
    old = picture(tmp_path / "old.jpg")
    said = run("denoise", old)
    assert said.code == 2
    assert "diabolo train FOLDER_OF_PICTURES --recipe denoising" in said.err
    assert f"diabolo denoise denoiser {old} -o mended.jpg" in said.err
    assert run("upscale", old, "-o", "large.png").code == 2


def test_what_is_missing_is_named(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "denoising")
    assert "DATA" in run("denoise", model).err
    assert "-o OUT" in run("denoise", model, picture(tmp_path / "a.png")).err


def test_a_photograph_of_any_size_keeps_its_transparency(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "denoising", network=Conv(code="map", channels=(4,)))
    said = run("denoise", model, picture(tmp_path / "a.png", 21, 34, alpha=True), "-o", "b.png")
    assert said.code == 0, said.err
    with Image.open(tmp_path / "b.png") as image:
        assert (image.size, image.mode) == ((34, 21), "LA")
        assert set(np.asarray(image)[..., 1].ravel()) == {77}


def test_a_folder_gives_a_folder(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "denoising", network=Conv(code="map", channels=(4,)))
    (tmp_path / "in" / "deep").mkdir(parents=True)
    picture(tmp_path / "in" / "a.png", 8, 8)
    picture(tmp_path / "in" / "deep" / "b.bmp", 13, 9)
    said = run("denoise", model, tmp_path / "in", "-o", "out", "--json")
    assert said.json["files"] == 2
    with Image.open(tmp_path / "out" / "deep" / "b.bmp") as image:
        assert image.size == (9, 13)
    assert run("denoise", model, tmp_path / "in", "-o", "out").code == 1  # what is there is not written over


def test_a_model_of_one_size_says_so(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "denoising")
    said = run("denoise", model, picture(tmp_path / "a.png", 20, 20), "-o", "b.png")
    assert said.code == 1
    assert "network.code=map" in said.err
    assert run("denoise", model, picture(tmp_path / "c.png"), "-o", "d.png").code == 0


def test_a_larger_picture(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "upscaling", network=Conv(code="map", channels=(4,)))
    said = run("upscale", model, picture(tmp_path / "a.png", 10, 6), "-o", "b.png")
    assert said.code == 0, said.err
    with Image.open(tmp_path / "b.png") as image:
        assert image.size == (12, 20)


@pytest.mark.parametrize("way", ["hide", "mask", "array"])
def test_hidden_parts_are_filled_in(run: Run, tmp_path: Path, way: str) -> None:
    model = kept(tmp_path / "model", "masked", corruption=MaskPatches(0.5, 2))
    before = picture(tmp_path / "a.png")
    white = np.zeros((8, 8), np.uint8)
    white[2:5, 1:4] = 255
    Image.fromarray(white).save(tmp_path / "mask.png")
    np.save(tmp_path / "mask.npy", white > 0)
    given = {"hide": ("--hide", "2,1,3,3"), "mask": ("--mask", "mask.png"), "array": ("--mask", "mask.npy")}[way]
    said = run("impute", model, before, *given, "-o", "b.png")
    assert said.code == 0, said.err
    with Image.open(before) as image, Image.open(tmp_path / "b.png") as filled:
        old, new = np.asarray(image), np.asarray(filled)
    assert np.array_equal(old[white == 0], new[white == 0])
    assert not np.array_equal(old[white > 0], new[white > 0])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "--hide ROW,COLUMN"),
        (("--hide", "1,2,3"), "four whole numbers"),
        (("--hide", "5,5,9,9"), "does not lie in"),
        (("--mask", "no.npy"), "no.npy"),
    ],
)
def test_masks_that_cannot_be_are_named(run: Run, tmp_path: Path, given: tuple[str, ...], says: str) -> None:
    model = kept(tmp_path / "model", "masked", corruption=MaskPatches(0.5, 2))
    said = run("impute", model, picture(tmp_path / "a.png"), *given, "-o", "b.png")
    assert said.code in (1, 2)
    assert says in said.err


def test_tiles_and_arrays(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "jigsaw")
    np.save(tmp_path / "x.npy", X[:5])
    assert run("unshuffle", model, "x.npy", "-o", "y.npy").code == 0
    made = np.load(tmp_path / "y.npy")
    assert made.shape == (5, 8, 8)
    assert np.array_equal(np.sort(made.ravel()), np.sort(X[:5].ravel()))  # the same tiles
    assert run("unshuffle", model, picture(tmp_path / "a.png", 10, 10), "-o", "b.png").code == 1


def test_a_model_for_something_else_names_the_recipe(run: Run, tmp_path: Path) -> None:
    said = run("upscale", kept(tmp_path / "model", "denoising"), picture(tmp_path / "a.png"), "-o", "b.png")
    assert said.code == 1
    assert "--recipe upscaling" in said.err


def test_training_tells_what_is_simpler_and_the_verb_repeats_it(run: Run, tmp_path: Path, blank_report: None) -> None:
    trained = run("train", "demo:digits", "--recipe", "denoising", "--epochs", "1", "-o", "model")
    assert trained.code == 0, trained.err
    assert "Denoising of" in trained.out
    assert "ridge" in trained.out
    said = run("denoise", "model", "demo:digits", "-o", "out.npy")
    assert "Denoising of" in said.out
    assert run("eval", "model", "demo:digits", "--json").json["mending"]["task"] == "denoise"
    larger = run("train", "demo:digits", "--recipe", "upscaling", "--epochs", "1", "-o", "large")
    assert larger.code == 0, larger.err
    assert "Lanczos" in larger.out or "lanczos" in larger.out
    assert run("eval", "large", "demo:digits", "--json").json["mending"]["task"] == "upscale"
