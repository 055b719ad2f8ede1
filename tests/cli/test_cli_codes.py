"""``diabolo search`` and ``diabolo interpolate``: pictures, tables, kept indexes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from diabolo import Autoencoder, store
from diabolo.cli import main
from diabolo.jobs.codes.interpolate import interpolate_through
from diabolo.jobs.codes.reconstruct import reconstruct
from tests.cli.conftest import Run

DIGITS, LABELS = load_digits().images.astype(np.uint8) * 15, load_digits().target


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder of bytes, as pictures from files are."""
    place = tmp_path_factory.mktemp("codes")
    np.save(place / "digits.npy", DIGITS)
    words = ["train", str(place / "digits.npy"), "-n", "mlp", "-k", "6", "-e", "10", "-o", str(place / "model")]
    assert main(words) == 0
    return place / "model"


@pytest.fixture
def digits() -> None:
    np.save("digits.npy", DIGITS[:20])


@pytest.fixture
def photos() -> None:
    """Sixty digits by label, and one to look for; needs ``run``, which makes the folder empty."""
    for i in range(60):
        place = Path("photos") / f"d{LABELS[i]}" / f"{i}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(DIGITS[i]).save(place)
    Image.fromarray(DIGITS[7]).resize((16, 16), Image.Resampling.NEAREST).save("query.png")


def test_a_picture_finds_itself_first(run: Run, photos: None, model: Path) -> None:
    words = ("-k", "3", "-o", "found.csv", "--strip", "strip.png", "--keep-index", "photos.safetensors")
    ran = run("search", model, "photos", "query.png", *words)
    assert ran.code == 0, ran.err
    assert "query.png: pictures were cropped around the center and scaled from 16×16 to 8×8" in ran.err
    assert "photos: " not in ran.err
    assert [w for w in ("d7/7.png", "PCA, as many numbers", "raw data", "at random", "60 items") if w not in ran.out] == []
    frame = pl.read_csv("found.csv")
    assert frame.columns == ["query", "name", "label", "rank", "row", "distance"]
    assert frame.row(0)[:4] == ("query.png", "d7/7.png", "d7", 1)
    assert frame["distance"].is_sorted()
    with Image.open("strip.png") as picture:
        assert picture.width > picture.height
    again = run("search", model, "photos.safetensors", "query.png", "-k", "3", "--strip", "again.png", "--json").json
    assert [n["name"] for n in again["queries"][0]["nearest"]] == frame["name"].to_list()
    assert (again["items"], again["metric"]) == (60, "euclidean")
    assert Path("again.png").read_bytes() == Path("strip.png").read_bytes()
    assert run("search", model, "photos.safetensors", "query.png", "--json").json["precision"] is None


def test_a_folder_of_labeled_queries_is_judged(run: Run, photos: None, model: Path) -> None:
    Path("more/d3").mkdir(parents=True)
    for i in np.flatnonzero(LABELS == 3)[-12:]:
        Image.fromarray(DIGITS[i]).save(f"more/d3/{i}.png")
    found = run("search", model, "photos", "more", "--metric", "cosine", "--json").json
    assert (found["precision"]["queries"], found["precision"]["left_out"], found["metric"]) == (12, False, "cosine")
    assert found["queries"][0]["label"] == "d3"
    assert run("search", model, "photos", "photos", "--json").json["precision"]["left_out"]
    told = run("search", model, "photos", "more").out
    assert "first 10 of 12 queries" in told
    assert "among the items" not in told
    Image.fromarray(DIGITS[3]).save("more/d3/one-of-them.png")
    told = run("search", model, "photos", "more").out
    assert "13 queries, 1 of them among the items, each looked for among the others" in told


def test_rows_of_a_table(run: Run, table: Path, table_model: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    bare = [";".join(line.split(";")[1:4]) for line in lines[:4]]  # neither label nor name
    Path("query.csv").write_text("\n".join(bare) + "\n", encoding="utf-8")
    ran = run("search", table_model, table, "query.csv", "-k", "2", "-o", "found.parquet")
    assert ran.code == 0, ran.err
    frame = pl.read_parquet("found.parquet")
    assert frame.filter(pl.col("rank") == 1)["name"].to_list() == ["n0", "n1", "n2"]
    named = run("search", table_model, table, "query.csv", "--label", "machine", "--id", "part")
    assert named.code == 0, named.err
    refused = run("search", table_model, table, "query.csv", "--strip", "strip.png")
    assert (refused.code, "takes tables" in refused.err) == (2, True)


def test_searches_that_cannot_be(run: Run, photos: None, model: Path, table_model: Path) -> None:
    assert run("search", model, "photos", "query.png", "--keep-index", "a.safetensors").code == 0
    refused = run("search", table_model, "a.safetensors", "query.png")
    assert (refused.code, "another model" in refused.err) == (1, True)
    assert "cosine" not in run("search", model, "a.safetensors", "query.png").err
    assert "--metric" in run("search", model, "a.safetensors", "query.png", "--metric", "cosine").err
    assert run("search", model, "photos", "query.png", "--metric", "cosin").code == 2
    assert "QUERY" in run("search", model, "photos", "a.safetensors").err
    assert run("search", model, "photos", "query.png", "--keep-index", "a.pkl").code == 2
    assert "no index" in run("search", model, "none.safetensors", "query.png").err
    np.save("wide.npy", np.zeros((2, 9, 9), dtype=np.uint8))
    wide = run("search", model, "photos", "wide.npy")
    assert (wide.code, "images of 8×8" in wide.err) == (1, True)
    Path("photos/d7/7.png").unlink()
    changed = run("search", model, "a.safetensors", "query.png", "--strip", "strip.png")
    assert (changed.code, "has changed" in changed.err) == (1, True)


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_moving_pictures(run: Run, digits: None, model: Path, ending: str) -> None:
    for words, frames in (((), 13), (("--cycle",), 18)):
        name = f"way{frames}.{ending}"
        ran = run("interpolate", model, "digits.npy", "--rows", "0,5,9", "--steps", "7", *words, "-o", name, "--json")
        assert (ran.code, ran.json["frames"]) == (0, frames), ran.err
        with Image.open(name) as file:
            assert (file.n_frames, file.info["loop"]) == (frames, 0)  # type: ignore[attr-defined]
            first = np.asarray(file.convert("L"))[::28, ::28]
        trained = store.load(model)
        np.testing.assert_allclose(first, reconstruct(trained, DIGITS[:1])[0].astype(float), atol=1)


def test_a_strip_and_the_numbers(run: Run, digits: None, model: Path) -> None:
    assert run("interpolate", model, "digits.npy", "-o", "strip.png").code == 0
    ran = run("interpolate", model, "digits.npy", "--rows", "0,1,2", "--cycle", "--spherical", "-o", "sheet.png")
    assert (ran.code, "0 → 1 → 2 → 0, 25 pictures" in ran.out) == (0, True)
    with Image.open("strip.png") as strip, Image.open("sheet.png") as sheet:
        assert sheet.height / sheet.width > 2 * strip.height / strip.width
    assert run("interpolate", model, "digits.npy", "-o", "way.npy").code == 0
    assert np.load("way.npy").shape == (9, 8, 8)


def test_rows_of_a_table_on_the_way(run: Run, table: Path, table_model: Path) -> None:
    words = ("--rows", "0,3", "--steps", "4")
    assert run("interpolate", table_model, table, *words, "-o", "way.csv").code == 0
    frame = pl.read_csv("way.csv")
    assert (frame.columns, len(frame)) == (["temp", "press", "flow"], 4)
    trained = store.load(table_model)
    given = pl.read_csv(table, separator=";", decimal_comma=True)[[0, 3]].select("temp", "press", "flow")
    np.testing.assert_allclose(frame.to_numpy(), interpolate_through(trained, given.to_numpy(), 4), rtol=1e-5)
    assert run("interpolate", table_model, table, *words, "-o", "way.png").code == 0
    refused = run("interpolate", table_model, table, *words, "-o", "way.gif")
    assert (refused.code, "do not move" in refused.err) == (2, True)


def test_a_way_has_one_label(run: Run) -> None:
    Autoencoder("cvae", latent_dim=2, epochs=1, random_state=0).fit(DIGITS[:60], LABELS[:60]).save("m")
    np.savez("labeled.npz", X=DIGITS[:60], y=LABELS[:60])
    ran = run("interpolate", "m", "labeled.npz", "--rows", "0,1", "-o", "way.npy")
    words = "--rows 0,1 have 0, 1: choose rows of one label, such as --rows 0,10, which have 0.\n"
    assert (ran.code, words in ran.err) == (2, True), ran.err
    assert run("interpolate", "m", "labeled.npz", "--rows", "0,10", "-o", "way.npy").code == 0


def test_ways_that_cannot_be(run: Run, digits: None, model: Path) -> None:
    for rows, said in (("5", "two or more"), ("a,b", "two or more"), ("0,9999", "the last is 19"), ("0,-1", "two or more")):
        ran = run("interpolate", model, "digits.npy", "--rows", rows, "-o", "way.png")
        assert (ran.code > 0, said in ran.err) == (True, True), ran.err
    assert ".webp" in run("interpolate", model, "digits.npy", "-o", "way.mp4").err
    many = run("interpolate", model, "digits.npy", "--steps", "500", "-o", "way.png")
    assert (many.code, "200 pictures" in many.err) == (2, True)
