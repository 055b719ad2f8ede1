"""What ``diabolo finetune`` found: as text, as a table of runs, as a picture, and in the model's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo import store
from diabolo.cli import console, outputs
from diabolo.cli.invocation import command
from diabolo.cli.judging import write_report_anew
from diabolo.data import Reading
from diabolo.errors import DataError, DiaboloError, ParameterError, StoreError
from diabolo.figures.labels import accuracy_by_labels
from diabolo.jobs.learning.classifier_folder import save_classifier
from diabolo.jobs.learning.finetune import Tuning, fine_tune
from diabolo.jobs.learning.label_curve import METHODS, LabelCurve, labeled
from diabolo.jobs.learning.label_verdict import label_verdict
from diabolo.jobs.studies import LABELS, with_study
from diabolo.report.language import language
from diabolo.store.studies import FOLDER
from diabolo.trained import Trained

WORDS = {
    "fine-tuned": "fine-tuned",
    "scratch": "the same from scratch",
    "frozen": "codes, logistic regression",
    "raw": "rows, logistic regression",
}


def counts(text: str) -> tuple[int | str, ...]:
    """``30,100,all`` as numbers of labels. ParameterError for anything else.

    >>> counts("30,100,all")
    (30, 100, 'all')
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part == "all" or (part.isdecimal() and int(part) > 0) for part in parts):
        raise ParameterError(f"--labels expects whole numbers of at least 1, or all, such as 30,100,all; got {text!r}.")
    return tuple(part if part == "all" else int(part) for part in parts)


def require_labels(reading: Reading) -> None:
    """DataError where the data came without labels."""
    if reading.labels is None:
        raise DataError(f"{reading.name} came without labels: name their column with --label COLUMN.")


def show(reading: Reading, found: LabelCurve) -> None:
    """A line a number of labels, a column a method, and where the test rows are from."""
    methods = [m for m in METHODS if any(a.method == m for a in found.accuracies)]
    draws = f", mean ± standard deviation of {found.seeds} draws" if found.seeds > 1 else ""
    rows = []
    for n in found.counts:
        points = [found.at(m, n) for m in methods]
        shares = ("" if a is None else f"{a.mean:.2%}" + f" ± {a.std:.2%}" * (found.seeds > 1) for a in points)
        rows.append([str(n), *shares])
    title = f"Right of {found.test_rows} test rows, {len(found.classes)} classes, the commonest {found.majority:.1%}{draws}"
    console.table(["labels", *(WORDS[m] for m in methods)], rows, title=title, numbers=range(1 + len(methods)))
    for finding in label_verdict(found):
        console.result(language("en").plain(finding.key, **finding.values))
    if not found.apart:
        console.result(
            f"Test rows are three tenths of {reading.name}. None of their labels was trained with; the rows themselves MODEL "
            "has seen, where it was trained on these data. --test DATA judges by others."
        )


@final
@dataclass(frozen=True)
class Kept:
    """Where the curve was kept, and the report that shows it. why: what went wrong, where either could not be written."""

    study: Path | None
    report: Path | None
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"study": self.study, "report": self.report}


def keep_curve(model: Path, trained: Trained, found: LabelCurve) -> Kept:
    """Put the curve into the model's folder, and write its report anew where that is about rows held out of its training."""
    carried = with_study(trained, found)
    path = model / FOLDER / f"{LABELS}.json"
    try:
        store.keep_study(model, LABELS, carried.studies[LABELS])
    except StoreError as problem:
        return Kept(None, None, f"The curve was not kept in the model folder: {problem}")
    try:
        return Kept(path, write_report_anew(model, carried))
    except DiaboloError as problem:
        return Kept(path, None, f"The report could not be written anew: {problem}")


def tell(model: Path, kept: Kept) -> None:
    """What became of the curve."""
    if kept.why:
        console.warn(kept.why)
    if kept.report is not None:
        console.result(f"Kept: {kept.study}; {kept.report} shows it.")
    elif kept.study is not None:
        console.result(f"Kept: {kept.study}. A report that shows it: {command('diabolo', 'report', model)} DATA")


def write_runs(found: LabelCurve, path: Path, ending: str) -> None:
    """A row a run: labels, seed, accuracy; and the method."""
    runs = [(a.method, a.labels, seed, value) for a in found.accuracies for seed, value in enumerate(a.values)]
    methods, labels, seeds, values = (np.array(column) for column in zip(*runs, strict=True))
    columns = {"labels": labels, "draw": seeds, "accuracy": values}
    outputs.write_table(path, ending, "runs", columns, {"method": methods})


def keep_classifier(trained: Trained, reading: Reading, options: Tuning, folder: Path) -> None:
    """A classifier trained with every label of the data, as a folder."""
    source, labels = labeled(reading.source, reading.labels)
    console.say(f"A classifier with all {len(labels)} labels, to keep …")
    save_classifier(fine_tune(trained, source, labels, options), folder)


def write_picture(found: LabelCurve, path: Path) -> None:
    """The curve as PNG."""
    outputs.write_figure(accuracy_by_labels(found), path)
