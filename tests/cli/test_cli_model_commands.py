"""The commands that take a model: eval, embed, reconstruct, report."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from diabolo import load, store
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.reconstruct import reconstruct
from tests.cli.conftest import Run


def digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    return (load_digits().images / 16).astype(np.float32)


# --- eval --------------------------------------------------------------------------------------------------------------


def test_eval_says_errors_bound_health_and_neighbors(run: Run, digits_model: Path) -> None:
    ran = run("eval", digits_model, "demo:digits")
    assert ran.code == 0
    words = (
        "Errors on demo:digits: 1797 rows",
        "this model",
        "PCA",
        "mean of the rows",
        "PSNR",
        "Bound:",
        "Code:",
        "Neighbors:",
    )
    assert [w for w in words if w not in ran.out] == []


def test_eval_numbers_are_those_of_the_library(run: Run, digits_model: Path) -> None:
    found = run("eval", digits_model, "demo:digits", "--json").json
    x = digits()
    errors = {row["name"]: row["errors"]["mse"] for row in found["table"]}
    assert errors["model"] == pytest.approx(load(digits_model).reconstruction_error(x).mean(), rel=1e-5)
    assert errors["mean"] == pytest.approx(((x - x.mean(0)) ** 2).mean(), rel=0.01)
    assert found["gain"] == pytest.approx(errors["pca"] / errors["model"])
    assert found["neighbors"]["model"] > 0.1


def test_eval_estimates_the_likelihood_where_asked(run: Run, digits_model: Path, table: Path, table_model: Path) -> None:
    found = run("eval", digits_model, "demo:digits", "--samples", "20", "--json").json
    likely = found["likelihood"]
    assert likely["samples"] == 20
    assert likely["nll"] < found["elbo"]["negative_elbo"]
    ran = run("eval", digits_model, "demo:digits", "--samples", "20")
    assert f"by importance sampling, 20 codes a row: {likely['nll']:.5g} ±" in ran.out
    assert run("eval", digits_model, "demo:digits", "--json").json["likelihood"] is None
    ran = run("eval", table_model, table, "--samples", "20")
    assert (ran.code, "no distribution over codes" in ran.err) == (1, True)


def test_eval_takes_labels_from_the_training_column_or_another(run: Run, table: Path, table_model: Path) -> None:
    assert "neighbors" in run("eval", table_model, table, "--json").json
    assert run("eval", table_model, table, "--json").json["neighbors"] is not None
    plain = pl.read_csv(table, separator=";").drop("machine", "part")
    plain.write_csv("unlabeled.csv", separator=";")
    assert run("eval", table_model, "unlabeled.csv", "--json").json["neighbors"] is None
    ran = run("eval", table_model, table, "--label", "machin")
    assert (ran.code, "There is no column 'machin'. Did you mean 'machine'?" in ran.err) == (1, True)
    assert run("eval", table_model, table, "--label", "part", "--json").json["neighbors"] is None  # all different


def test_pairs_are_judged_against_their_target(run: Run) -> None:
    from diabolo import Autoencoder

    clean = digits()[:200]
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.3, clean.shape), 0, 1).astype(np.float32)
    Autoencoder("plain", network="mlp", latent_dim=4, epochs=1, random_state=0).fit(noisy, target=clean).save("pairs")
    np.save("noisy.npy", noisy)
    np.save("clean.npy", clean)
    found = run("eval", "pairs", "noisy.npy", "--target", "clean.npy", "--json").json
    assert [c["name"] for c in found["table"]] == ["model", "input"]
    assert found["table"][1]["errors"]["mse"] == pytest.approx(((noisy - clean) ** 2).mean(), rel=1e-4)
    assert run("report", "pairs", "noisy.npy", "--target", "clean.npy", "-o", "page.html").code == 0
    missing = run("eval", "pairs", "noisy.npy")
    assert (missing.code, "target" in missing.err) == (1, True)


# --- embed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_codes_as_a_table_with_labels_and_names(run: Run, table: Path, table_model: Path, ending: str) -> None:
    found = run("embed", table_model, table, "-o", f"codes{ending}", "--json").json
    assert found == {
        "output": f"codes{ending}",
        "rows": 60,
        "columns": ["autoencoder0", "autoencoder1"],
        "beside": ["part", "machine"],
    }
    frame = pl.read_csv("codes.csv") if ending == ".csv" else pl.read_parquet("codes.parquet")
    assert frame.columns == ["part", "machine", "autoencoder0", "autoencoder1"]
    assert frame["part"].to_list() == [f"n{i}" for i in range(60)]
    given = pl.read_csv(table, separator=";", decimal_comma=True)
    assert frame["machine"].to_list() == given["machine"].to_list()
    z = embed(store.load(table_model), given.select("temp", "press", "flow"))
    np.testing.assert_allclose(frame.select("autoencoder0", "autoencoder1").to_numpy(), z, rtol=1e-4, atol=1e-6)


def test_codes_as_arrays(run: Run, digits_model: Path) -> None:
    ran = run("embed", digits_model, "demo:digits", "-o", "codes.npz")
    assert ran.out == "1797 codes of 4 numbers: codes.npz\n"
    with np.load("codes.npz") as arrays:
        assert sorted(arrays) == ["Z", "columns", "label"]
        np.testing.assert_array_equal(arrays["Z"], load(digits_model).transform(digits()))
        assert arrays["columns"].tolist() == [f"autoencoder{i}" for i in range(4)]


@pytest.mark.usefixtures("blank_report")
def test_a_new_id_column_is_carried_along(run: Run, digits_model: Path, table: Path) -> None:
    assert run("train", table, "--ignore", "part", "--label", "machine", "-k", "2", "-e", "1", "-o", "m").code == 0
    ran = run("embed", "m", table, "--id", "part", "-o", "codes.csv")
    assert ran.code == 0
    assert pl.read_csv("codes.csv")["part"][5] == "n5"
    assert "There is no column 'nam'" in run("embed", "m", table, "--id", "nam", "-o", "codes.csv").err


@pytest.mark.usefixtures("blank_report")
def test_a_conditional_model_asks_for_labels(run: Run, table: Path) -> None:
    refused = run("train", table, "-r", "cvae", "--ignore", "machine", "--id", "part")
    assert refused.code == 2
    assert "--label COLUMN" in refused.err
    assert run("train", table, "-r", "cvae", "--label", "machine", "--id", "part", "-k", "2", "-e", "1", "-o", "m").code == 0
    assert run("embed", "m", table, "-o", "codes.csv").code == 0
    pl.read_csv(table, separator=";").drop("machine").write_csv("unlabeled.csv", separator=";")
    ran = run("embed", "m", "unlabeled.csv", "-o", "codes.csv")
    assert (ran.code, "--label COLUMN" in ran.err, "down, up" in ran.err) == (1, True, True)


# --- reconstruct ---------------------------------------------------------------------------------------------------------


def test_one_picture_of_inputs_above_outputs(run: Run, digits_model: Path, table: Path, table_model: Path) -> None:
    assert run("reconstruct", digits_model, "demo:digits", "-o", "out.png").out.startswith("16 rows")
    few = run("reconstruct", digits_model, "demo:digits", "-o", "few.png", "--rows", "3")
    assert few.out.startswith("3 rows")
    with Image.open("out.png") as many, Image.open("few.png") as picture:
        assert many.height > picture.height > 50
        gray = np.asarray(picture.convert("L"))
        assert gray.std() > 20  # digits are there, not an empty sheet
    assert run("reconstruct", table_model, table, "-o", "table.png").code == 0
    ran = run("reconstruct", digits_model, "demo:digits", "-o", "much.png", "--rows", "1000")
    assert (ran.code, Path("much.png").exists()) == (2, False)


def test_arrays_are_what_the_library_gives(run: Run, digits_model: Path) -> None:
    assert run("reconstruct", digits_model, "demo:digits", "-o", "out.npy").code == 0
    assert run("reconstruct", digits_model, "demo:digits", "-o", "out.npz", "--rows", "10").code == 0
    expected = load(digits_model).reconstruct(digits())
    np.testing.assert_array_equal(np.load("out.npy"), expected)
    with np.load("out.npz") as arrays:
        np.testing.assert_allclose(arrays["X"], expected[:10], atol=1e-6)
        assert arrays["y"].tolist() == list(range(10))
    assert run("eval", digits_model, "out.npz").code == 0  # and can be read again


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_tables_keep_their_columns(run: Run, table: Path, table_model: Path, ending: str) -> None:
    assert run("reconstruct", table_model, table, "-o", f"out{ending}").code == 0
    frame = pl.read_csv("out.csv") if ending == ".csv" else pl.read_parquet("out.parquet")
    assert frame.columns == ["part", "machine", "temp", "press", "flow"]
    given = pl.read_csv(table, separator=";", decimal_comma=True).select("temp", "press", "flow")
    expected = reconstruct(store.load(table_model), given).to_numpy()
    np.testing.assert_allclose(frame.select("temp", "press", "flow").to_numpy(), expected, rtol=1e-5, atol=1e-6)


def test_pixels_as_a_table(run: Run, digits_model: Path) -> None:
    assert run("reconstruct", digits_model, "demo:digits", "-o", "out.csv", "--rows", "4").code == 0
    frame = pl.read_csv("out.csv")
    assert frame.columns == ["label", *(f"pixel_{i}" for i in range(64))]
    assert len(frame) == 4


@pytest.mark.usefixtures("blank_report")
def test_pictures_in_a_folder_keep_their_names(run: Run) -> None:
    random = np.random.default_rng(0)
    for kind in ("cats", "dogs"):
        Path("photos", kind).mkdir(parents=True)
        for i in range(20):
            Image.fromarray(random.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)).save(f"photos/{kind}/{i}.bmp")
    assert run("train", "photos", "-n", "mlp", "-k", "2", "-e", "1", "-o", "m").code == 0
    assert run("reconstruct", "m", "photos", "-o", "restored", "--json").json["files"] == 40
    assert sorted(p.as_posix() for p in Path("restored").rglob("*.png"))[:2] == ["restored/cats/0.png", "restored/cats/1.png"]
    with Image.open("restored/dogs/19.png") as picture:
        assert (picture.size, picture.mode) == ((8, 8), "RGB")
    assert "not empty" in run("reconstruct", "m", "photos", "-o", "restored").err
    Path("photos/cats/0.bmp").write_bytes(b"no picture")
    assert "--skip-broken" in run("eval", "m", "photos").err
    assert "39 rows" in run("eval", "m", "photos", "--skip-broken").out


def test_digits_in_a_folder_are_numbered(run: Run, digits_model: Path) -> None:
    assert run("reconstruct", digits_model, "demo:digits", "-o", "restored", "--rows", "12").code == 0
    assert sorted(p.name for p in Path("restored").iterdir())[-1] == "11.png"


# --- outputs that cannot be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["embed", "MODEL", "demo:digits", "-o", "codes.txt"], 2, ".csv, .npz or .parquet"),
        (["embed", "MODEL", "demo:digits", "-o", "codes"], 2, ".csv, .npz or .parquet"),
        (["embed", "MODEL", "demo:digits", "-o", "no/such/codes.csv"], 1, "There is no folder"),
        (["embed", "MODEL", "demo:digits", "-o", "taken.csv"], 1, "is a folder"),
        (["reconstruct", "MODEL", "demo:digits", "-o", "out.gif"], 2, "or the name of a folder"),
        (["report", "MODEL", "demo:digits", "-o", "report.pdf"], 2, ".html"),
    ],
)
def test_outputs_that_cannot_be(run: Run, digits_model: Path, words: list[str], code: int, said: str) -> None:
    Path("taken.csv").mkdir()
    ran = run(*(digits_model if w == "MODEL" else w for w in words))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_table_makes_no_folder_of_pictures(run: Run, table: Path, table_model: Path) -> None:
    ran = run("reconstruct", table_model, table, "-o", "pictures")
    assert (ran.code, "folder" in ran.err, Path("pictures").exists()) == (2, False, False)


def test_the_data_are_never_overwritten(run: Run, table: Path, table_model: Path) -> None:
    shutil.copy(table, "mine.csv")
    before = Path("mine.csv").read_bytes()
    ran = run("embed", table_model, "mine.csv", "-o", "./mine.csv")
    assert (ran.code, "would replace the data" in ran.err) == (1, True)
    assert Path("mine.csv").read_bytes() == before


# --- report --------------------------------------------------------------------------------------------------------------


def test_a_report_needs_no_data_where_they_are_still_there(run: Run, digits_model: Path) -> None:
    ran = run("report", digits_model, "-o", "page.html", "--lang", "ru")
    assert ran.code == 0
    assert "Report: page.html" in ran.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert '<html lang="ru"' in page
    assert "diabolo train demo:digits" in page
    found = run("report", digits_model, "-o", "page.html", "--json").json
    assert found["evaluation"]["rows"] == 178  # the held-out ones
    assert found["lang"] == "en"
    np.save("few.npy", digits()[:30])
    assert run("report", digits_model, "few.npy", "-o", "page.html", "--json").json["evaluation"]["rows"] == 30


def test_a_report_asks_for_data_that_are_gone_or_changed(run: Run, table: Path) -> None:
    shutil.copy(table, "mine.csv")
    words = ("--label", "machine", "--id", "part", "-k", "2", "-e", "1", "-o", "m")
    assert run("train", "mine.csv", *words).code == 0
    lines = Path("mine.csv").read_text(encoding="utf-8").splitlines()
    Path("mine.csv").write_text("\n".join(lines[:41]) + "\n", encoding="utf-8")
    ran = run("report", "m", "--json")
    assert ran.json["evaluation"]["rows"] == 40
    assert "had 60 rows" in ran.err
    Path("mine.csv").unlink()
    gone = run("report", "m")
    assert (gone.code, "diabolo report m DATA" in gone.err) == (2, True)
