"""The rows a report is about, and how good the model is on them."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple, final

import numpy as np

from diabolo.cli import console
from diabolo.cli.inputs import read_for
from diabolo.data.sources import Source
from diabolo.jobs.evaluate import Evaluation, evaluate
from diabolo.jobs.train import Options
from diabolo.jobs.workshop import judge
from diabolo.trained import Trained


@final
class Judged(NamedTuple):
    """Rows, their labels, and the evaluation on them."""

    source: Source
    labels: np.ndarray | None
    evaluation: Evaluation


def judged(trained: Trained, data: str, aim: Source | None, *, held_out: bool, label: str | None, skip_broken: bool) -> Judged:
    """The evaluation on all rows, or on those that training held out, as long as the data still have as many rows.

    aim: what should have come out, for models trained on pairs.
    """
    broken = skip_broken or bool(trained.config.data.get("asked", {}).get("skip_broken"))
    reading = read_for(trained, data, label=label, skip_broken=broken)
    rows = trained.config.data.get("rows")
    if held_out and len(reading.source) == rows:
        share = float(trained.config.options.get("validation_fraction", 0.0))
        evaluation, source, labels = judge(trained, reading, dataclasses.replace(Options(), validation_fraction=share))
        if evaluation is not None and source is not None:
            return Judged(source, labels, evaluation)
    elif held_out:
        console.warn(f"{data} had {rows} rows when the model was trained and has {len(reading.source)} now: all are looked at.")
    role = "training" if held_out and len(reading.source) == rows else "other"
    evaluation = evaluate(trained, reading.source, reading.labels, aim, name=reading.name, role=role)
    return Judged(reading.source, reading.labels, evaluation)
