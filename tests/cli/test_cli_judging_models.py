"""``diabolo diagnose`` and ``diabolo sweep``: what they say, the files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo import load
from diabolo.cli.diagnosing import Patient, show
from diabolo.jobs.diagnosis.diagnose import Check, Diagnosis
from diabolo.jobs.findings import Finding
from diabolo.jobs.studies import studies_of
from tests.cli.conftest import Run


def test_a_model_on_its_held_out_rows(run: Run, digits_model: Path) -> None:
    ran = run("diagnose", digits_model)
    assert ran.code == 0, ran.err
    words = ("held-out rows of demo:digits", "In order:", "Not asked:", "unfinished training", "How far noise moves a code")
    assert [w for w in words if w not in ran.out] == []
    assert "→ Train longer" in ran.out


def test_what_is_measured_is_not_called_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    check = Check("unsteady codes", "measured", Finding("diagnosis.steady.alone", {"model": 0.25}), None, 0.25)
    show(Diagnosis((check,), 5), Patient(None, None, None, None, "5 rows"))
    said = capsys.readouterr().out
    assert "Measured, with nothing to judge it by:" in said
    assert "- unsteady codes: Noise of a quarter" in said
    assert "In order:" not in said


def test_a_diagnosis_as_data_and_with_factors(run: Run, table: Path, table_model: Path) -> None:
    found = run("diagnose", table_model, table, "--factors", "machine,temp", "--json").json
    assert {c["name"] for c in found["checks"]} >= {"overfitting", "copying", "holes"}
    assert all(c["text"] for c in found["checks"])
    assert found["disentanglement"]["model"]["names"] == ["machine", "temp"]
    assert found["rows"] == 60
    told = run("diagnose", table_model, table, "--training", table, "--factors", "temp")
    assert "PCA, as many numbers" in told.out
    assert "random forests" in told.out


def test_factors_in_a_file(run: Run, digits_model: Path) -> None:
    np.save("factors.npy", np.arange(1797 * 2).reshape(1797, 2) / 7)
    assert "factor 1" in run("diagnose", digits_model, "demo:digits", "--factors", "factors.npy").out
    lines = ["slant,width", *(f"{i / 7},{i % 5}" for i in range(1797))]
    Path("factors.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "Factors slant, width, " in run("diagnose", digits_model, "demo:digits", "--factors", "factors.csv").out
    np.save("few.npy", np.zeros((3, 2)))
    ran = run("diagnose", digits_model, "demo:digits", "--factors", "few.npy")
    assert (ran.code, "few.npy has 3 rows, and demo:digits has 1797" in ran.err) == (1, True)


def test_without_data_what_travels_with_the_model_is_judged(run: Run, digits_model: Path) -> None:
    made = load(digits_model).save("bare")
    ran = run("diagnose", made)
    assert ran.code == 0, ran.err
    assert "does not say which data it was trained on" in ran.err
    assert "what travels with the model" in ran.out


def test_widths_of_a_table(run: Run, table: Path) -> None:
    ran = run("sweep", table, "-k", "1,2", "-e", "3", "--label", "machine", "--id", "part", "--picture", "curve.svg")
    assert ran.code == 0, ran.err
    words = ("Suggested:", "latent_dim", "held-out error", "PCA's", "of shuffled cells", "curve.svg")
    assert [w for w in words if w not in ran.out] == []
    assert "1 of 2: a code of 1" in ran.err
    assert Path("curve.svg").read_text(encoding="utf-8").startswith("<svg")


def test_widths_of_pictures_as_data(run: Run) -> None:
    options = ["-k", "2,70", "-e", "1", "-n", "mlp", "--picture", "curve.png", "--pictures", "widths.png", "--json"]
    found = run("sweep", "demo:digits", *options).json
    assert [w["latent_dim"] for w in found["widths"]] == [2, 70]
    assert "wider than a row of 64" in found["warnings"][0]
    for name in ("curve.png", "widths.png"):
        with Image.open(name) as picture:
            assert picture.width > 300


def test_a_model_of_the_suggested_width_is_kept(run: Run, table: Path, blank_report: None) -> None:
    asked = [table, "--label", "machine", "--id", "part", "-k", "1,2", "-e", "3", "-o", "kept"]
    ran = run("sweep", *asked)
    assert ran.code == 0, ran.err
    words = ("Suggested:", "held-out error", "Errors on held-out rows", "Model:   kept")
    assert [w for w in words if w not in ran.out] == []
    model = load("kept")
    found = studies_of(model.trained_).sweep
    assert found is not None
    assert model.latent_dim_ == found.suggestion.latent_dim
    assert f"A model of the suggested width, {model.latent_dim_}, on all rows" in ran.err
    assert model.trained_.config.data["rows"] == 60
    again = run("sweep", *asked)
    assert (again.code, "not empty" in again.err, again.out) == (1, True, "")
    found_too = run("sweep", *asked[:-1], "other", "--json").json
    assert found_too["model"]["latent_dim"] == found_too["suggestion"]["latent_dim"]
    assert run("train", "kept/run.toml", "-o", "twice", "--json").json["latent_dim"] == model.latent_dim_
    assert run("sweep", "kept", "-k", "1,2", "-o", "more").code == 2


def test_layers_one_by_one(run: Run, table: Path, blank_report: None) -> None:
    asked = ["layerwise", table, "--label", "machine", "--id", "part", "-k", "2", "-e", "6", "-s", "network.widths=6,4"]
    ran = run(*asked, "--picture", "ways.svg", "-o", "kept")
    assert ran.code == 0, ran.err
    words = ("layer by layer", "random start", "batch normalization", "residual network", "PCA, as many numbers")
    more = ("error, sigmoid", "error, silu", "seconds", "a quarter of a gradient", "Model:   kept", "ways.svg")
    assert [w for w in (*words, *more) if w not in ran.out] == []
    assert "1 of 8: layer by layer, sigmoid" in ran.err
    model = load("kept")
    found = studies_of(model.trained_).layerwise
    assert found is not None
    network = model.trained_.config.composition.to_json()["network"]
    best = found.best_at_once
    assert (network["widths"], network["activation"], network["skip"]) == ([6, 4], best.activation, best.way == "skip")
    plain = run(*asked, "--activations", "silu", "--json").json
    assert [t["way"] for t in plain["trainings"]] == ["layers", "random", "batch", "skip"]
    assert plain["verdict"]
    assert plain["pca"] > 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sweep", "demo:digits", "-k", "4"], 2, "--latents expects auto, or two or more whole numbers"),
        (["sweep", "demo:digits", "-k", "a,b"], 2, "got 'a,b'"),
        (["sweep", "demo:digits", "--recipe", "plan"], 2, "Did you mean 'plain'?"),
        (["sweep", "demo:digits", "--picture", "curve.gif"], 2, "should be .png or .svg"),
        (["sweep", "demo:digits", "--recipe", "upscaling", "-k", "2,4", "-e", "1"], 1, "gives something else"),
        (["layerwise", "DATA", "--label", "machine", "--id", "part", "--activations", "silo"], 2, "Did you mean 'silu'?"),
        (["layerwise", "DATA", "--label", "machine", "--id", "part", "-r", "cvae"], 1, "told labels"),
        (["layerwise", "DATA", "--label", "machine", "--id", "part", "-e", "2"], 2, "needs at least"),
        (["layerwise", "DATA", "--picture", "ways.gif"], 2, "should be .png or .svg"),
        (["diagnose", "nowhere"], 1, "nowhere is not there"),
        (["diagnose", "MODEL", "--factors", "a"], 2, "--factors goes with DATA"),
        (["diagnose", "MODEL", "--training", "a"], 2, "--training goes with DATA"),
        (["diagnose", "MODEL", "DATA", "--factors", "machin"], 1, "Did you mean 'machine'?"),
        (
            ["diagnose", "MODEL", "DATA", "--factors", "nope"],
            1,
            "Known: flow, machine, part, press, temp. It was asked for as a factor.\n",
        ),
        (["diagnose", "MODEL", "DATA", "--factors", "a,,b"], 2, "--factors expects columns such as a,b,c"),
        (["sweep", "DATA", "--label", "machine", "--id", "part", "--pictures", "out.png"], 2, "these data are a table"),
    ],
)
def test_wrong_words(run: Run, table: Path, table_model: Path, words: list[str], code: int, said: str) -> None:
    given = [{"MODEL": str(table_model), "DATA": str(table)}.get(w, w) for w in words]
    ran = run(*given)
    assert (ran.code, said in ran.err) == (code, True), ran.err
