"""``denoise``, ``upscale``, ``impute``, ``extend``, ``unshuffle``: a picture for a picture, and errors that tell what to do."""

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


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


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


def any_size(folder: Path) -> Path:
    return kept(folder, "masked", corruption=MaskPatches(0.5, 2), network=Conv(code="map", channels=(4,)))


def test_holes_of_pictures_of_any_size_are_filled_in(run: Run, tmp_path: Path) -> None:
    model = any_size(tmp_path / "model")
    for folder in ("in/deep", "masks"):
        (tmp_path / folder).mkdir(parents=True)
    white = np.zeros((21, 34), np.uint8)
    white[5:9, 11:20] = 255
    for name in ("a.png", "deep/b.bmp"):
        picture(tmp_path / "in" / name, 21, 34)
        Image.fromarray(white).save(tmp_path / "masks" / f"{Path(name).stem}.png")
    said = run("impute", model, "in/a.png", "--mask", "masks/a.png", "-o", "b.png")
    assert said.code == 0, said.err
    assert run("impute", model, "in", "--mask", "masks", "-o", "out", "--json").json["files"] == 2
    assert run("impute", model, "in", "--hide", "5,11,4,9", "-o", "other").code == 0
    before = shown(tmp_path / "in" / "a.png")
    for made in ("b.png", "out/a.png", "out/deep/b.bmp", "other/a.png"):
        after = shown(tmp_path / made)
        assert np.array_equal(after[white == 0], before[white == 0])
        assert not np.array_equal(after, before)


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        ("small.png", r"small.png is 8×8, and a.png is 21×34"),
        ("black.png", "hides nothing"),
        ("masks", "Expected a mask called a in masks"),
        ("all.png", "every cell hidden"),
    ],
)
def test_masks_that_do_not_fit_are_named(run: Run, tmp_path: Path, mask: str, says: str) -> None:
    model = any_size(tmp_path / "model")
    picture(tmp_path / "a.png", 21, 34)
    (tmp_path / "masks").mkdir()
    for name, value, shape in (("small", 255, (8, 8)), ("black", 0, (21, 34)), ("all", 255, (21, 34))):
        Image.fromarray(np.full(shape, value, np.uint8)).save(tmp_path / f"{name}.png")
    said = run("impute", model, "a.png", "--mask", mask, "-o", "b.png")
    assert said.code == 1
    assert says in said.err
    assert not (tmp_path / "b.png").exists()


def test_a_filler_of_one_size_says_how_to_train_another(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "masked", corruption=MaskPatches(0.5, 2))
    said = run("impute", model, picture(tmp_path / "a.png", 20, 20), "--hide", "1,1,4,4", "-o", "b.png")
    assert said.code == 1
    assert "network.code=map" in said.err
    assert "--patch 48" in said.err


def test_the_picture_around_a_crop(run: Run, tmp_path: Path) -> None:
    model = any_size(tmp_path / "model")
    crop = picture(tmp_path / "crop.png", 5, 6)
    said = run("extend", model, crop, "--at", "2,1", "-o", "whole.png")
    assert said.code == 0, said.err
    assert np.array_equal(shown(tmp_path / "whole.png")[2:7, 1:7], shown(crop))
    assert run("extend", model, crop, "--at", "2,1", "--size", "20x30", "-o", "large.png").code == 0
    assert shown(tmp_path / "large.png").shape == (20, 30)
    np.save(tmp_path / "crops.npy", X[:3, :4])
    for given, code, says in (
        ((crop, "-o", "b.png"), 2, "--at ROW,COLUMN"),
        ((crop, "--at", "2", "-o", "b.png"), 2, "two whole numbers"),
        ((crop, "--at", "2,-1", "-o", "b.png"), 2, "at least 0"),
        ((crop, "--at", "2,1", "--size", "8", "-o", "b.png"), 2, "HxW"),
        ((crop, "--at", "5,1", "-o", "b.png"), 1, "do not lie in pictures of 8×8"),
        (("crops.npy", "--at", "0,0", "-o", "b.npy"), 1, "ae.extend"),
        ((), 2, "--at ROW,COLUMN -o OUT"),
    ):
        said = run("extend", model, *given)
        assert said.code == code
        assert says in said.err


def test_shuffled_pictures_of_any_size_keep_their_tiles(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "jigsaw")
    before = picture(tmp_path / "a.png", 20, 30, alpha=True)
    said = run("unshuffle", model, before, "-o", "b.png")
    assert said.code == 0, said.err
    old, new = (shown(path) for path in (before, tmp_path / "b.png"))
    assert np.array_equal(np.sort(old[..., 0].ravel()), np.sort(new[..., 0].ravel()))
    said = run("unshuffle", model, picture(tmp_path / "c.png", 21, 30), "-o", "d.png")
    assert said.code == 1
    assert "Crop it to 20×30" in said.err


def test_a_folder_with_a_broken_picture_says_how_far_it_came(run: Run, tmp_path: Path) -> None:
    model = kept(tmp_path / "model", "denoising", network=Conv(code="map", channels=(4,)))
    (tmp_path / "in").mkdir()
    for name in "acd":
        picture(tmp_path / "in" / f"{name}.png", 20, 20)
    (tmp_path / "in" / "b.png").write_bytes((tmp_path / "in" / "a.png").read_bytes()[:120])
    said = run("denoise", model, "in", "-o", "out")
    assert said.code == 1
    assert "b.png" in said.err
    assert "1 of 4 pictures were written to out; 2 remain" in said.err
    assert "--skip-broken" in said.err
    said = run("denoise", model, "in", "-o", "out2", "--skip-broken", "--json")
    assert said.json["files"] == 3
    assert said.json["notes"] == ["broken pictures were left out, 1 in all"]
    Image.fromarray(np.zeros((20, 20, 4), np.uint8)).save(tmp_path / "in" / "b.png")
    color = Autoencoder("denoising", network=Conv(code="map", channels=(4,)), latent_dim=4, epochs=1, random_state=0)
    color.fit(np.stack([X] * 2, axis=3)[..., [0, 1, 1, 1]]).save(tmp_path / "color")
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "in" / "a.png")
    said = run("denoise", "color", "in", "-o", "out3")
    assert said.code == 1
    assert "a.png: Expected a picture of 4 channels" in said.err
    assert "0 of 4 pictures were written" in said.err
    for name in "abcd":
        (tmp_path / "in" / f"{name}.png").write_bytes(b"no picture")
    assert "None of the 4 pictures" in run("denoise", model, "in", "-o", "out4", "--skip-broken").err


def test_pictures_from_another_domain_are_told_when_enlarged(run: Run, tmp_path: Path) -> None:
    network = Conv(code="map", channels=(8,))
    random = np.random.default_rng(0)
    smooth = np.stack([np.add.outer(*random.uniform(0, 8, (2, 16)).cumsum(1)) for _ in range(600)])
    pictures = (255 * smooth / smooth.max((1, 2), keepdims=True)).astype(np.uint8)
    Autoencoder("upscaling", network=network, latent_dim=8, epochs=8, random_state=0).fit(pictures).save(tmp_path / "model")
    Image.fromarray(random.integers(0, 256, (96, 96), dtype=np.uint8)).save(tmp_path / "noise.png")
    small = pictures[:36].reshape(6, 6, 8, 2, 8, 2).mean((3, 5)).round().astype(np.uint8)
    Image.fromarray(small.swapaxes(1, 2).reshape(48, 48)).save(tmp_path / "alike.png")
    assert "unlike what the model was trained on" in run("upscale", "model", "noise.png", "-o", "a.png").err
    assert "Warning" not in run("upscale", "model", "alike.png", "-o", "b.png").err


def noisy_and_clean(place: Path, count: int = 40, side: int = 8) -> None:
    """Two folders: noisy bmp files and clean png files of the same names."""
    random = np.random.default_rng(0)
    for folder in ("noisy", "clean"):
        (place / folder).mkdir()
    for i, image in enumerate(little_images(count, side)):
        Image.fromarray(image).save(place / "clean" / f"{i}.png")
        bad = (image + random.normal(0, 20, image.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(bad).save(place / "noisy" / f"{i}.bmp")


def test_training_on_pairs_of_folders(run: Run, tmp_path: Path) -> None:
    noisy_and_clean(tmp_path)
    said = run("train", "noisy", "--target", "clean", "-r", "denoising", "-k", "4", "-e", "2", "-o", "model", "--json")
    assert said.code == 0, said.err
    assert "Target: images of 8×8" in said.err
    assert said.json["evaluation"]["mending"]["task"] == "denoise"
    assert run("denoise", "model", "noisy", "-o", "out", "--json").json["files"] == 40
    assert run("eval", "model", "noisy", "--target", "clean", "--json").json["rows"] == 40
    again = run("train", "model/run.toml", "-o", "again")
    assert again.code == 0, again.err
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (tmp_path / "model" / "model.safetensors").read_bytes()
    assert run("report", "model", "-o", "r.html").code == 0
    assert "target=" in run("eval", "model", "noisy").err
    (tmp_path / "clean" / "7.png").unlink()
    said = run("train", "noisy", "--target", "clean", "-o", "other")
    assert said.code == 1
    assert "no partner: in noisy/: 7" in said.err
    assert not (tmp_path / "other").exists()
    assert "model folder" in run("train", "noisy", "--target", "model", "-o", "other").err


def test_training_on_patches_of_pairs_and_on_arrays(run: Run, tmp_path: Path, blank_report: None) -> None:
    noisy_and_clean(tmp_path, 6, 40)
    said = run("train", "noisy", "--target", "clean", "-r", "denoising", "--patch", "16", "-e", "1", "-o", "model")
    assert said.code == 0, said.err
    assert run("denoise", "model", "noisy/0.bmp", "-o", "a.png").code == 0  # of any size: 40 × 40
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", X[:, ::-1].copy())
    assert run("train", "x.npy", "--target", "y.npy", "-k", "4", "-e", "1", "-o", "flip").code == 0
    np.save(tmp_path / "y.npy", X[:50])
    said = run("train", "x.npy", "--target", "y.npy", "-k", "4", "-e", "1", "-o", "flop")
    assert said.code == 1
    assert "a row for each row" in said.err


def sensors(path: Path, gaps: bool) -> Path:
    """A table with a name and a label a row; with gaps, every fifth cell of the features is empty."""
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2)) @ random.normal(size=(2, 3)) + 0.05 * random.normal(size=(60, 3))
    lines = ["part,temp,count,press,machine"]
    for i, row in enumerate(x):
        cells = [f"{row[0]:.6f}", str(round(100 * row[1])), f"{row[2]:.6f}"]
        if gaps and i % 2:
            cells[i % 3] = ""
        lines.append(f"n{i}," + ",".join(cells) + (",up" if row[0] > 0 else ",down"))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_empty_cells_of_a_table_are_filled_in(run: Run, tmp_path: Path, blank_report: None) -> None:
    whole, gaps = sensors(tmp_path / "whole.csv", gaps=False), sensors(tmp_path / "gaps.csv", gaps=True)
    apart = ("--label", "machine", "--id", "part")
    assert run("train", whole, "--recipe", "masked", *apart, "-k", "2", "-e", "2", "-o", "model").code == 0
    said = run("impute", "model", gaps, "-o", "full.csv")
    assert said.code == 0, said.err
    assert "30 of 180 cells were filled in" in said.err
    before = [line.split(",") for line in gaps.read_text("utf-8").splitlines()]
    after = [line.split(",") for line in (tmp_path / "full.csv").read_text("utf-8").splitlines()]
    assert before[0] == after[0]
    for old, new in zip(before[1:], after[1:], strict=True):
        assert all(new)
        assert old[0] == new[0]
        assert all(float(a) == float(b) for a, b in zip(old[1:4], new[1:4], strict=True) if a)  # to the last digit
        int(new[2])  # whole numbers stay whole
    assert run("impute", "model", gaps, "-o", "full.npy").code == 0
    assert np.load(tmp_path / "full.npy").shape == (60, 3)
    said = run("impute", "model", whole, "-o", "again.csv")
    assert said.code == 2
    assert "No cell of whole.csv is missing" in said.err
    lines = gaps.read_text("utf-8").splitlines()
    lines[3] = "n2,,,,up"
    gaps.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = run("impute", "model", gaps, "-o", "b.csv")
    assert said.code == 1
    assert "every cell hidden" in said.err


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
