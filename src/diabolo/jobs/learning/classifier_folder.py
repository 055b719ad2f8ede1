"""The folder of a fine-tuned classifier: JSON, safetensors and text, beside the autoencoder that it began with.

classifier.json         schema, the classes with their dtype, how it came about, its options
classifier.safetensors  weights: of the encoder that was trained further, of the features' scales, of the head
autoencoder/            the model it began with, a model folder like any other
README.md               what it is, and how to use it
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from diabolo import store
from diabolo.errors import DiaboloError, StoreError
from diabolo.jobs.codes.encoder import EncoderModule
from diabolo.jobs.learning.finetune import ClassifierModule, FineTuned, Tuning
from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.networks.base import Network
from diabolo.spec import is_number, is_whole
from diabolo.store.files import read_arrays, read_json, write_arrays, write_json, write_text
from diabolo.store.folder import refuse_pickles

MARK, WEIGHTS, BASE = "classifier.json", "classifier.safetensors", "autoencoder"
SCHEMA = 1
FIELDS = ("schema", "classes", "labels", "held_out", "again", "epoch", "accuracy", "random_start", "options")
DTYPES = "biufU"
"""Kinds of the arrays that classes may be; texts of an object array are kept as what they are, see :func:`_classes`."""


def is_classifier(folder: Path | str) -> bool:
    """Whether there is a classifier's folder: one with a classifier.json."""
    return (Path(folder) / MARK).is_file()


def save_classifier(tuned: FineTuned, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write a classifier's folder.

    A folder that holds anything is refused; overwrite: replace a classifier that is there.
    """
    path = store.prepare_for_model(folder, overwrite=overwrite, mark=MARK)
    store.save(tuned.base, path / BASE)
    weights = {name: value.detach().cpu().numpy() for name, value in tuned.module.state_dict().items()}
    write_arrays(path / WEIGHTS, weights)
    write_text(path / "README.md", _card(tuned))
    classes = {"dtype": tuned.classes.dtype.str, "values": tuned.classes.tolist()}
    write_json(path / MARK, {"schema": SCHEMA, **tuned.to_dict(), "classes": classes})
    return path


def load_classifier(
    folder: Path | str, *, network: Network | None = None, likelihood: Likelihood | None = None, device: str = "cpu"
) -> FineTuned:
    """Read a classifier's folder. Nothing is unpickled, imported or run because a file says so.

    network, likelihood: the user's own code, for autoencoders that were saved with it. Raises StoreError where it is no
    classifier's folder, damaged, of a newer schema, or holds what this version does not know; UnsafeError where it
    holds a pickle.
    """
    path = Path(folder)
    if not is_classifier(path):
        there = (path / "config.json").is_file()
        hint = (
            "It is an autoencoder's: diabolo.load reads it." if there else "FineTunedClassifier.save and finetune -o make one."
        )
        raise StoreError(f"{path} is no classifier's folder (it has no {MARK}). {hint}")
    refuse_pickles(path)
    data = read_json(path / MARK)
    _check(data, path / MARK)
    base = store.load(path / BASE, network=network, likelihood=likelihood, device=device)
    weights = {name: torch.from_numpy(array) for name, array in read_arrays(path / WEIGHTS).items()}
    classes = _classes(data["classes"], path / MARK)
    if "center" not in weights:
        raise StoreError(f"{path / WEIGHTS} is damaged: 'center' is missing. Copy the folder again.")
    width = weights["center"].numel()
    zeros = torch.zeros(width)
    module = ClassifierModule(
        EncoderModule(base), zeros, zeros + 1, nn.Linear(width, len(classes)), float(data["options"]["dropout"])
    )
    expected = {k: tuple(v.shape) for k, v in module.state_dict().items()}
    found = {k: tuple(v.shape) for k, v in weights.items()}
    if expected != found:
        wrong = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))[0]
        raise StoreError(
            f"The weights in {path / WEIGHTS} do not fit {MARK} and the autoencoder: the first that differs is {wrong}: "
            f"expected {expected.get(wrong, 'none')}, found {found.get(wrong, 'none')}. Copy the folder again."
        )
    module.load_state_dict(weights)
    told = {name: data[name] for name in ("labels", "held_out", "again", "epoch", "accuracy", "random_start", "options")}
    return FineTuned(base=base, module=module.to(base.device).eval(), classes=classes, **told)


def describe(folder: Path | str) -> Mapping[str, Any]:
    """classifier.json, checked, without the weights."""
    data = read_json(Path(folder) / MARK)
    _check(data, Path(folder) / MARK)
    return data


def _check(data: Mapping[str, Any], file: Path) -> None:
    """StoreError where the fields are not those that ``save_classifier`` writes."""
    schema = data.get("schema")
    if not isinstance(schema, int) or not is_whole(schema, 1):
        raise StoreError(f"{file} has no valid schema number ({schema!r}): it is no classifier of Diabolo.")
    if schema > SCHEMA:
        raise StoreError(
            f"The classifier was saved by a newer Diabolo (schema {schema}; this version reads up to {SCHEMA}). Upgrade with: "
            "pip install -U diabolo"
        )
    if set(data) != set(FIELDS):
        strange = sorted(set(data) ^ set(FIELDS))
        raise StoreError(f"{file} is damaged: {', '.join(strange)} missing or not known. Upgrade, or copy the folder again.")
    accuracy, flags = data["accuracy"], (data["again"], data["random_start"])
    numbers = all(is_whole(data[name], 0) for name in ("labels", "held_out", "epoch"))
    if not numbers or not all(isinstance(v, bool) for v in flags) or not (accuracy is None or is_number(accuracy)):
        raise StoreError(f"{file} is damaged: its figures are none. Copy the folder again.")
    names = {f.name for f in dataclasses.fields(Tuning)}
    if not isinstance(data["options"], dict) or set(data["options"]) != names:
        raise StoreError(f"{file} is damaged: expected the options {', '.join(sorted(names))}. Copy the folder again.")
    try:
        Tuning(**data["options"]).check()
    except DiaboloError as problem:
        raise StoreError(f"{file} is damaged: {problem}") from problem


def _classes(data: Any, file: Path) -> np.ndarray:
    """The classes (C,), in the dtype they had: numbers, texts, or texts as Python objects."""
    damaged = StoreError(f"{file} is damaged: 'classes' should be at least two different labels. Copy the folder again.")
    if not isinstance(data, dict) or set(data) != {"dtype", "values"} or not isinstance(data["values"], list):
        raise damaged
    values, name = data["values"], data["dtype"]
    texts = all(isinstance(v, str) for v in values)
    if len(set(map(json.dumps, values))) != len(values) or len(values) < 2:
        raise damaged
    try:
        dtype = np.dtype(name)
        found = np.array(values, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as problem:
        raise damaged from problem
    known = dtype.kind in DTYPES or (dtype.kind == "O" and texts)
    if not known or found.ndim != 1 or found.tolist() != values or (dtype.kind == "f" and not np.isfinite(found).all()):
        raise damaged
    return found


def _card(tuned: FineTuned) -> str:
    """Markdown: what it is, what it was trained with, how to use it."""
    data, shown = tuned.base.config.data, ", ".join(map(str, tuned.classes[:20].tolist()))
    more = ", …" if len(tuned.classes) > 20 else ""
    begun = "drawn at random" if tuned.random_start else "trained without labels"
    right = "" if tuned.accuracy is None else f" Of the {tuned.held_out} labels held out it told {tuned.accuracy:.1%}."
    return "\n".join(
        [
            f"# A classifier of {data.get('name', 'data')}",
            "",
            f"{len(tuned.classes)} classes: {shown}{more}. Trained with {tuned.labels} labels, from an encoder {begun} "
            f"(recipe {tuned.base.config.recipe}), which is kept in `{BASE}/`.{right}",
            "",
            "```python",
            "from diabolo import FineTunedClassifier",
            "",
            'classifier = FineTunedClassifier.load("path/to/this/folder")',
            "classifier.predict(X), classifier.predict_proba(X)",
            "```",
            "",
            "`diabolo classify FOLDER DATA -o labels.csv` does it on the command line.",
            "",
        ]
    )
