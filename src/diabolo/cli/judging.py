"""The rows a report is about, how good the model is on them, and the report."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from torch import Tensor

from diabolo import report
from diabolo.cli import console, outputs
from diabolo.cli.inputs import known_data, known_target, read_pair, run_record
from diabolo.data import Reading
from diabolo.data.subset import Subset
from diabolo.errors import ParameterError
from diabolo.jobs.anomalies.detector.known_rows import row_keys
from diabolo.jobs.anomalies.detector.screen import NAME, SPLIT, Screen, held_out_of
from diabolo.jobs.train import Options
from diabolo.jobs.workshop import Judged, judge, judge_rows
from diabolo.report import Report
from diabolo.store.files import read_json
from diabolo.trained import Trained


def judged(trained: Trained, data: str, target: str | None, *, held_out: bool, label: str | None, skip_broken: bool) -> Judged:
    """The evaluation on all rows, or on those that training held out, as long as the data still have as many rows.

    target: what should have come out, for models trained on pairs.
    """
    broken = skip_broken or bool(trained.config.data.get("asked", {}).get("skip_broken"))
    reading, aim = read_pair(trained, data, target, label=label, skip_broken=broken)
    rows = trained.config.data.get("rows")
    apart = _calibration(trained, reading) if held_out else None
    if apart is not None:
        labels = None if reading.labels is None else reading.labels[apart.numpy()]
        return judge_rows(trained, Subset(reading.source, apart), labels, name=reading.name, role="held-out")
    if held_out and len(reading.source) == rows:
        share = float(trained.config.options.get("validation_fraction", 0.0))
        found = judge(trained, reading, dataclasses.replace(Options(), validation_fraction=share), aim=aim)
        if found is not None:
            return found
    elif held_out:
        console.warn(f"{data} had {rows} rows when the model was trained and has {len(reading.source)} now: all are looked at.")
    role = "training" if held_out and len(reading.source) == rows else "other"
    return judge_rows(trained, reading.source, reading.labels, aim, name=reading.name, role=role)


def write_report_anew(model: Path, trained: Trained) -> Path | None:
    """The report of a model folder once more, with what was found out since, and in its language.

    None where there is no report, or it was about other rows than those held out of the training, or these cannot be read any
    more: then nothing is written.
    """
    page = model / outputs.REPORT
    told = read_json(model / outputs.FIGURES) if (model / outputs.FIGURES).is_file() else {}
    if not page.is_file() or told.get("evaluation", {}).get("role") not in ("held-out", "training"):
        return None
    try:
        data = known_data(model)
    except ParameterError as problem:
        console.say(f"The report stays as it is: {problem}")
        return None
    console.say("Writing the report …")
    found = judged(trained, data, known_target(model), held_out=True, label=None, skip_broken=False)
    outputs.write_report(model, report_on(model, trained, found, str(told.get("lang", "en"))))
    return page


def report_on(model: Path, trained: Trained, found: Judged, lang: str) -> Report:
    """The report on rows that the model was judged by."""
    return report.build_report(
        trained,
        found.source,
        found.labels,
        evaluation=found.evaluation,
        command=str(run_record(model).get("command", "")),
        lang=lang,
        target=found.aim,
        training=found.training,
    )


def _calibration(trained: Trained, reading: Reading) -> Tensor | None:
    """The numbers of the rows that a detector held out to calibrate by; None for other models, and for other rows."""
    kept = trained.companions.get(NAME)
    if kept is None or kept.data["method"] != SPLIT:
        return None
    same = (Screen.of(trained).memory.places(row_keys(reading.source)) >= 0).all()
    return held_out_of(len(reading.source), reading.groups) if same else None
