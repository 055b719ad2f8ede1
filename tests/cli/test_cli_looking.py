"""The commands that only look: list, show, doctor."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from diabolo.cli import machine
from diabolo.composition import FAMILIES
from diabolo.recipes import RECIPES
from diabolo.training.optimizers import OPTIMIZERS
from tests.cli.conftest import Run

LISTS = {
    "recipes": list(RECIPES),
    "networks": [p.name for p in FAMILIES["network"]],
    "bottlenecks": [p.name for p in FAMILIES["bottleneck"]],
    "corruptions": [p.name for p in FAMILIES["corruption"]],
    "likelihoods": [p.name for p in FAMILIES["likelihood"]],
    "regularizers": [p.name for p in FAMILIES["regularizers"]],
    "optimizers": [p.name for p in OPTIMIZERS],
    "data": ["demo:digits", "mnist", "fashion-mnist", "kmnist"],
}


@pytest.mark.parametrize("what", LISTS)
def test_lists_name_everything_with_a_line_each(run: Run, what: str) -> None:
    found = run("list", what, "--json").json[what]
    assert [row["name"] for row in found] == LISTS[what]
    assert all(len(row["about"]) > 10 and "\n" not in row["about"] and "`" not in row["about"] for row in found)
    assert all(name in run("list", what).out for name in LISTS[what])


def test_models_below_a_folder(run: Run, digits_model: Path) -> None:
    shutil.copytree(digits_model, "here/deep/digits")
    shutil.copytree(digits_model, "here/broken")
    Path("here/broken/config.json").write_text('{"schema": ', encoding="utf-8")
    Path("here/other").mkdir()
    Path("here/other/config.json").write_text('{"recipe": "of another program"}', encoding="utf-8")
    found = {Path(m["folder"]).name: m for m in run("list", "--json").json["models"]}
    assert set(found) == {"digits", "broken"}
    assert found["digits"]["recipe"] == "vae"
    assert (found["digits"]["data"], found["digits"]["epochs"], found["digits"]["latent_dim"]) == ("demo:digits", 2, 4)
    table = json.loads(Path("here/deep/digits/metrics.json").read_text(encoding="utf-8"))["table"]
    assert [found["digits"]["error"], found["digits"]["pca"]] == [row["errors"]["mse"] for row in table[:2]]
    assert found["broken"]["recipe"] == "damaged"
    assert "vae" in run("list", "here").out
    assert [m["folder"] for m in run("list", "here/deep", "--json").json["models"]] == [str(Path("here/deep/digits"))]


def test_a_list_of_nothing_says_how_to_begin(run: Run) -> None:
    assert "diabolo demo" in run("list").out


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_shown_with_paper_and_parts(run: Run, name: str) -> None:
    found = run("show", name, "--json").json["found"]
    recipe = next(f for f in found if f["family"] == "recipe")
    assert recipe["paper"] == RECIPES[name].paper
    assert set(recipe["parts"]) == {"images", "tables"}
    said = run("show", name).out
    assert all(text in said for text in (RECIPES[name].what, RECIPES[name].when, RECIPES[name].paper))


def test_what_differs_between_images_and_tables_is_shown_for_both(run: Run) -> None:
    said = run("show", "denoising").out
    assert "images: bottleneck plain, corruption gaussian-noise (std=0.3)" in said
    assert "tables: bottleneck plain, corruption mask (fraction=0.2)" in said


def test_every_option_of_every_part_can_be_looked_up(run: Run) -> None:
    for part in (p for family in (*FAMILIES.values(), OPTIMIZERS) for p in family):
        documents = [f for f in run("show", part.name, "--json").json["found"] if "options" in f]
        described = {row["name"] for f in documents for row in f["options"]}
        assert {f.name for f in dataclasses.fields(part)} <= described


def test_options_are_shown_as_they_are_set(run: Run) -> None:
    said = run("show", "mse").out
    assert "likelihood gaussian (also: mse)" in said
    assert "likelihood.variance" in said
    assert "one of fixed, shared, cell" in said
    assert "regularizers.contractive.weight" in run("show", "contractive").out
    assert ":func:" not in run("show", "gaussian").out


def test_a_data_set_is_shown_with_its_source(run: Run) -> None:
    assert "arxiv.org/abs/1708.07747" in run("show", "fashion-mnist").out


def test_a_model_is_shown_with_its_choices_sizes_and_log(run: Run, digits_model: Path) -> None:
    said = run("show", digits_model).out
    words = (
        "vae, 1×8×8 → 4 → back",
        "demo:digits, 1797 rows",
        "bottleneck gaussian",
        "weights",
        "optimizer",
        "Training log",
        "PCA",
    )
    assert [w for w in words if w not in said] == []
    found = run("show", digits_model, "--json").json
    assert found["composition"]["bottleneck"]["name"] == "gaussian"
    assert found["weights"] > 1000
    assert found["layers"]["encoder"] >= 2
    assert len(found["history"]) == 2
    assert found["metrics"]["rows"] == 178


def test_names_that_nothing_has(run: Run, tmp_path: Path) -> None:
    ran = run("show", "denosing")
    assert (ran.code, "Did you mean 'denoising'?" in ran.err) == (2, True)
    ran = run("list", "recipe")
    assert (ran.code, "Did you mean 'recipes'?" in ran.err) == (2, True)
    Path("empty").mkdir()
    ran = run("show", "empty")
    assert (ran.code, "no model folder" in ran.err) == (1, True)


def test_the_doctor_sees_the_machine(run: Run) -> None:
    import torch

    found = run("doctor", "--json").json
    assert found["ok"] is True
    assert torch.__version__ in found["facts"]["packages"]
    assert {"python", "device", "precision", "threads", "memory", "here", "cache"} <= set(found["facts"])
    assert "python:" in run("doctor").out


def test_the_doctor_names_what_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    known = machine._version
    monkeypatch.setattr(machine, "_version", lambda name: None if name in ("fastexcel", "polars") else known(name))
    monkeypatch.setattr(machine, "memory", lambda: (4e9, 2e8))
    monkeypatch.setattr(machine, "_cores", lambda: 64)
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    monkeypatch.setenv("DIABOLO_DATA", "no-such-folder")
    monkeypatch.delattr("torch.optim.Muon", raising=False)
    ran = run("doctor", "--json")
    assert ran.code == 1
    assert "pip install polars" in ran.json["fatal"][0]
    told = " ".join(ran.json["problems"])
    assert [w for w in ("xlsx", "200.0 MB", "OMP_NUM_THREADS", "DIABOLO_DATA", "Muon") if w not in told] == []


def test_the_doctor_survives_a_broken_torch(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    ran = run("doctor")
    assert ran.code == 1
    assert "PyTorch cannot be imported" in ran.out
