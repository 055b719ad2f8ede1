"""The rows a report is about, and how good the model is on them."""

from __future__ import annotations

import dataclasses

from diabolo.cli import console
from diabolo.cli.inputs import read_pair
from diabolo.jobs.train import Options
from diabolo.jobs.workshop import Judged, judge, judge_rows
from diabolo.trained import Trained


def judged(trained: Trained, data: str, target: str | None, *, held_out: bool, label: str | None, skip_broken: bool) -> Judged:
    """The evaluation on all rows, or on those that training held out, as long as the data still have as many rows.

    target: what should have come out, for models trained on pairs.
    """
    broken = skip_broken or bool(trained.config.data.get("asked", {}).get("skip_broken"))
    reading, aim = read_pair(trained, data, target, label=label, skip_broken=broken)
    rows = trained.config.data.get("rows")
    if held_out and len(reading.source) == rows:
        share = float(trained.config.options.get("validation_fraction", 0.0))
        found = judge(trained, reading, dataclasses.replace(Options(), validation_fraction=share), aim=aim)
        if found is not None:
            return found
    elif held_out:
        console.warn(f"{data} had {rows} rows when the model was trained and has {len(reading.source)} now: all are looked at.")
    role = "training" if held_out and len(reading.source) == rows else "other"
    return judge_rows(trained, reading.source, reading.labels, aim, name=reading.name, role=role)
