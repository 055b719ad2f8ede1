"""Wrong input of every kind: one clear paragraph on stderr, the right exit code, nothing left behind, nothing lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from diabolo.errors import ParameterError
from tests.cli.conftest import Run
from tests.helpers import folder_bytes

TRAIN = ["train", "demo:digits", "-e", "1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*TRAIN, "--recipe", "vea"], "Did you mean 'vae'?"),
        ([*TRAIN, "--network", "convv"], "Did you mean 'conv'?"),
        ([*TRAIN, "--bottleneck", "gausian"], "Did you mean 'gaussian'?"),
        ([*TRAIN, "--corruption", "maks"], "Did you mean 'mask'?"),
        ([*TRAIN, "--likelihood", "msee"], "Did you mean 'mse'?"),
        ([*TRAIN, "--regularizer", "contractiv"], "Did you mean 'contractive'?"),
        ([*TRAIN, "--optimizer", "adamm"], "Did you mean 'adam'?"),
        ([*TRAIN, "--set", "bottleneck.beta=4"], "There is no option"),
        ([*TRAIN, "--recipe", "vae", "--set", "bottleneck.beta=-1"], "at least 0"),
        ([*TRAIN, "--recipe", "vae", "--set", "bottleneck.beta=much"], "expects a number, got 'much'"),
        ([*TRAIN, "--set", "optimizer.warmup=2"], "between 0 and 0.9"),
        ([*TRAIN, "--set", "optimizer.clipp=1"], "Did you mean 'clip'?"),
        ([*TRAIN, "--set", "corruption.std=1"], "this model has no corruption"),
        ([*TRAIN, "--set", "network.widths=1,,2"], "whole numbers such as 256,128"),
        ([*TRAIN, "--recipe", "vae", "--set", "bottleneck.beta=inf"], "finite"),
        ([*TRAIN, "--set", "beta"], "PART.OPTION=VALUE"),
        ([*TRAIN, "--set", "decoder.beta=1"], "network.OPTION"),
        ([*TRAIN, "--size", "xl"], "s, m, l"),
        ([*TRAIN, "--validation", "1.5"], "below 1"),
        ([*TRAIN, "--learning-rate", "0"], "above 0"),
        ([*TRAIN, "--budget", "soon"], "60s, 2m or 1h30m"),
        ([*TRAIN, "--budget", "0"], "60s, 2m or 1h30m"),
        ([*TRAIN, "--device", "abacus"], "'auto' or 'cpu'"),
        ([*TRAIN, "--precision", "float7"], "float32"),
        ([*TRAIN, "--image-shape", "28"], "HEIGHTxWIDTH"),
        ([*TRAIN, "--value-range", "0"], "LOW,HIGH"),
        ([*TRAIN, "--kind", "tabel"], "Did you mean 'table'?"),
        ([*TRAIN, "--resume"], "-o FOLDER"),
        (["train", "digits"], "Did you mean 'demo:digits'?"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "",
)
def test_wrong_options(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith("Error: ")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


def _empty(path: Path) -> None:
    path.write_text("", encoding="utf-8")


def _one_row(path: Path) -> None:
    path.write_text("a,b\n1,2\n", encoding="utf-8")


def _constant(path: Path) -> None:
    path.write_text("a,b\n" + "1,2\n" * 9, encoding="utf-8")


def _infinite(path: Path) -> None:
    path.write_text("a,b\n1,2\n3,inf\n5,\n", encoding="utf-8")


def _words(path: Path) -> None:
    path.write_text("a,size\n1,2\n2,three\n3,1\n", encoding="utf-8")


def _dates(path: Path) -> None:
    path.write_text("a,born\n1,31.01.2020\n2,31.02.2020\n3,01.02.2020\n", encoding="utf-8")


def _ragged(path: Path) -> None:
    path.write_text("a,b\n1,2\n3,4,5\n6,7\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_empty, "is empty"),
        (_one_row, "at least 2"),
        (_constant, "constant"),
        (_infinite, "1 in column 'b'"),
        (_words, "--ignore"),
        (_dates, "'31.02.2020' in column 'born' is no date, and 2 of 3"),
        (_ragged, "line 3"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_wrong_tables(run: Run, tmp_path: Path, write: Callable[[Path], None], said: str) -> None:
    write(Path("mine.csv"))
    ran = run("train", "mine.csv", "-e", "1")
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.csv"]


def test_wrong_places(run: Run, digits_model: Path) -> None:
    before = folder_bytes(digits_model)
    ran = run(*TRAIN, "-o", digits_model)
    assert (ran.code, "not empty" in ran.err, "--resume" in ran.err) == (1, True, False)
    ran = run("demo", "-o", digits_model)
    assert (ran.code, "not empty" in ran.err, "--resume" in ran.err) == (1, True, False)
    assert folder_bytes(digits_model) == before
    Path("file").touch()
    assert "is a file" in run(*TRAIN, "-o", "file").err
    Path("begun/checkpoints").mkdir(parents=True)
    assert "diabolo train DATA -o FOLDER --resume" in run(*TRAIN, "-o", "begun").err
    ran = run(*TRAIN, "-o", "file/model")  # a parent that is a file: no one can write there, not even root
    assert (ran.code, "cannot be written to" in ran.err) == (1, True)
    ran = run(*TRAIN, "-o", "nothing-yet", "--resume")
    assert (ran.code, "nothing to resume" in ran.err, Path("nothing-yet").exists()) == (1, True, False)


def test_places_are_looked_at_before_data_are_read(run: Run, digits_model: Path) -> None:
    assert "not empty" in run("train", "no-such.csv", "-o", digits_model).err


def test_model_and_data_in_the_wrong_order(run: Run, digits_model: Path) -> None:
    for verb, more in (("eval", []), ("embed", ["-o", "codes.csv"]), ("reconstruct", ["-o", "out.png"]), ("report", [])):
        ran = run(verb, "demo:digits", digits_model, *more)
        assert ran.code == 2
        assert f"diabolo {verb} {digits_model} demo:digits" in ran.err
    ran = run("train", digits_model)
    assert (ran.code, f"diabolo show {digits_model}" in ran.err) == (2, True)
    ran = run("eval", digits_model, digits_model)
    assert (ran.code, "MODEL DATA" in ran.err) == (2, True)


def test_a_model_that_is_not_there(run: Run) -> None:
    ran = run("eval", "nowhere", "demo:digits")
    assert (ran.code, "diabolo eval MODEL DATA" in ran.err) == (1, True)
    Path("begun/checkpoints").mkdir(parents=True)
    assert "--resume" in run("eval", "begun", "demo:digits").err
    Path("file").touch()
    assert "a file" in run("report", "file").err


def test_models_that_are_broken(run: Run, digits_model: Path) -> None:
    shutil.copytree(digits_model, "newer")
    config = json.loads(Path("newer/config.json").read_text(encoding="utf-8"))
    Path("newer/config.json").write_text(json.dumps(config | {"schema": 999}), encoding="utf-8")
    shutil.copytree(digits_model, "cut")
    weights = Path("cut/model.safetensors").read_bytes()
    Path("cut/model.safetensors").write_bytes(weights[: len(weights) // 2])
    shutil.copytree(digits_model, "pickled")
    Path("pickled/extra.pkl").write_bytes(b"")
    for folder in ("newer", "cut", "pickled"):
        ran = run("eval", folder, "demo:digits")
        assert (ran.code, ran.out) == (1, "")
        assert folder in ran.err


def test_data_of_another_kind(run: Run, digits_model: Path, table_model: Path) -> None:
    Path("numbers.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    for model, data in ((digits_model, "numbers.csv"), (table_model, "demo:digits")):
        ran = run("eval", model, data)
        assert (ran.code, "trained on" in ran.err) == (1, True)
    ran = run("eval", table_model, "numbers.csv")
    assert (ran.code, "- temp" in ran.err) == (1, True)


@pytest.mark.parametrize("ask", ["--debug", "DIABOLO_DEBUG"])
def test_debug_shows_where_an_error_came_from(run: Run, monkeypatch: pytest.MonkeyPatch, ask: str) -> None:
    words = [*TRAIN, "--recipe", "vea"]
    if ask.startswith("-"):
        words.append(ask)
    else:
        monkeypatch.setenv(ask, "1")
    with pytest.raises(ParameterError):
        run(*words)


@pytest.mark.parametrize("phase", ["diabolo.data.read", "diabolo.jobs.workshop.make", "diabolo.cli.app.application"])
def test_ctrl_c_ends_with_130_and_a_word(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, phase: str) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(phase, interrupted)
    ran = run(*TRAIN)
    assert (ran.code, ran.out, ran.err.splitlines()[-1]) == (130, "", "Error: Interrupted by Ctrl-C.")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_folder_in_a_list_is_called_damaged(run: Run, digits_model: Path) -> None:
    shutil.copytree(digits_model, "m")
    config = json.loads(Path("m/config.json").read_text(encoding="utf-8"))
    Path("m/config.json").write_text(json.dumps(config | {"data": None}), encoding="utf-8")
    ran = run("list", ".")
    assert (ran.code, "damaged" in ran.out) == (0, True)
