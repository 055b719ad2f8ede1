"""From data to a model folder: train, judge on the held-out rows, keep. What ``diabolo train`` and the lab do."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo import store
from diabolo.data import Reading
from diabolo.data.split import split
from diabolo.data.subset import Subset
from diabolo.jobs.evaluate import Evaluation, evaluate
from diabolo.jobs.train import Options, Reader, train
from diabolo.trained import Trained

CHECKPOINTS = "checkpoints"


@final
@dataclass(frozen=True)
class Made:
    """A model folder and what it was judged by.

    held_out: the rows no weight was fitted to (they did choose the best epoch), None where the user held none out; labels
    of them, None without labels. evaluation: on those rows.
    """

    trained: Trained
    folder: Path
    evaluation: Evaluation | None
    held_out: Subset | None
    labels: np.ndarray | None


def make(
    reading: Reading,
    options: Options,
    folder: Path | str,
    *,
    y: Any = None,
    run: Mapping[str, Any] | None = None,
    readers: Sequence[Reader] = (),
    resume: bool = False,
) -> Made:
    """Train on what was read and leave a model folder.

    folder: made if missing; must be empty unless ``resume``. run: how it was asked for, kept in run.toml.
    Checkpoints are written while it trains and removed once the model is saved.
    """
    path = store.prepare(folder, resume=resume)
    trained = train(reading, options, y=y, readers=readers, checkpoint_folder=path / CHECKPOINTS, resume=resume)
    store.save(trained, path, run=run)
    evaluation, held_out, labels = judge(trained, reading, options, y)
    store.add_metrics(trained, path, evaluation.to_dict() if evaluation else {})
    shutil.rmtree(path / CHECKPOINTS, ignore_errors=True)
    return Made(trained, path, evaluation, held_out, labels)


def judge(
    trained: Trained, reading: Reading, options: Options, y: Any = None
) -> tuple[Evaluation | None, Subset | None, np.ndarray | None]:
    """The evaluation on the rows that training held out, those rows and their labels; Nones where it held none out."""
    _, validation = split(len(reading.source), options.validation_fraction, reading.groups)
    if not len(validation):
        return None, None, None
    held_out = Subset(reading.source, validation)
    labels = reading.labels if y is None else np.asarray(y)
    chosen = None if labels is None else labels[validation.numpy()]
    return evaluate(trained, held_out, chosen, name=reading.name, role="held-out"), held_out, chosen
