"""From data to a model folder: train, judge on the held-out rows, keep. What ``diabolo train`` and the lab do."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo import store
from diabolo.data import Reading
from diabolo.data.sources import Source
from diabolo.data.split import split
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.rarity import with_rarity
from diabolo.jobs.evaluation.evaluate import Evaluation, evaluate
from diabolo.jobs.mending.pairs import matched, smaller_rows
from diabolo.jobs.train import Options, Reader, read_target, train
from diabolo.trained import Trained

CHECKPOINTS = "checkpoints"


@final
@dataclass(frozen=True)
class Judged:
    """Rows a model was judged on.

    labels: of them, or None. aim: what should have come out, None where it is the rows. training: the rows it was trained on,
    None where they are not known, or are these.
    """

    source: Source
    labels: np.ndarray | None
    aim: Source | None
    evaluation: Evaluation
    training: Source | None = None


@final
@dataclass(frozen=True)
class Made:
    """A model folder and what it was judged by.

    held_out: the rows no weight was fitted to (they did choose the best epoch); None where the user held none out.
    """

    trained: Trained
    folder: Path
    held_out: Judged | None


def make(
    reading: Reading,
    options: Options,
    folder: Path | str,
    *,
    y: Any = None,
    target: Any = None,
    run: Mapping[str, Any] | None = None,
    readers: Sequence[Reader] = (),
    resume: bool = False,
) -> Made:
    """Train on what was read and leave a model folder.

    folder: made if missing; must be empty unless ``resume``. target: as :func:`diabolo.jobs.train.train` takes it. run: how it
    was asked for, kept in run.toml. Checkpoints are written while it trains and removed once the model is saved.
    """
    path = store.prepare(folder, resume=resume)
    wanted = None
    if target is not None:
        reading, wanted = matched(reading, read_target(target, reading))
    trained = train(reading, options, y=y, target=wanted, readers=readers, checkpoint_folder=path / CHECKPOINTS, resume=resume)
    trained = with_rarity(trained)
    store.save(trained, path, run=run)
    held_out = judge(trained, reading, options, y, None if wanted is None else wanted.source)
    store.add_metrics(trained, path, held_out.evaluation.to_dict() if held_out else {})
    shutil.rmtree(path / CHECKPOINTS, ignore_errors=True)
    return Made(trained, path, held_out)


def judge(trained: Trained, reading: Reading, options: Options, y: Any = None, aim: Source | None = None) -> Judged | None:
    """The evaluation on the rows that training held out; None where it held none out. aim: of models trained on pairs."""
    kept, validation = split(len(reading.source), options.validation_fraction, reading.groups)
    if not len(validation):
        return None
    labels = reading.labels if y is None else np.asarray(y)
    chosen = None if labels is None else labels[validation.numpy()]
    held = None if aim is None else Subset(aim, validation)
    judged = judge_rows(trained, Subset(reading.source, validation), chosen, held, name=reading.name, role="held-out")
    return dataclasses.replace(judged, training=Subset(reading.source, kept))


def judge_rows(
    trained: Trained, rows: Source, labels: np.ndarray | None, aim: Source | None = None, *, name: str, role: str
) -> Judged:
    """The evaluation on rows like those of the training; a model that enlarges is given them smaller."""
    small = smaller_rows(trained, rows) if aim is None else None
    if small is not None:
        rows, aim = small, rows
    return Judged(rows, labels, aim, evaluate(trained, rows, labels, aim, name=name, role=role))
