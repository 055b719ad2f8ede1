"""``diabolo generate``: rows in every form, their judgment, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from diabolo import Autoencoder
from tests.cli.conftest import Run
from tests.helpers import little_images, quick


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


def test_rows_near_given_ones(run: Run, digits_model: Path, table: Path, table_model: Path) -> None:
    asked = ("generate", digits_model, "--around", "demo:digits", "-n", "3", "--seed", "0")
    ran = run(*asked, "-o", "near.png")
    assert (ran.code, "30 rows, 3 near each of 10: near.png" in ran.out, "outputs change by" in ran.out) == (0, True, True)
    found = run(*asked, "--spread", "0.01", "--by", "input", "-o", "near.npy", "--json").json
    assert (found["rows"], found["steadiness"]["by"], found["steadiness"]["spread"]) == (3 * 1797, "input", 0.01)
    assert np.load("near.npy").shape == (3 * 1797, 8, 8)
    assert run("generate", table_model, "--around", table, "-n", "2", "-o", "near.csv").code == 0
    known = pl.read_csv(table, separator=";")
    made = pl.read_csv("near.csv")
    assert made["near"].n_unique() == len(known)
    assert len(made) == 2 * len(known)


def test_a_grid_over_the_plane(run: Run, digits_model: Path, table_model: Path) -> None:
    ran = run("generate", digits_model, "--grid", "4", "-o", "grid.png")
    assert (ran.code, "4 x 4 rows, code numbers" in ran.out, "quantiles of the standard normal prior" in ran.out) == (
        0,
        True,
        True,
    )
    with Image.open("grid.png") as sheet:
        assert min(sheet.size) > 100
    ran = run("generate", table_model, "--grid", "3", "--numbers", "1,0", "-o", "grid.csv")
    assert (ran.code, "code numbers 1 and 0" in ran.out) == (0, True)
    made = pl.read_csv("grid.csv")
    assert made.columns[:2] == ["z1", "z2"]
    assert made["z1"].to_list() == [*made["z1"][:3].to_list()] * 3
    assert made["z2"][0] > made["z2"][3] > made["z2"][6]


def test_a_walk_along_each_number(run: Run, digits_model: Path, table_model: Path) -> None:
    ran = run("generate", digits_model, "--walk", "-o", "walks.png")
    assert (ran.code, "the most active code number first: walks.png" in ran.out, "are active" in ran.out) == (0, True, True)
    found = run("generate", table_model, "--walk", "-o", "walks.csv", "--json").json
    made = pl.read_csv("walks.csv")
    assert made["number"].unique(maintain_order=True).to_list() == found["numbers"]
    assert made["offset"][:9].to_list() == np.linspace(-3, 3, 9).tolist()
    assert found["variances"] == sorted(found["variances"], reverse=True)


def test_ways_that_do_not_go_together(run: Run, digits_model: Path, table_model: Path) -> None:
    for options, words in (
        (("--grid", "3", "--walk"), "two ways to choose codes"),
        (("--spread", "0.2"), "--spread belongs to --around"),
        (("--numbers", "0,1"), "--numbers belongs to --grid"),
        (("--grid", "3", "--numbers", "0,9"), "two different numbers of the code, from 0 to 3, got 0,9. Take 0,3, say."),
        (("--grid", "3", "--numbers", "0"), "such as 0,3; got '0'"),
        (("--walk", "--density", "kernel"), "--density says nothing with --walk"),
        (("--walk", "-n", "3"), "--count says nothing with --walk"),
        (("--around", "demo:digits", "--spread", "0"), "spread must be a number above 0"),
        (("--around", "demo:digits", "--by", "codes"), "Did you mean 'code'?"),
    ):
        ran = run("generate", digits_model, "-o", "x.png", *options)
        assert (ran.code, words in ran.err) == (2, True), (options, ran.err)
    ran = run("generate", table_model, "--walk", "-o", "x.png")
    assert (ran.code, "no pictures that can be drawn" in ran.err) == (2, True)


def test_new_pictures_stand_beside_the_nearest_of_the_training(run: Run, digits_model: Path, table_model: Path) -> None:
    ran = run("generate", digits_model, "-n", 3, "-o", "x.npy", "--training", "demo:digits", "--nearest", "near.png")
    assert (ran.code, "Beside the nearest of the training: near.png" in ran.out) == (0, True)
    with Image.open("near.png") as drawn:
        assert drawn.size[1] > drawn.size[0] / 2
    ran = run("generate", digits_model, "-o", "x.png", "--training", "demo:digits", "--nearest", "near.png")
    assert "Beside the nearest of the training, the first 12 of 25: near.png" in ran.out
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


def test_discrete_codes_come_from_their_prior(run: Run) -> None:
    images = little_images()
    np.save("rows.npy", images)
    Autoencoder.from_trained(quick(images, "fsq", network="mlp", latent_dim=4)).save("discrete")
    for way in (("--walk",), ("--grid", "3")):
        ran = run("generate", "discrete", *way, "-o", "refused.npy")
        assert (ran.code, "from_indices()" in ran.err, Path("refused.npy").exists()) == (1, True, False)
    for density in ("auto", "independent", "autoregressive"):
        assert run("generate", "discrete", "-n", "4", "-o", f"{density}.npy", "--density", density, "--seed", "1").code == 0
    np.testing.assert_array_equal(np.load("auto.npy"), np.load("independent.npy"))  # one whole number goes with no other
    ran = run("generate", "discrete", "-o", "x.npy", "--density", "mixture")
    assert (ran.code, "'independent' or 'autoregressive'" in ran.err) == (2, True)
    ran = run("eval", "discrete", "rows.npy")
    wanted = ("PCA at as many bits", "Discrete code: 1 whole number below 1000", "ideal coder")
    assert [w for w in wanted if w not in ran.out] == []
