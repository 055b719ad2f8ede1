"""Studies that travel with a model: they come back from its folder, go with it, and are refused where they are damaged."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diabolo import load, store
from diabolo.errors import StoreError
from diabolo.jobs.diagnosis.sweep import Advice, Sweep, Width
from diabolo.jobs.findings import Finding
from diabolo.jobs.kept_rows import MOST, kept_rows
from diabolo.jobs.learning.label_curve import METHODS, Accuracy, LabelCurve
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy, Training
from diabolo.jobs.studies import Study, name_of, studies_of, with_study
from diabolo.jobs.train import Options, train
from diabolo.trained import Companion, Trained
from tests.helpers import folder_bytes, little_images, quick

ROWS = np.random.default_rng(0).uniform(-1, 1, (5, 1, 8, 8)).astype(np.float32)
NOTHING = np.zeros((0, 1), dtype=np.float32)
WHY = (Finding("widths.edge"), Finding("widths.beside", {"times": 1.2, "rival": Finding("diagnosis.rival.numbers", {"n": 2})}))


def a_sweep(**more: Any) -> Sweep:
    widths = (Width(2, 2, 0.5, 0.4, 0.6, 0.5, 0.1, 2, 1.5), Width(4, 16, 0.25, 0.0, None, 0.75, None, 9, 2.0, bits=12.0))
    known: dict[str, Any] = {"originals": ROWS, "pictures": (ROWS / 2, ROWS / 3), "value_range": (-1.0, 1.0)} | more
    warned = (Finding("wide.tried", {"n": 4, "cells": 3}),)
    return Sweep(
        "vae", "trees", widths, Advice(2, "kept", False, WHY), 1.0, 80, 20, 64, names=("a", "b"), warnings=warned, **known
    )


def a_curve() -> LabelCurve:
    points = tuple(Accuracy(m, n, (0.5, 0.7)) for n in (10, 20) for m in METHODS)
    return LabelCurve(points, ("ash", "oak"), 100, 30, apart=True, seeds=2, majority=0.5, data="trees")


def a_layer_study(**more: Any) -> LayerStudy:
    trainings = tuple(Training(way, f, 0.1 + i / 10, 1.0) for f in ("sigmoid", "silu") for i, way in enumerate(WAYS))
    known: dict[str, Any] = {"originals": ROWS, "pictures": (ROWS,) * 8, "value_range": (-1.0, 1.0)} | more
    return LayerStudy("plain", "trees", trainings, (8, 4), 2, 10, 1, 80, 20, 64, 1.0, 0.2, **known)


STUDIES = (a_sweep(), a_curve(), a_layer_study())


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(little_images(60), epochs=1)


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    for study in STUDIES:
        trained = with_study(trained, study)
    return store.save(trained, tmp_path / "m")


def test_they_come_back_from_a_model_folder(folder: Path) -> None:
    assert sorted(p.name for p in (folder / "studies").iterdir()) == [
        *("labels.json", "layerwise.json", "layerwise.safetensors", "sweep.json", "sweep.safetensors")
    ]
    back = studies_of(store.load(folder))
    assert back.sweep is not None
    assert back.labels == a_curve()
    assert back.layerwise is not None
    for found, given in ((back.sweep, a_sweep()), (back.layerwise, a_layer_study())):
        assert json.loads(json.dumps(found.to_dict())) == json.loads(json.dumps(given.to_dict()))
        for x, y in zip((found.originals, *found.pictures), (given.originals, *given.pictures), strict=True):
            np.testing.assert_allclose(x, y, atol=1 / 255 + 1e-6)  # half a step of a byte over a range of 2
        assert found.value_range == given.value_range
    assert (back.sweep.suggestion, back.sweep.warnings, back.sweep.names) == (
        *(a_sweep().suggestion, a_sweep().warnings, a_sweep().names),
    )
    assert back.sweep.widths == a_sweep().widths
    assert back.layerwise.widths == (8, 4)
    assert set(back.to_dict()) == {"sweep", "labels", "layerwise"}


@pytest.mark.parametrize("make", [a_sweep, a_layer_study])
def test_rows_of_tables_are_not_kept(make: Any, trained: Trained, tmp_path: Path) -> None:
    given = make(originals=ROWS[:, 0, 0], pictures=(ROWS[:, 0, 0],) * (2 if make is a_sweep else 8), value_range=None)
    path = store.save(with_study(trained, given), tmp_path / "m")
    assert [p.suffix for p in (path / "studies").iterdir()] == [".json"]
    back: Any = getattr(studies_of(store.load(path)), name_of(given))
    assert back.to_dict() == given.to_dict()
    assert (len(back.originals), len(back.pictures)) == (0, len(given.pictures))


def test_of_large_pictures_fewer_rows_are_kept() -> None:
    large = np.zeros((8, 3, 512, 512), dtype=np.float32)
    kept = kept_rows([large, large], (0.0, 1.0))["rows"]
    assert kept.shape == (2, 2, 3, 512, 512)
    assert kept.size <= MOST
    assert kept_rows([large[:, :, :4, :4]], (0.0, 1.0))["rows"].shape == (1, 8, 3, 4, 4)
    huge = np.zeros((2, 1, 2048, 2048), dtype=np.float32)
    assert kept_rows([huge], (0.0, 1.0))["rows"].shape[1] == 1  # one there must be


def test_one_more_leaves_the_model_and_the_others(folder: Path) -> None:
    before = folder_bytes(folder)
    other = dataclasses.replace(a_curve(), data="other trees")
    store.keep_study(folder, "labels", other.kept())
    after = folder_bytes(folder)
    assert [name for name in after if before.get(name) != after[name]] == [str(Path("studies") / "labels.json")]
    assert studies_of(store.load(folder)).labels == other
    without = a_sweep(originals=NOTHING, pictures=(NOTHING, NOTHING), value_range=None)
    store.keep_study(folder, "sweep", without.kept())
    assert not (folder / "studies" / "sweep.safetensors").exists()


def test_a_folder_of_before_has_none(trained: Trained, tmp_path: Path) -> None:
    path = store.save(trained, tmp_path / "m")
    assert not (path / "studies").exists()
    found = store.load(path)
    assert (dict(found.studies), studies_of(found).to_dict()) == ({}, {})


def test_another_model_in_the_folder_takes_them_away(folder: Path, trained: Trained) -> None:
    (folder / "studies" / "notes.txt").write_text("mine")
    store.save(with_study(trained, a_curve()), folder)
    assert sorted(p.name for p in (folder / "studies").iterdir()) == ["labels.json", "notes.txt"]


def test_learning_more_forgets_them(trained: Trained) -> None:
    carried = with_study(trained, a_curve())
    assert dict(train(little_images(60), Options(epochs=1), start=carried).studies) == {}
    assert list(carried.studies) == ["labels"]


def test_what_a_later_version_found_is_carried_along(trained: Trained, tmp_path: Path) -> None:
    path = store.save(trained.with_study("music", Companion({"songs": 3})), tmp_path / "m")
    back = load(path)
    assert back.trained_.studies["music"].data == {"songs": 3}
    assert studies_of(back.trained_).to_dict() == {}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("sweep.json", "{", "no JSON"),
        ("sweep.json", "{}", "no valid schema number"),
        ("labels.json", '{"schema": 99}', "newer Diabolo"),
        ("layerwise.safetensors", "x", "damaged or cut short"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str, text: str, says: str) -> None:
    (folder / "studies" / name).write_text(text)
    with pytest.raises(StoreError, match=says) as raised:
        store.load(folder)
    assert name in str(raised.value)


@pytest.mark.parametrize("study", STUDIES, ids=name_of)
def test_one_that_does_not_fit_together_is_named(study: Study, trained: Trained) -> None:
    kept = study.kept()
    lost = dict(kept.data)
    del lost["data"]
    shorter = {name: rows[:1] for name, rows in kept.arrays.items()}
    for damaged in [Companion(lost, kept.arrays), *([Companion(kept.data, shorter)] if shorter else [])]:
        with pytest.raises(StoreError, match=f"study '{name_of(study)}' is damaged"):
            studies_of(trained.with_study(name_of(study), damaged))
