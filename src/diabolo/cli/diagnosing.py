"""What ``diabolo diagnose`` looks at and says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo.cli import console
from diabolo.cli.inputs import known_data, read_for
from diabolo.data import read
from diabolo.data.kinds.table import TableKind
from diabolo.data.sources import Source
from diabolo.data.split import split
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.coloring import column_of
from diabolo.jobs.codes.disentangle import Disentanglement, disentangle
from diabolo.jobs.diagnosis.diagnose import Diagnosis
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.trained import Trained

SHOWN = {"fault": "FAULT", "warning": "WARNING", "note": "note"}


@final
@dataclass(frozen=True)
class Patient:
    """The rows to look at, None where there are none. training: rows the model was trained on, None where they are not known.

    words: which rows they are.
    """

    source: Source | None
    labels: Any
    training: Source | None
    training_labels: Any
    words: str


def patient(
    trained: Trained, model: Path, data: str | None, training: str | None, *, label: str | None, skip_broken: bool
) -> Patient:
    """The rows of DATA; without it the held-out rows of the data it was trained on, and beside them its training rows."""
    if data is not None:
        reading = read_for(trained, data, label=label, skip_broken=skip_broken)
        seen = None if training is None else read_for(trained, training, label=label, skip_broken=skip_broken)
        words = f"{len(reading.source)} rows of {reading.name}"
        beside = None if seen is None else seen.source
        return Patient(reading.source, reading.labels, beside, None if seen is None else seen.labels, words)
    try:
        known = known_data(model)
    except ParameterError as problem:
        console.say(f"{problem} The model is judged by what travels with it.")
        return Patient(None, None, None, None, "no data, what travels with the model")
    broken = skip_broken or bool(trained.config.data.get("asked", {}).get("skip_broken"))
    reading = read_for(trained, known, label=label, skip_broken=broken)
    rows, share = len(reading.source), float(trained.config.options.get("validation_fraction", 0.0))
    if rows != trained.config.data.get("rows"):
        console.warn(f"{known} had {trained.config.data.get('rows')} rows when the model was trained and has {rows} now.")
        return Patient(reading.source, reading.labels, None, None, f"{rows} rows of {reading.name}")
    kept, held_out = split(rows, share, reading.groups)
    if not len(held_out):
        return Patient(
            reading.source, reading.labels, None, None, f"{rows} training rows of {reading.name}, none were held out"
        )
    labels = [None if reading.labels is None else reading.labels[part.numpy()] for part in (held_out, kept)]
    sources = [Subset(reading.source, part) for part in (held_out, kept)]
    return Patient(sources[0], labels[0], sources[1], labels[1], f"{len(held_out)} held-out rows of {reading.name}")


def apart(trained: Trained, data: str, found: Patient, factors: str) -> Disentanglement:
    """MIG, DCI and SAP for factors that are columns of the data, or a file of numbers."""
    assert found.source is not None  # --factors goes with DATA
    if Path(factors).is_file():
        given = read(factors, kind="table")
        columns_of = given.kind.columns if isinstance(given.kind, TableKind) else None
        values, called = given.array(), None if columns_of is None else [str(name) for name in columns_of.names]
        if len(values) != len(found.source):
            raise DataError(f"{factors} has {len(values)} rows, and {data} has {len(found.source)}: they must go together.")
        return disentangle(trained, found.source, values, found.labels, names=called)
    names = [name.strip() for name in factors.split(",")]
    if not all(names):
        raise ParameterError(f"--factors expects columns such as a,b,c or a file, got {factors!r}.")
    columns: dict[str, np.ndarray] = {
        name: np.asarray(column_of(trained, data, found.source, name, factor=True)) for name in names
    }
    return disentangle(trained, found.source, columns, found.labels)


def show(found: Diagnosis, looked: Patient) -> None:
    """The verdict, each finding with what to do, what is in order, and how codes lie and move."""
    at = "" if not found.rows else f", {found.rows} looked at"
    console.result(f"{in_english(found.verdict)} ({looked.words}{at})")
    for check in found.findings:
        console.result()
        console.result(f"{SHOWN[check.severity]}  {check.name}: {in_english(check.said)}")
        if check.remedy is not None:
            console.result(f"  → {in_english(check.remedy)}")
    for severity, title in (("fine", "In order:"), ("measured", "Measured, with nothing to judge it by:")):
        told = [c for c in found.checks if c.severity == severity]
        if told:
            console.result()
            console.result(title)
        for check in told:
            console.result(f"- {check.name}: {in_english(check.said)}")
    left = [c for c in found.checks if c.severity == "skipped"]
    if left:
        console.result("Not asked: " + "; ".join(f"{c.name} ({in_english(c.said).rstrip('.')})" for c in left))
    _show_shifts(found)
    _show_origins(found)


def _show_shifts(found: Diagnosis) -> None:
    if found.shifts is None:
        return
    rows = [
        [
            "its own damage" if line.noise == "own" else "Gaussian",
            f"{line.strength:.3g}",
            _figure(line.model),
            _figure(line.pca),
        ]
        for line in found.shifts.table
    ]
    console.result()
    title = "How far noise moves a code, over the spread of codes (strength: over the spread of the data)"
    console.table(["noise", "strength", "this model", "PCA"], rows, title=title, numbers=(1, 2, 3))


def _show_origins(found: Diagnosis) -> None:
    if found.spread is None or not found.spread.origins:
        return
    rows = [[o.name, f"{o.far:.1%}", f"{o.energy:.3g}"] for o in found.spread.origins]
    console.result()
    title = "New codes: how many lie in holes, farther from every training code than 99 % of the rows' codes; and as a set"
    console.table(["drawn from", "in holes", "distance (energy, 0 to 1)"], rows, title=title, numbers=(1, 2))


def show_apart(found: Disentanglement) -> None:
    """MIG, SAP and DCI beside PCA's, and how they were estimated."""
    headings = ["", "MIG", "SAP", "disentanglement", "completeness", "informativeness"]
    rows = []
    for name, line in (("this model", found.model), ("PCA, as many numbers", found.pca)):
        if line is not None:
            figures = (line.mig, line.sap, line.disentanglement, line.completeness, line.informativeness)
            rows.append([name, *(_figure(v) for v in figures)])
    console.result()
    title = f"Factors {', '.join(found.model.names)}, {found.model.rows} rows; 1 where each has one number to itself"
    console.table(headings, rows, title=title, numbers=range(1, 6))
    console.result(found.model.estimator)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
