"""Features: in what numbers two sets of rows are compared. Each has a name, and says what it is and what it cannot see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.baselines.pca import fit_pca
from diabolo.errors import DataError, ParameterError, UnsupportedError, unknown
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.findings import Finding
from diabolo.jobs.inference import apply_to_codes
from diabolo.jobs.labels import classes_of
from diabolo.metrics.classifier import WIDTH, fit_classifier
from diabolo.trained import Trained

NAMES = ("cells", "pca-64", "probe", "codes")
"""``pca-N`` with any N."""
PCA_ROWS = 10_000


@final
@dataclass(frozen=True, eq=False)
class Features:
    """A named way to look at rows.

    take: rows (n, cells) in the model's units -> (n, d). width: d. about: what they are, and what they are blind to, as a
    finding. accuracy: of ``probe``, the share of held-out training rows whose label its network tells; None for the others.
    """

    name: str
    take: Callable[[np.ndarray], np.ndarray]
    width: int
    about: Finding
    accuracy: float | None = None


def features_of(trained: Trained, name: str, rows: np.ndarray | None = None, labels: Any = None, *, seed: int = 0) -> Features:
    """The features called ``name``.

    - ``cells``: the rows as they are. Sees every cell and no meaning.
    - ``pca-64`` (any number): so many principal components of the training rows; without these, of the PCA that travels with
      the model, as long as it has enough. Blind to what varies little.
    - ``probe``: the last hidden layer of a small network that was trained to tell the labels of the training rows, LeNet-5
      for pictures (:mod:`diabolo.metrics.classifier`): sees what tells labels apart. Nothing is downloaded.
    - ``codes``: the model's own codes. They flatter the model: what its encoder does not see does not count, and its decoder
      was trained to be read back by it. To compare densities under one model, never models.

    Args:
        rows: training rows (n, F, *P) inside the model's scale. labels: (n,), for ``probe``, which leaves out rows without one.

    Raises:
        ParameterError for an unknown name, or training rows that are needed and not there; DataError for no labels, or
        labels that are no classes; UnsupportedError for the codes of a conditional recipe.
    """
    wanted = re.fullmatch(r"pca-([1-9]\d*)", name)
    if wanted:
        return _principal(trained, name, int(wanted[1]), rows)
    if name == "cells":
        cells = trained.out_kind.layout.cells
        return Features(name, lambda x: x, cells, Finding("samples.features.cells", {"n": cells}))
    if name == "probe":
        return _probe(rows, labels, seed)
    if name == "codes":
        return _codes(trained)
    raise unknown("kind of features", name, NAMES)


def _principal(trained: Trained, name: str, k: int, rows: np.ndarray | None) -> Features:
    twin = linear_twin(trained)
    if rows is not None:
        flat = rows.reshape(len(rows), -1)[:: -(-len(rows) // PCA_ROWS)]
        k = min(k, flat.shape[1], len(flat) - 1)
        mean, axes = (pca := fit_pca(flat, k)).mean, pca.components
    elif twin is not None and len(twin.components) >= k:
        mean, axes = twin.mean, twin.components[:k]
    else:
        raise ParameterError(
            f"{name} are principal components of the training rows: give these too, training=X (on the command line --training "
            "DATA)."
        )
    return Features(f"pca-{k}", lambda x: (x - mean) @ axes.T, k, Finding("samples.features.pca", {"n": k}))


def _probe(rows: np.ndarray | None, labels: Any, seed: int) -> Features:
    if rows is None:
        raise ParameterError(
            "probe features come from a network that was trained to tell labels: give training rows that have some, "
            "training=X, training_labels=y (on the command line --training DATA). pca-64 and cells need no labels."
        )
    if labels is None:
        raise DataError(
            "probe features come from a network that was trained to tell labels, and the training rows came without any. Give "
            "them, or take pca-64 or cells, which need none."
        )
    classes = classes_of(labels, len(rows))
    if classes is None:
        raise DataError("probe features need labels that are classes; these are measurements, or one of its own a row.")
    found = fit_classifier(rows[classes != ""], classes[classes != ""], seed)
    said = {"width": WIDTH, "labels": len(found.classes), "rows": found.rows, "n": found.held_out}
    shares = {"accuracy_share": found.accuracy, "majority_share": found.majority}
    network = "lenet" if rows.ndim == 4 else "mlp"
    return Features("probe", found.features, WIDTH, Finding(f"samples.features.{network}", said | shares), found.accuracy)


def _codes(trained: Trained) -> Features:
    if trained.config.labels:
        raise UnsupportedError(
            "The codes of a conditional recipe need each row's label, so they are no features of rows alone."
        )
    shape = trained.kind.layout.shape

    def take(x: np.ndarray) -> np.ndarray:
        seen = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)).reshape(-1, *shape)
        return apply_to_codes(trained, seen, None, lambda x, c: trained.model.encode(x, None, c)).flatten(1).numpy()

    k = int(np.prod(trained.model.code_shape))
    return Features("codes", take, k, Finding("samples.features.codes", {"n": k}))
