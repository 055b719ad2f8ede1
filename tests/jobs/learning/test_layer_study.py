"""A deep network trained in four ways: the trainings are what they are called, judged on rows none saw; and what follows."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch

from diabolo import Autoencoder
from diabolo.baselines.pca import fit_pca
from diabolo.data.split import split
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy, Training, kept_as, layer_study
from diabolo.jobs.learning.layer_verdict import layer_verdict
from diabolo.jobs.learning.layerwise import train_layerwise
from diabolo.jobs.train import Options, train
from diabolo.parts.networks import Mlp
from diabolo.report.language import LANGUAGES, language
from tests.helpers import little_images, low_rank

PICTURES = little_images(90)
WIDTHS = ("network.widths", "16,8")
GIVEN = Options(latent_dim=3, epochs=8, batch_size=32, optimizer="adam", seed=0, settings=(WIDTHS,))


@pytest.fixture(scope="module")
def found() -> LayerStudy:
    return layer_study(PICTURES, GIVEN)


def test_what_was_trained(found: LayerStudy) -> None:
    assert [(t.way, t.activation) for t in found.trainings] == [(w, a) for a in ("sigmoid", "silu") for w in WAYS]
    assert (found.widths, found.numbers, found.cells) == ((16, 8), 3, 64)
    assert (found.epochs, found.stage_epochs) == (8, 1)  # half of eight over three layers
    assert found.activations == ("sigmoid", "silu")
    assert all(t.seconds > 0 for t in found.trainings)
    assert [p.shape for p in found.pictures] == [found.originals.shape] * 8
    assert json.loads(json.dumps(found.to_dict()))["trainings"][0]["way"] == "layers"
    assert found.best_at_once.way != "layers"


def test_errors_are_of_the_same_trainings_on_rows_none_of_them_saw(found: LayerStudy) -> None:
    rows, held = (part.numpy() for part in split(90, 0.2))
    assert (found.rows, found.held_out) == (len(rows), len(held))
    networks: dict[str, Any] = {"layers": {}, "random": {}, "batch": {"normalization": "batch"}, "skip": {"skip": True}}
    judged = PICTURES[held] / 255.0
    for way, parts in networks.items():
        own = dataclasses.replace(GIVEN, settings=(), network=Mlp(widths=(16, 8), activation="sigmoid", **parts))
        if way == "layers":
            made = train_layerwise(PICTURES[rows], dataclasses.replace(own, epochs=5), stage_epochs=1)
        else:
            made = train(PICTURES[rows], own)
        restored = Autoencoder.from_trained(made).reconstruct(PICTURES[held] / 255.0 * 255)
        error = np.square(judged - np.asarray(restored, dtype=np.float64) / 255).mean()
        assert found.at(way, "sigmoid").error == pytest.approx(error, rel=0.02), way  # bytes are rounded
    flat = torch.from_numpy(judged).flatten(1).numpy()
    assert found.variance == pytest.approx(flat.var(axis=0).mean(), rel=1e-4)
    inner, _ = split(len(rows), 0.1)
    pca = fit_pca((PICTURES[rows][inner.numpy()] / 255.0).reshape(len(inner), -1).astype(np.float32), 3)
    assert found.pca == pytest.approx(np.square(flat - pca.reconstruct(flat.astype(np.float32))).mean(), rel=1e-3)


def test_depth_follows_from_the_data() -> None:
    told: list[tuple[int, int, str, str]] = []
    few = dataclasses.replace(GIVEN, settings=(), latent_dim=None, epochs=6)
    found = layer_study(low_rank(40), few, activations=["silu"], tell=lambda *given: told.append(given))
    assert found.widths == (64, 32, 16, 8)
    assert told[0] == (1, 4, "layers", "silu")
    assert found.value_range is None
    best = kept_as(few, found)
    network = train(low_rank(40), dataclasses.replace(best, epochs=1)).config.composition.network
    assert isinstance(network, Mlp)
    assert (network.widths, network.activation) == (found.widths, "silu")
    assert (network.normalization, network.skip) == (
        "batch" if found.best_at_once.way == "batch" else "none",
        found.best_at_once.way == "skip",
    )
    assert best.epochs == 6


def errors(**given: tuple[float, float, float, float]) -> LayerStudy:
    """Errors of the four ways by activation; the mean's is 1, PCA's 0.3."""
    lines = tuple(Training(w, a, e, 1.0) for a, line in given.items() for w, e in zip(WAYS, line, strict=True))
    none = np.zeros((0, 1))
    return LayerStudy("plain", "", lines, (8, 4), 2, 10, 1, 80, 20, 64, 1.0, 0.3, none, (none,) * len(lines), None)


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"sigmoid": (0.8, 0.95, 0.3, 0.2)}, ["helps.stuck", "today", "why", "pca.better"]),
        ({"sigmoid": (0.6, 0.7, 0.6, 0.61)}, ["helps", "today.not", "why", "pca.worse"]),
        ({"sigmoid": (0.95, 0.92, 0.3, 0.31)}, ["stuck", "today", "why", "pca.even"]),
        ({"silu": (0.5, 0.4, 0.3, 0.35)}, ["loses", "today", "pca.even"]),
        ({"silu": (0.95, 0.4, 0.3, 0.35)}, ["loses", "today", "pca.even"]),
        ({"relu": (0.2, 0.2, 0.2, 0.2)}, ["even", "today.not", "pca.better"]),
    ],
)
def test_what_follows(given: dict[str, Any], keys: list[str]) -> None:
    said = layer_verdict(errors(**given))
    assert [f.key.removeprefix("layers.") for f in said] == keys
    for code in LANGUAGES:
        assert all("{" not in language(code).say(f) for f in said)


@pytest.mark.parametrize(
    ("changes", "activations", "error", "words"),
    [
        ({"network": "conv"}, ["silu"], UnsupportedError, "network 'conv'"),
        ({"recipe": "cvae"}, ["silu"], UnsupportedError, "told labels"),
        ({"recipe": "upscaling"}, ["silu"], UnsupportedError, "enlarge"),
        ({"epochs": 3}, ["silu"], ParameterError, "at least 4 epochs"),
        ({"time_budget": 5.0}, ["silu"], ParameterError, "give epochs"),
        ({"settings": (("network.skip", "true"),)}, ["silu"], ParameterError, r"network\.skip: that is what is compared"),
        ({}, ["silo"], ParameterError, "Did you mean 'silu'"),
        ({}, [], ParameterError, "one or several different names"),
        ({}, ["silu", "silu"], ParameterError, "one or several different names"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], activations: list[str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        layer_study(PICTURES, dataclasses.replace(GIVEN, **changes), activations=activations)


def test_too_few_rows() -> None:
    with pytest.raises(DataError, match="layer by layer needs at least 20 rows"):
        layer_study(PICTURES[:10], GIVEN)
