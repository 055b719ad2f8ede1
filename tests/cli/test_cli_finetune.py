"""``diabolo finetune``: the table, the files, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from diabolo import store
from diabolo.jobs.studies import studies_of
from tests.cli.conftest import Run

FEW = ("--labels", "30,100", "--seeds", "2", "-e", "2")


@pytest.fixture
def model(digits_model: Path, tmp_path: Path, blank_report: None) -> Path:
    """A copy, which the curve is kept in."""
    return Path(shutil.copytree(digits_model, tmp_path / "own"))


def test_the_table_and_its_files(run: Run, model: Path) -> None:
    ran = run("finetune", model, "demo:digits", *FEW, "-o", "runs.csv", "--picture", "curve.png")
    assert ran.code == 0, ran.err
    words = (
        "Right of 539 test rows, 10 classes",
        "2 draws",
        "fine-tuned",
        "from scratch",
        "±",
        "--test DATA",
        "runs.csv",
        "curve.png",
    )
    assert [w for w in words if w not in ran.out] == []
    assert "100 labels, draw 2 of 2" in ran.err
    frame = pl.read_csv("runs.csv")
    assert frame.columns == ["method", "labels", "draw", "accuracy"]
    assert len(frame) == 2 * 4 * 2
    with Image.open("curve.png") as picture:
        assert picture.width > 300
    assert "With 30 labels the encoder, trained further, is right for" in ran.out
    assert f"{model / 'report.html'} shows it" in ran.out
    assert (model / "report.html").read_text(encoding="utf-8") == "<!doctype html>"  # written anew
    curve = studies_of(store.load(model)).labels
    assert curve is not None
    assert (curve.counts, curve.seeds, curve.data) == ((30, 100), 2, "demo:digits")


def test_a_report_on_other_rows_stays(run: Run, model: Path) -> None:
    figures = model / "report.json"
    told = json.loads(figures.read_text(encoding="utf-8"))
    before = (model / "report.html").read_bytes()
    figures.write_text(json.dumps(told | {"evaluation": {"role": "other"}}), encoding="utf-8")
    ran = run("finetune", model, "demo:digits", "--labels", "30", "--seeds", "1", "-e", "1")
    assert f"diabolo report {model} DATA" in ran.out
    assert (model / "report.html").read_bytes() == before
    assert (model / "studies" / "labels.json").is_file()


def test_a_folder_that_cannot_be_written_to_is_told(run: Run, model: Path) -> None:
    (model / "studies").write_text("in the way")
    ran = run("finetune", model, "demo:digits", "--labels", "30", "--seeds", "1", "-e", "1")
    assert (ran.code, "The curve was not kept in the model folder" in ran.err) == (0, True), ran.err
    assert "fine-tuned" in ran.out


def test_as_data_and_judged_by_other_rows(run: Run, table: Path, table_model: Path, blank_report: None) -> None:
    found = run("finetune", table_model, table, "--labels", "10,all", "--seeds", "1", "-e", "1", "--test", table, "--json").json
    assert [a["labels"] for a in found["accuracies"]] == [10] * 4 + [60] * 4
    assert (found["classes"], found["test_rows"], found["apart"], found["pool"]) == (["down", "up"], 60, True, 60)
    shown = run("finetune", table_model, table, "--labels", "10", "--seeds", "1", "-e", "1", "--test", table)
    assert "±" not in shown.out
    assert "--test DATA" not in shown.out


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (["--labels", "1"], 1, "1 label for 2 classes are too few"),
        (["--labels", "many"], 2, "such as 30,100,all; got 'many'"),
        (["--labels", "0"], 2, "at least 1"),
        (["--labels", "900"], 1, "There are 42 rows to draw labels from"),
        (["--label", "machin"], 1, "Did you mean 'machine'?"),
        (["-o", "runs.png"], 2, ".csv, .npz or .parquet"),
        (["--picture", "curve.gif"], 2, ".png"),
    ],
)
def test_wrong_words(run: Run, table: Path, table_model: Path, more: list[str], code: int, words: str) -> None:
    ran = run("finetune", table_model, table, *more)
    assert (ran.code, words in ran.err, ran.out) == (code, True, ""), ran.err


def test_data_without_labels(run: Run, table: Path, table_model: Path) -> None:
    lines = [line.split(";") for line in table.read_text(encoding="utf-8").splitlines()]
    Path("bare.csv").write_text("\n".join(";".join(line[1:]) for line in lines) + "\n", encoding="utf-8")
    ran = run("finetune", table_model, "bare.csv")
    assert (ran.code, "--label COLUMN" in ran.err) == (1, True), ran.err


def test_a_classifier_is_kept_listed_shown_and_applied(run: Run, table: Path, table_model: Path) -> None:
    ran = run("finetune", table_model, table, "--labels", "10", "--seeds", "1", "-e", "2", "-o", "kept")
    assert (ran.code, "Classifier: kept" in ran.out) == (0, True), ran.err
    listed = run("list", ".").out
    assert "classifier from plain" in listed
    assert "autoencoder" not in listed
    shown = run("show", "kept").out
    assert [
        w for w in ("2 classes, down, up", "60;", "kept/autoencoder: plain", "diabolo classify kept") if w not in shown
    ] == []
    assert run("show", "kept", "--json").json["autoencoder"]["recipe"] == "plain"
    ran = run("classify", "kept", table, "-o", "labels.csv")
    assert (ran.code, "of the 60 rows that come with a label" in ran.out) == (0, True), ran.err
    frame = pl.read_csv("labels.csv")
    assert frame.columns == ["part", "machine", "predicted", "p(down)", "p(up)"]
    assert set(frame["predicted"]) <= {"down", "up"}
    right = (frame["predicted"] == frame["machine"]).mean()
    found = run("classify", "kept", table, "--json").json
    assert (found["right"], found["labeled"], found["rows"], found["unseen"]) == (right, 60, 60, [])
    bare = Path("bare.csv")
    bare.write_text("temp;press;flow\n1,0;2,0;3,0\n", encoding="utf-8")
    found = run("classify", "kept", bare, "--json").json
    assert (found["rows"], found["right"], sum(found["probabilities"][0])) == (1, None, pytest.approx(1))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("classify", "{model}", "{table}"), 2, "diabolo finetune"),
        (("classify", "nothing", "{table}"), 1, "no classifier's folder"),
        (("classify", "kept", "{table}", "-o", "labels.txt"), 2, ".csv, .npz or .parquet"),
        (("embed", "kept", "{table}", "-o", "codes.csv"), 1, "diabolo classify kept"),
        (("finetune", "{model}", "{table}", "--labels", "10", "-o", "kept"), 1, "not empty"),
    ],
)
def test_folders_that_are_something_else(
    run: Run, table: Path, table_model: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    Path("kept").mkdir()
    Path("kept/classifier.json").write_text("{}", encoding="utf-8")
    ran = run(*(word.format(model=table_model, table=table) for word in words))
    assert (ran.code, says in ran.err) == (code, True), ran.err
