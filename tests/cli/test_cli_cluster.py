"""``diabolo cluster``: the table, the files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from diabolo import load
from tests.cli.conftest import Run


def test_clusters_of_pictures(run: Run, digits_model: Path) -> None:
    ran = run("cluster", digits_model, "demo:digits", "-o", "clusters.csv", "--pictures", "members.png", "--clusters", "10")
    assert ran.code == 0
    words = ("10 clusters of 1797 rows by k-means on codes of 4 numbers", "commonest label", "typical rows", "odd rows")
    words += ("this model's codes", "PCA, as many numbers", "the data themselves", "NMI", "ARI", "members.png")
    assert [w for w in words if w not in ran.out] == []
    assert "suggested" not in ran.out
    frame = pl.read_csv("clusters.csv")
    assert frame.columns == ["label", "cluster", "distance"]
    digits = load_digits()
    found = load(digits_model).cluster(digits.images / 16, digits.target, clusters=10)
    assert frame["cluster"].to_list() == found.assignments.tolist()
    np.testing.assert_allclose(frame["distance"], found.distances, rtol=1e-6)
    with Image.open("members.png") as picture:
        assert picture.width == 1280


def test_clusters_of_a_table_as_data(run: Run, table: Path, table_model: Path) -> None:
    ran = run("cluster", table_model, table, "--method", "mixture", "--json", "-o", "clusters.parquet")
    found = ran.json
    assert found["suggestion"]["criterion"] == "bic"
    assert found["all"] == found["rows"] == sum(found["sizes"]) == 60
    assert [line["name"] for line in found["table"]] == ["model", "pca", "data"]
    assert pl.read_parquet("clusters.parquet").columns == ["part", "machine", "cluster", "distance"]
    told = run("cluster", table_model, table)
    assert "The number was suggested: the highest silhouette" in told.out
    near = load(table_model).cluster(str(table)).typical[0]
    assert ", ".join(f"n{i}" for i in near[:4]) in told.out  # rows by their names


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--clusters", "61"], 1, "There are 60 rows, too few for 61 clusters"),
        (["--clusters", "some"], 2, "--clusters expects auto or a whole number of at least 1, got 'some'"),
        (["--clusters", "0"], 2, "at least 1, got '0'"),
        (["--method", "kmean"], 2, "Did you mean 'kmeans'?"),
        (["--pictures", "out.png"], 2, "this model takes tables"),
        (["--pictures", "out.gif"], 2, "--pictures out.gif: the ending says what is written, and should be .png"),
        (["-o", "out.png"], 2, ".csv, .npz or .parquet"),
        (["--label", "machin"], 1, "Did you mean 'machine'?"),
    ],
)
def test_wrong_words(run: Run, table: Path, table_model: Path, more: list[str], code: int, words: str) -> None:
    ran = run("cluster", table_model, table, *more)
    assert (ran.code, words in ran.err, ran.out) == (code, True, "")


def test_one_row_and_missing_labels(run: Run, table: Path, table_model: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    Path("one.csv").write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    ran = run("cluster", table_model, "one.csv")
    assert (ran.code, "at least 2 rows, got 1" in ran.err) == (1, True)
    lines[3] = ";".join(["", *lines[3].split(";")[1:]])
    Path("gap.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = run("cluster", table_model, "gap.csv", "--clusters", "2")
    assert (ran.code, "ARI" in ran.out) == (0, True), ran.err + ran.out  # the row is left out of that
