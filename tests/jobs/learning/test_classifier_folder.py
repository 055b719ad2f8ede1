"""A classifier's folder: the same answers after loading, no pickle, and what is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diabolo import Autoencoder, FineTunedClassifier, load
from diabolo.errors import StoreError, UnsafeError
from diabolo.jobs.learning.classifier_folder import BASE, MARK, WEIGHTS, load_classifier, save_classifier
from diabolo.jobs.learning.finetune import FineTuned, Tuning, fine_tune
from diabolo.parts.networks import Conv, Mlp
from diabolo.store.files import read_arrays, write_arrays
from tests.helpers import little_images, low_rank, quick, same_weights

X = low_rank(90)
BRIEF = Tuning(epochs=2, seed=0)
CLASSES: dict[str, Any] = {
    "int64": np.array([3, -1, 7]),
    "uint8": np.array([3, 1, 7], dtype=np.uint8),
    "float64": np.array([0.0, 1.0, 2.0]),
    "bool": np.array([False, True]),
    "text": np.array(["up", "down", "ä"]),
    "object": np.array(["up", "down", "ä"], dtype=object),
}


@cache
def tuned(name: str = "text") -> FineTuned:
    values = CLASSES[name]
    return fine_tune(quick(X, latent_dim=3, network=Mlp(widths=(8,))), X, values[np.arange(len(X)) % len(values)], BRIEF)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_come_back_with_their_dtype_and_answers_bit_for_bit(name: str, tmp_path: Path) -> None:
    found = load_classifier(save_classifier(tuned(name), tmp_path / "made"))
    assert found.classes.dtype == tuned(name).classes.dtype
    np.testing.assert_array_equal(found.classes, tuned(name).classes)
    np.testing.assert_array_equal(found.probabilities(X), tuned(name).probabilities(X))
    assert found.to_dict() == tuned(name).to_dict()
    assert same_weights(found.base, tuned(name).base)


@pytest.mark.parametrize("network", [Conv(normalization="batch"), Mlp(widths=(8,))])
def test_pictures_and_statistics_of_batches(network: Any, tmp_path: Path) -> None:
    images = little_images(40)
    found = fine_tune(quick(images, network=network, latent_dim=4), images, np.arange(40) % 2, BRIEF)
    back = load_classifier(save_classifier(found, tmp_path / "made"))
    np.testing.assert_array_equal(back.probabilities(images), found.probabilities(images))
    np.testing.assert_array_equal(
        back.module(torch.from_numpy(images)).detach(), found.module(torch.from_numpy(images)).detach()
    )


def test_the_estimator_comes_back(tmp_path: Path) -> None:
    y = np.arange(len(X)) % 3
    ae = Autoencoder("plain", network=Mlp(widths=(8,)), latent_dim=3, epochs=2, random_state=0).fit(X)
    made = FineTunedClassifier(ae, epochs=2, dropout=0.1, random_state=0).fit(X, y)
    folder = made.save(tmp_path / "made")
    back = FineTunedClassifier.load(folder)
    np.testing.assert_array_equal(back.predict_proba(X), made.predict_proba(X))
    assert back.score(X, y) == made.score(X, y)
    assert (back.dropout, back.epochs, back.n_features_in_) == (0.1, 2, 12)
    np.testing.assert_array_equal(load(folder / BASE).transform(X), ae.transform(X))
    assert {p.suffix for p in folder.rglob("*") if p.is_file()} <= {".json", ".safetensors", ".md", ".csv", ".toml"}
    with pytest.raises(StoreError, match="not empty"):
        made.save(folder)
    made.save(folder, overwrite=True)
    with pytest.raises(StoreError, match=r"no classifier.json"):
        made.save(folder / BASE, overwrite=True)
    again = back.fit(X, y)  # goes on with the autoencoder that came along, as a clone would
    np.testing.assert_array_equal(again.predict_proba(X), made.predict_proba(X))


def test_each_folder_is_told_from_the_other(tmp_path: Path) -> None:
    folder = save_classifier(tuned(), tmp_path / "made")
    with pytest.raises(StoreError, match=r"fine-tuned classifier: FineTunedClassifier\.load"):
        load(folder)
    with pytest.raises(StoreError, match=r"autoencoder's: diabolo\.load reads it"):
        FineTunedClassifier.load(folder / BASE)
    with pytest.raises(StoreError, match=r"no classifier's folder"):
        FineTunedClassifier.load(tmp_path)


def changed(**fields: Any) -> Any:
    return lambda data: data | fields


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (changed(schema=2), "newer Diabolo"),
        (changed(schema="1"), "no valid schema"),
        (changed(more=1), "more missing or not known"),
        (lambda data: {k: v for k, v in data.items() if k != "labels"}, "labels missing"),
        (changed(labels=-1), "figures"),
        (changed(again=1), "figures"),
        (changed(accuracy="good"), "figures"),
        (changed(options={"epochs": 1}), "expected the options"),
        (lambda data: data | {"options": data["options"] | {"dropout": 3}}, "dropout must be a number"),
        (changed(classes=["up", "down", "ä"]), "'classes'"),
        (changed(classes={"dtype": "<U4", "values": ["up", "up", "ä"]}), "'classes'"),
        (changed(classes={"dtype": "<U2", "values": ["up", "down", "ä"]}), "'classes'"),
        (changed(classes={"dtype": "|O", "values": [1, 2, 3]}), "'classes'"),
        (changed(classes={"dtype": "<M8[D]", "values": ["2020", "2021", "2022"]}), "'classes'"),
        (changed(classes={"dtype": "nothing", "values": [1, 2, 3]}), "'classes'"),
        (changed(classes={"dtype": "<i8", "values": [1, 2]}), "head.bias"),
    ],
)
def test_what_is_not_known_is_refused(change: Any, says: str, tmp_path: Path) -> None:
    folder = save_classifier(tuned(), tmp_path / "made")
    data = json.loads((folder / MARK).read_text(encoding="utf-8"))
    (folder / MARK).write_text(json.dumps(change(data)), encoding="utf-8")
    with pytest.raises(StoreError, match=says):
        load_classifier(folder)


def test_damage_and_pickles(tmp_path: Path) -> None:
    folder = save_classifier(tuned(), tmp_path / "made")
    arrays = read_arrays(folder / WEIGHTS)
    write_arrays(folder / WEIGHTS, {k: v for k, v in arrays.items() if k != "center"})
    with pytest.raises(StoreError, match="'center' is missing"):
        load_classifier(folder)
    (folder / "head.pkl").touch()
    with pytest.raises(UnsafeError, match=r"head\.pkl"):
        load_classifier(folder)
