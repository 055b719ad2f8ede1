"""What ``diabolo classify`` found, as text and as a table; and a classifier's folder in detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo.cli import console, outputs
from diabolo.cli.inputs import is_model
from diabolo.cli.invocation import command
from diabolo.cli.showing import describe_model
from diabolo.data import Reading
from diabolo.errors import ParameterError
from diabolo.jobs.labels import class_names
from diabolo.jobs.learning.classifier_folder import BASE, describe, load_classifier
from diabolo.jobs.learning.finetune import FineTuned
from diabolo.training.device import choose_device


@final
@dataclass(frozen=True, eq=False)
class Classified:
    """classes: (C,). probabilities: (n, C). right: the share of the rows with a label whose class it is, None without labels.
    labeled: how many of those. unseen: labels among them that the classifier was never shown."""

    classes: np.ndarray
    probabilities: np.ndarray
    right: float | None
    labeled: int
    unseen: tuple[str, ...]

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest class of each row, (n,)."""
        return self.classes[self.probabilities.argmax(1)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        named = {name: getattr(self, name) for name in ("classes", "probabilities", "predicted")}
        plain = {name: values.tolist() for name, values in named.items()}
        return {"rows": len(self.probabilities), "right": self.right, "labeled": self.labeled, "unseen": self.unseen} | plain


def open_classifier(folder: Path, device: str) -> FineTuned:
    """The classifier in a folder, on a device. ParameterError where it is an autoencoder's folder."""
    if is_model(folder):
        raise ParameterError(
            f"{folder} is an autoencoder, and `classify` needs a classifier. Make one: "
            f"{command('diabolo', 'finetune', folder)} DATA --label COLUMN -o FOLDER"
        )
    return load_classifier(folder, device=str(choose_device(device)[0]))


def classified(tuned: FineTuned, reading: Reading) -> Classified:
    """Probabilities of all rows, and how many are right where labels came with them."""
    found = tuned.probabilities(reading.source)
    names = None if reading.labels is None else class_names(reading.labels)
    if names is None or not (names != "").any():
        return Classified(tuned.classes, found, None, 0, ())
    known = class_names(tuned.classes)
    assert known is not None  # classes are no measurements
    there = names != ""
    right = float((known[found.argmax(1)] == names)[there].mean())
    unseen = tuple(sorted(set(names[there].tolist()) - set(known.tolist())))
    return Classified(tuned.classes, found, right, int(there.sum()), unseen)


def show(reading: Reading, found: Classified) -> None:
    """How many rows each class got, and how many are right."""
    chosen = found.probabilities.argmax(1)
    n, sure = len(chosen), found.probabilities.max(1)
    lines = []
    for i, name in enumerate(found.classes.tolist()):
        own = chosen == i
        lines.append([str(name), str(int(own.sum())), f"{own.mean():.1%}", f"{sure[own].mean():.1%}" if own.any() else ""])
    title = f"{n} row{'s' * (n != 1)} of {reading.name}, {len(found.classes)} classes"
    console.table(["class", "rows", "share", "mean probability"], lines, title=title, numbers=(1, 2, 3))
    if found.right is not None:
        console.result(f"Right: {found.right:.2%} of the {found.labeled} rows that come with a label.")
    if found.unseen:
        console.warn(
            f"Warning: labels the classifier was never shown, whose rows count as wrong: {', '.join(found.unseen[:10])}."
        )


def write(tuned: FineTuned, reading: Reading, found: Classified, path: Path, ending: str) -> None:
    """A row a row: names and labels where there are any, the class, the probability of each class."""
    own = tuned.base.kind.wants
    beside = {own.id or "id": reading.ids, own.label or "label": reading.labels, "predicted": found.predicted}
    columns = {f"p({name})": p for name, p in zip(found.classes.tolist(), found.probabilities.T, strict=True)}
    outputs.write_table(path, ending, "probabilities", columns, {k: v for k, v in beside.items() if v is not None})


def describe_classifier(folder: Path) -> dict[str, Any]:
    """A classifier's folder as data, with the autoencoder it began with. All of it is loaded, so damage is found."""
    tuned = load_classifier(folder)
    weights = sum(p.numel() for p in tuned.module.parameters())
    about = {k: v for k, v in describe(folder).items() if k not in ("schema", "classes")}
    return {
        "classifier": folder,
        "classes": tuned.classes.tolist(),
        "weights": weights,
        **about,
        "autoencoder": describe_model(folder / BASE),
    }


def show_classifier(document: Mapping[str, Any]) -> None:
    """A classifier's folder as text: what it tells apart, what it was trained with, what it began with."""
    begun, classes = document["autoencoder"], document["classes"]
    held = f"; of the {document['held_out']} held out it told {document['accuracy']:.1%}" if document["held_out"] else ""
    more = ", …" if len(classes) > 10 else ""
    again = ", then once more on all of them" * document["again"]
    lines = {
        "Classifier": f"{document['classifier']}: {len(classes)} classes, {', '.join(map(str, classes[:10]))}{more}",
        "Labels": f"{document['labels']}{held}; best after {document['epoch']} passes{again}",
        "Began with": f"{begun['model']}: {begun['recipe']}, trained on {begun['data'].get('name')}",
        "Weights": f"{document['weights']:,}",
        "Apply": f"{command('diabolo', 'classify', document['classifier'])} DATA -o labels.csv",
    }
    for heading, text in lines.items():
        console.result(f"{heading + ':':<12}{text}")
