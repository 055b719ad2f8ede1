"""``diabolo embed`` with a map: columns, pictures, files for other programs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from diabolo import load
from diabolo.cli.mapping import Asked, drawn_from
from diabolo.jobs.codes.maps import map_codes
from tests.cli.conftest import Run


def test_a_map_beside_the_codes(run: Run, digits_model: Path) -> None:
    ran = run("embed", digits_model, "demo:digits", "-o", "codes.csv", "--map", "pca", "--picture", "map.png")
    assert ran.code == 0
    words = ("1797 codes of 4 numbers: codes.csv", "Map: PCA, 1797 rows", "trustworthiness", "purity", "Picture: map.png")
    words += ("the data themselves", "this model's codes", "PCA, as many numbers", "the map")
    assert [w for w in words if w not in ran.out] == []
    frame = pl.read_csv("codes.csv")
    assert frame.columns == ["label", "x", "y", *(f"autoencoder{i}" for i in range(4))]
    z = frame.select(pl.col("^autoencoder.*$")).to_numpy()
    np.testing.assert_allclose(frame.select("x", "y").to_numpy(), map_codes(z, "pca", rows=1797).points, rtol=1e-3, atol=1e-4)
    with Image.open("map.png") as picture:
        assert picture.width == 960


def test_a_map_of_some_rows_and_files_for_other_programs(run: Run, digits_model: Path) -> None:
    words = ["--map-rows", "60", "--projector", "projector", "--atlas", "atlas.parquet", "--color", "error"]
    ran = run("embed", digits_model, "demo:digits", "-o", "codes.npz", *words)
    assert ran.code == 0
    assert "Map: t-SNE, 60 rows" in ran.out
    assert "tensorboard --logdir projector" in ran.out
    assert "embedding-atlas atlas.parquet --x x --y y --neighbors neighbors" in ran.out
    with np.load("codes.npz") as arrays:
        assert sorted(arrays) == ["Z", "columns", "label", "x", "y"]
        drawn = np.isfinite(arrays["x"])
        assert drawn.sum() == 60
        codes = arrays["Z"]
    atlas = pl.read_parquet("atlas.parquet")
    assert atlas.columns == ["row", "label", "error (mse)", "x", "y", "vector", "neighbors", "image"]
    assert atlas["row"].to_list() == np.flatnonzero(drawn).tolist()
    names = ["metadata.tsv", "projector_config.pbtxt", "sprite.png", "tensors.tsv"]
    assert sorted(p.name for p in Path("projector").iterdir()) == names
    np.testing.assert_allclose(np.loadtxt("projector/tensors.tsv"), codes, rtol=1e-5)
    assert Path("projector/metadata.tsv").read_text().startswith("row\tlabel\terror (mse)\n0\t0\t")


def test_a_table_colored_by_a_column(run: Run, table: Path, table_model: Path) -> None:
    for column in ("press", "machine", "part"):
        ran = run("embed", table_model, table, "-o", "codes.csv", "--picture", f"{column}.svg", "--color", column, "--json")
        assert ran.code == 0, ran.err
        assert ran.json["map"]["method"] == "direct"  # a code of two numbers is its own map
        assert [line["name"] for line in ran.json["map"]["neighbors"]] == ["data", "model", "pca"]
        assert Path(f"{column}.svg").read_text(encoding="utf-8").startswith("<svg")
    frame = pl.read_csv("codes.csv")
    np.testing.assert_allclose(frame["x"], frame["autoencoder0"], rtol=1e-6)
    assert load(table_model).plot.codes(pl.read_csv(table, separator=";", decimal_comma=True), color="flow")


def test_t_sne_is_for_as_many_rows_as_it_can_arrange() -> None:
    z = np.random.default_rng(0).normal(size=(5_100, 3))
    nothing = Asked(None, None, None, None, None, None)
    assert drawn_from(nothing, z) is None
    assert len(drawn_from(Asked("pca", None, None, None, None, None), z).rows) == 5_100
    assert len(drawn_from(Asked("pca", 70, None, None, None, None), z).rows) == 70


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--map", "tnse"], 2, "Did you mean 'tsne'?"),
        (["--color", "label"], 2, "add --picture map.png"),
        (["--picture", "map.gif"], 2, "--picture map.gif: the ending says what is written, and should be .png or .svg"),
        (["--atlas", "codes.parquet"], 2, "--atlas codes.parquet would replace the codes of -o"),
        (["--picture", "map.png", "--color", "prss"], 1, "Did you mean 'press'?"),
        (["--map", "tsne", "--map-rows", "6"], 2, "t-SNE needs at least 10 codes"),
        (["--projector", "full"], 1, "The folder full is not empty"),
    ],
)
def test_wrong_words(run: Run, table: Path, table_model: Path, more: list[str], code: int, words: str) -> None:
    Path("full").mkdir()
    Path("full/note.txt").write_text("mine")
    ran = run("embed", table_model, table, "-o", "codes.parquet", *more)
    assert (ran.code, words in ran.err, ran.out) == (code, True, ""), ran.err
