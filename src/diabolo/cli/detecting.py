"""What ``diabolo detect`` found: as text, as a table of scores, as pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from diabolo import store
from diabolo.cli import console, outputs
from diabolo.cli.restoring import file_names
from diabolo.data import Reading
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.detect import Detection
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

SHOWN = 10
"""Rows in the table of the strangest."""
AT_ONCE = 64
WORDS = {
    "model": "this model",
    "pca": "what PCA does not restore",
    "code neighbors": "nearest neighbors among codes",
    "pixel neighbors": "nearest neighbors among pixels",
}


def check_folder(trained: Trained, folder: Path | None) -> None:
    """Make the folder for pictures before any work is done. ParameterError where the data are no pictures."""
    if folder is None:
        return
    if trained.kind.name != "image":
        raise ParameterError("--heatmap draws on pictures, and this model takes tables. -o FILE keeps their scores.")
    if trained.kind.layout.fields not in (1, 3, 4):
        raise ParameterError(f"--heatmap draws on pictures of 1, 3 or 4 channels, these have {trained.kind.layout.fields}.")
    store.prepare(folder)


def truth(reading: Reading, normal: Sequence[str] | None) -> np.ndarray | None:
    """Which rows are anomalies (n,): those with other labels than the normal ones; None where none are named.

    Raises DataError where there are no labels, or one named is not among them.
    """
    if not normal:
        return None
    if reading.labels is None:
        raise DataError(f"--normal {normal[0]} needs labels, and {reading.name} came without. Name their column with --label.")
    labels = np.asarray([str(v) for v in reading.labels.tolist()])
    unknown = sorted(set(normal) - set(labels))
    if unknown:
        raise DataError(f"There is no label {unknown[0]!r}. Labels: {', '.join(sorted(set(labels))[:20])}.")
    return ~np.isin(labels, normal)


def show(reading: Reading, found: Detection) -> None:
    """The count, the strangest rows, and the AUCs where the truth is known."""
    n, flagged = len(found.scores), int(found.is_outlier.sum())
    console.result(
        f"{flagged} of {n} row{'s' * (n != 1)} stand{'s' * (flagged == 1)} out: score above {found.threshold:.4g}. "
        f"Of usual rows {found.false_alarms:.2g} would, so expect about {found.false_alarms * n:.2g} false alarms."
    )
    if not found.held_out:
        console.warn(
            f"The threshold comes from {found.rows} training rows, as none were held out: more usual rows will stand out than "
            "that. Train with rows held out (the default)."
        )
    order = np.argsort(-found.scores, kind="stable")[:SHOWN]
    names = [str(i) for i in range(n)] if reading.ids is None else [str(v) for v in reading.ids.tolist()]
    rows = [
        [names[i], f"{found.scores[i]:.4g}", f"{found.p_values[i]:.2g}", "yes" if found.is_outlier[i] else ""] for i in order
    ]
    console.table(["row", "score", "p", "stands out"], rows, title="The strangest", numbers=(1, 2))
    if found.auc is not None:
        figures = [[WORDS[name], f"{value:.4f}"] for name, value in found.auc.items()]
        console.table(["", "ROC-AUC"], figures, title="Anomalies told from normal rows", numbers=(1,))


def write_scores(trained: Trained, reading: Reading, found: Detection, path: Path, ending: str) -> None:
    """Score, p-value and verdict of each row, what simpler methods say, and names and labels where there are any."""
    own = trained.kind.wants
    columns = {"score": found.scores, "p_value": found.p_values, "is_outlier": found.is_outlier.astype(np.int8)}
    columns |= {name.replace(" ", "_"): values for name, values in found.beside.items()}
    aside = {own.id or "id": reading.ids, own.label or "label": reading.labels}
    outputs.write_table(path, ending, "scores", columns, {k: v for k, v in aside.items() if v is not None})


def write_heat(trained: Trained, reading: Reading, found: Detection, folder: Path) -> int:
    """A PNG a picture, red where it is unlike the training pictures, under its own name; how many."""
    from PIL import Image

    from diabolo.figures.heat import overlays

    names = file_names(reading, len(found.scores))
    for rows in torch.arange(len(names)).split(AT_ONCE):
        x = trained.kind.encode(reading.source.take(rows).cpu()).numpy()
        drawn = overlays(x, found.heat[rows.numpy()], found.usual, value_range=trained.kind.layout.bounds or (0.0, 1.0))
        for row, image in zip(rows.tolist(), drawn, strict=True):
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, format="PNG")
            (folder / names[row]).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(folder / names[row], buffer.getvalue())
    return len(names)
