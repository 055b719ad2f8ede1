"""``diabolo generate``: rows in every form, their judgment, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from tests.cli.conftest import Run


def test_pictures_on_a_sheet_and_in_a_folder(run: Run, digits_model: Path) -> None:
    ran = run("generate", digits_model, "-n", "9", "-o", "new.png", "--seed", "1")
    assert (ran.code, "9 new rows: new.png" in ran.out) == (0, True)
    with Image.open("new.png") as sheet:
        assert min(sheet.size) > 100
    assert run("generate", digits_model, "-n", "3", "-o", "new").code == 0
    assert sorted(p.name for p in Path("new").iterdir()) == ["0.png", "1.png", "2.png"]


def test_a_seed_makes_the_same_rows(run: Run, digits_model: Path) -> None:
    for name, seed in (("a.npy", 3), ("b.npy", 3), ("c.npy", 4)):
        assert run("generate", digits_model, "-n", "4", "-o", name, "--seed", seed).code == 0
    a, b, c = (np.load(name) for name in ("a.npy", "b.npy", "c.npy"))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0


def test_tables_have_the_columns_of_the_training(run: Run, table: Path, table_model: Path) -> None:
    assert run("generate", table_model, "-n", "5", "-o", "new.csv", "--density", "kernel").code == 0
    made, known = pl.read_csv("new.csv"), pl.read_csv(table, separator=";")
    assert len(made) == 5
    assert set(made.columns) <= set(known.columns)
    ran = run("generate", table_model, "-o", "new.png")
    assert (ran.code, "these rows are no pictures" in ran.err) == (2, True)


def test_densities_are_judged_beside_real_rows(run: Run, digits_model: Path) -> None:
    ran = run("generate", digits_model, "-n", "2", "-o", "x.npy", "--judge", "demo:digits")
    words = ("Fréchet distance", "precision", "in holes", "mixture", "pca + gaussian", "Two halves", "features: cells (64)")
    assert [w for w in words if w not in ran.out] == []
    found = run("generate", digits_model, "-o", "x.npy", "--judge", "demo:digits", "--seed", "0", "--json").json["judgment"]
    assert (found["features"], found["rows"]) == ("cells", 1797)
    assert "64 cells" in found["features_are"]
    assert len(found["verdict"]) >= 2
    assert [line["frechet"] for line in found["table"][:-1]] == sorted(line["frechet"] for line in found["table"][:-1])


def test_features_are_named_and_fitted_to_training_rows(run: Run, digits_model: Path) -> None:
    asked = ("generate", digits_model, "-n", "2", "-o", "x.npy", "--judge", "demo:digits")
    ran = run(*asked, "--training", "demo:digits", "--features", "pca-5")
    assert (ran.code, "features: pca-5 (5)" in ran.out, "5 principal components" in ran.out) == (0, True, True)
    assert "of the real rows are training rows" in ran.out
    ran = run(*asked, "--features", "probe")
    assert (ran.code, "--training DATA" in ran.err) == (2, True)
    ran = run(*asked, "--features", "prob")
    assert (ran.code, "Did you mean 'probe'?" in ran.err) == (2, True)
    ran = run("generate", digits_model, "-n", "2", "-o", "x.npy", "--features", "probe")
    assert (ran.code, "give --judge DATA too" in ran.err) == (2, True)


def test_wrong_input(run: Run, digits_model: Path) -> None:
    ran = run("generate", digits_model, "-o", "x.npy", "--density", "mixtur")
    assert (ran.code, "Did you mean 'mixture'?" in ran.err) == (2, True)
    ran = run("generate", digits_model, "-o", "x.npy", "--label", "3")
    assert (ran.code, "takes no labels. Train cvae" in ran.err) == (2, True)
    ran = run("generate", digits_model, "-o", "x.npy", "--training", "demo:digits")
    assert (ran.code, "give --judge DATA too" in ran.err) == (2, True)
    ran = run("generate", "nowhere", "-o", "x.npy")
    assert (ran.code, "nowhere" in ran.err) == (1, True)
