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
    ran = run("generate", digits_model, "-n", "2", "-o", "x.npy", "--judge", "demo:digits", "--training", "demo:digits")
    assert [
        w for w in ("Fréchet distance", "precision", "copies", "mixture", "pca + gaussian", "Two halves") if w not in ran.out
    ] == []
    found = run("generate", digits_model, "-o", "x.npy", "--judge", "demo:digits", "--seed", "0", "--json").json["judgment"]
    assert found["features"] == "all cells"
    assert [line["frechet"] for line in found["table"][:-1]] == sorted(line["frechet"] for line in found["table"][:-1])


def test_new_pictures_stand_beside_the_nearest_of_the_training(run: Run, digits_model: Path, table_model: Path) -> None:
    ran = run("generate", digits_model, "-n", 3, "-o", "x.npy", "--training", "demo:digits", "--nearest", "near.png")
    assert (ran.code, "Beside the nearest of the training: near.png" in ran.out) == (0, True)
    with Image.open("near.png") as drawn:
        assert drawn.size[1] > drawn.size[0] / 2
    ran = run("generate", digits_model, "-o", "x.npy", "--nearest", "near.png")
    assert (ran.code, "give --training DATA too" in ran.err) == (2, True)
    ran = run("generate", table_model, "-o", "x.csv", "--training", "demo:digits", "--nearest", "near.png")
    assert (ran.code, "--nearest draws pictures" in ran.err) == (2, True)


def test_wrong_input(run: Run, digits_model: Path) -> None:
    ran = run("generate", digits_model, "-o", "x.npy", "--density", "mixtur")
    assert (ran.code, "Did you mean 'mixture'?" in ran.err) == (2, True)
    ran = run("generate", digits_model, "-o", "x.npy", "--label", "3")
    assert (ran.code, "takes no labels. Train cvae" in ran.err) == (2, True)
    ran = run("generate", digits_model, "-o", "x.npy", "--training", "demo:digits")
    assert (ran.code, "give --judge DATA too" in ran.err) == (2, True)
    ran = run("generate", "nowhere", "-o", "x.npy")
    assert (ran.code, "nowhere" in ran.err) == (1, True)
