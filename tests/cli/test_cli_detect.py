"""``diabolo detect``, and the note that data come from another domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from diabolo import store
from diabolo.cli import main
from diabolo.jobs.anomalies.detect import detect
from tests.cli.conftest import Run


def bars(n: int, seed: int) -> np.ndarray:
    """Bright bars on dark ground, (n, 8, 8) uint8."""
    random = np.random.default_rng(seed)
    images = np.zeros((n, 8, 8), dtype=np.uint8)
    for image, top in zip(images, random.integers(0, 7, n), strict=True):
        image[top : top + 2] = random.integers(150, 255)
    return images


def write(images: np.ndarray, folder: Path) -> None:
    folder.mkdir(parents=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i}.png")


@pytest.fixture(scope="module")
def bars_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bars")
    np.save(place / "bars.npy", bars(600, 0))
    folder = place / "model"
    words = ["train", str(place / "bars.npy"), "-r", "denoising", "-n", "mlp", "-k", "4", "-e", "25", "-o", str(folder)]
    assert main(words) == 0
    return folder


@pytest.fixture
def parts() -> None:
    """Pictures by label, the broken ones with a spot; needs ``run``, which makes the folder empty."""
    write(bars(20, 1), Path("parts/good"))
    broken = bars(10, 2)
    for i, image in enumerate(broken):
        image[:, i % 7 : i % 7 + 2] = 255
    write(broken, Path("parts/broken"))


def test_scores_pictures_and_aucs(run: Run, parts: None, bars_model: Path) -> None:
    ran = run("detect", bars_model, "parts", "--normal", "good", "--heatmap", "out", "-o", "scores.csv")
    assert ran.code == 0
    words = ("of 30 rows stand out", "false alarms", "The strangest", "broken/", "this model", "what PCA does not restore")
    assert [w for w in words if w not in ran.out] == []
    frame = pl.read_csv("scores.csv")
    assert frame.columns == ["id", "label", "score", "p_value", "is_outlier", "code_neighbors", "pca"]
    found = detect(store.load(bars_model), store.load(bars_model).kind.read("parts"))
    np.testing.assert_allclose(frame["score"].to_numpy(), found.scores, rtol=1e-6)
    assert frame.filter(pl.col("label") == "broken")["is_outlier"].mean() > 0.8
    assert sum(1 for _ in Path("out").rglob("*.png")) == 30
    with Image.open("out/broken/0.png") as picture, Image.open("out/good/0.png") as other:
        reds = [
            int((np.asarray(p).astype(int)[..., 0] - np.asarray(p).astype(int)[..., 1] > 40).sum()) for p in (picture, other)
        ]
        assert picture.size == (224, 224)
    assert reds[0] > 5 * reds[1]


def test_as_json_beside_pixel_neighbors(run: Run, parts: None, bars_model: Path) -> None:
    np.save("normal.npy", bars(600, 0))
    words = ("--normal", "good", "--reference", "normal.npy", "--quantile", "0.9", "--json")
    found = run("detect", bars_model, "parts", *words).json
    assert sorted(found["auc"]) == ["code neighbors", "model", "pca", "pixel neighbors"]
    assert found["auc"]["model"] > 0.9
    assert len(found["scores"]) == 30
    assert found["false_alarms"] == pytest.approx(0.1, abs=0.02)


def test_a_table_has_scores_and_no_pictures(run: Run, table: Path, table_model: Path) -> None:
    ran = run("detect", table_model, table, "-o", "scores.parquet")
    assert ran.code == 0
    assert pl.read_parquet("scores.parquet").columns[:2] == ["part", "machine"]
    refused = run("detect", table_model, table, "--heatmap", "out")
    assert (refused.code, "takes tables" in refused.err, Path("out").exists()) == (2, True, False)


def test_what_cannot_be(run: Run, parts: None, bars_model: Path) -> None:
    ran = run("detect", bars_model, "parts", "--normal", "god")
    assert (ran.code, "Labels: broken, good" in ran.err) == (1, True)
    np.save("few.npy", bars(5, 3))
    assert "--label" in run("detect", bars_model, "few.npy", "--normal", "good").err
    assert run("detect", bars_model, "few.npy", "--quantile", "2").code == 2
    assert "not empty" in run("detect", bars_model, "few.npy", "--heatmap", "parts").err


def test_another_domain_is_told_by_every_command(run: Run, bars_model: Path) -> None:
    np.save("noise.npy", np.random.default_rng(0).integers(0, 256, size=(20, 8, 8), dtype=np.uint8))
    np.save("more.npy", bars(20, 5))
    for verb, output in (("eval", ()), ("embed", ("-o", "codes.csv")), ("reconstruct", ("-o", "out.npy")), ("detect", ())):
        told = run(verb, bars_model, "noise.npy", *output)
        assert (told.code, "unlike what the model was trained on" in told.err) == (0, True)
        assert "unlike what" not in run(verb, bars_model, "more.npy", *output).err


def photographs(place: Path, seeds: range, *, spots: bool) -> None:
    """Smooth pictures of two sizes, with a checkerboard somewhere where ``spots``."""
    place.mkdir(parents=True)
    for seed in seeds:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[: 30 + seed % 2 * 7, :48]
        a, b = random.uniform(0, 6, 2)
        picture = 127 + 60 * np.sin(x / 5 + a) + 60 * np.cos(y / 6 + b)
        if spots:
            picture[9:15, 20:26] = 255 * (np.indices((6, 6)).sum(0) % 2)
        Image.fromarray(picture.round().astype(np.uint8)).save(place / f"{seed}.png")


def test_whole_photographs_of_any_size(run: Run) -> None:
    photographs(Path("normal"), range(40), spots=False)
    words = ("--patch", "8", "-r", "denoising", "-n", "mlp", "-k", "6", "-e", "15", "--validation", "0.4")
    assert run("train", "normal", *words, "-o", "model").code == 0
    photographs(Path("new/good"), range(100, 106), spots=False)
    photographs(Path("new/bad"), range(110, 113), spots=True)
    ran = run("detect", "model", "new", "--normal", "good", "--heatmap", "out", "-o", "scores.csv", "--quantile", "0.9")
    assert ran.code == 0
    shown = ("of 9 photographs stand out", "by PCA", "by codes", "bad/110.png", "ROC-AUC")
    assert [w for w in shown if w not in ran.out] == []
    assert "whole photographs held out" in ran.err
    frame = pl.read_csv("scores.csv")
    assert frame.columns == ["id", "label", "score", "p_value", "is_outlier", "code_neighbors", "pca"]
    assert frame.filter(pl.col("label") == "bad")["score"].min() > frame.filter(pl.col("label") == "good")["score"].max()
    with Image.open("out/bad/111.png") as picture:
        assert (picture.width / 48, picture.height / 37) == (7, 7)
    found = run("detect", "model", "new/bad/110.png", "--json").json
    assert (found["names"], len(found["scores"]), len(found["notes"])) == (["110.png"], 1, 1)
    Path("new/bad/broken.png").write_bytes(b"no")
    assert run("detect", "model", "new").code == 1
    assert "left out, 1 in all" in run("detect", "model", "new", "--skip-broken").err


def test_pictures_of_another_size_are_scaled_and_that_is_said(run: Run, bars_model: Path) -> None:
    write(np.kron(bars(5, 1), np.ones((1, 3, 4), dtype=np.uint8)), Path("large"))
    assert "cropped around the center and scaled from 24×32 to 8×8" in run("detect", bars_model, "large").err
