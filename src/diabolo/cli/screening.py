"""What ``diabolo detect`` says about tables: rows that stand out, cells to blame, what is simpler, drift, a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from diabolo.cli import console, outputs
from diabolo.cli.inputs import read_for
from diabolo.cli.invocation import command
from diabolo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np

    from diabolo.cli.detectors import MadeFirst
    from diabolo.data import Reading
    from diabolo.jobs.anomalies.blame.explain import Blame
    from diabolo.jobs.anomalies.detector.drift import Drift
    from diabolo.jobs.anomalies.detector.odd_rows import OddRows
    from diabolo.trained import Trained

WORDS = {
    "all": "all together",
    "autoencoder": "the autoencoder alone",
    "linear": "PCA",
    "neighbors": "nearest neighbors",
    "pixel neighbors": "nearest of the reference",
}
PLACES = {"autoencoder": "by autoencoder", "linear": "by PCA", "neighbors": "by neighbors", "pixel neighbors": "by reference"}
"""Headings of the places that each part gives."""
COLUMNS = {"linear": "pca", "pixel neighbors": "reference"}
"""What parts are called in a file of scores, where not by their names."""
LARGE = 1e12
"""From here on numbers are written with a power of ten."""


@final
@dataclass(frozen=True)
class Asked:
    """What is to be said about rows of a table, and how those that stand out are chosen. line: the command as typed."""

    alpha: float | None
    fdr: float | None
    quantile: float | None
    explain: bool
    drift: bool
    report: Path | None
    normal: tuple[str, ...]
    lang: str
    line: str

    def check(self, *, trains: bool) -> None:
        """ParameterError for rates that are none, for several of them, and for drift from rows to themselves: before anything
        is read. trains: whether there is no model yet."""
        from diabolo.jobs.anomalies.detector.odd_rows import check_rates

        if trains and self.drift:
            raise ParameterError("--drift compares DATA with what a MODEL was trained on: diabolo detect MODEL DATA --drift")
        check_rates(self.alpha, self.fdr, self.quantile)

    def refuse_for_pictures(self) -> None:
        """ParameterError where something was asked for that only tables have."""
        said = {
            "--alpha": self.alpha is not None,
            "--fdr": self.fdr is not None,
            "--explain": self.explain,
            "--drift": self.drift,
            "--report": self.report is not None,
        }
        found = [option for option, given in said.items() if given]
        if found:
            raise ParameterError(f"{found[0]} is for tables, and this model takes pictures: --heatmap FOLDER shows where.")

    def truth(self, reading: Reading) -> np.ndarray | None:
        """Which rows are anomalies (n,), as their labels say; None where they do not. What was understood is said aloud."""
        from diabolo.cli.detecting import truth
        from diabolo.jobs.anomalies.detector.odd_rows import rarer_label
        from diabolo.jobs.labels import class_names

        if self.normal or reading.labels is None:
            return truth(reading.labels, reading.name, self.normal)
        rarer, names = rarer_label(reading.labels), class_names(reading.labels)
        if rarer is None or names is None:
            console.say("The labels are not two: --normal LABEL says which are normal, and gives ROC-AUCs.")
            return None
        found: np.ndarray = names == rarer
        console.say(
            f"Taken for anomalies: label {rarer}, the rarer of two ({found.mean():.1%}). --normal LABEL says otherwise."
        )
        return found


@final
@dataclass(frozen=True, eq=False)
class Batch:
    """Rows to be judged, and the model in its folder. made: what was trained on them first, None for a model that was there."""

    trained: Trained
    folder: Path
    data: str
    reading: Reading
    made: MadeFirst | None


def batch(trained: Trained, folder: Path, data: str, made: MadeFirst | None, *, label: str | None, id: str | None) -> Batch:
    """The rows that were read for training, or others for a model that was there."""
    reading = read_for(trained, data, label=label, id=id) if made is None else made.reading
    if made is None:
        for note in reading.notes:
            console.say(note)
    return Batch(trained, folder, data, reading, made)


def run(rows: Batch, asked: Asked, output: Path | None, ending: str | None, reference: str | None, *, as_json: bool) -> None:
    """Judge rows, write what was asked for, and say it."""
    from diabolo.jobs.anomalies.detector.odd_rows import find_odd_rows

    trained, reading, made = rows.trained, rows.reading, rows.made
    drift = _drift(rows) if asked.drift else None
    found = find_odd_rows(
        trained,
        reading.source,
        reading.labels,
        names=reading.ids,
        anomalous=asked.truth(reading) if made is None else made.truth,
        judged=None if made is None else made.fresh,
        alpha=asked.alpha,
        fdr=asked.fdr,
        quantile=asked.quantile,
        explaining=asked.explain or asked.report is not None,
        reference=None if reference is None else read_for(trained, reference).source,
    )
    found = _named(rows, found)
    if output is not None and ending is not None:
        write_scores(rows, found, output, ending, blames=asked.explain)
    if asked.report is not None:
        _write_report(rows, found, asked, asked.report)
    if as_json:
        names = None if reading.ids is None else [str(v) for v in reading.ids.tolist()]
        places = {"model": rows.folder, "data": reading.name, "output": output, "report": asked.report}
        more = {"names": names, "notes": reading.notes, "drift": None if drift is None else drift.to_dict()}
        console.document({**places, **found.to_dict(), **more})
        return
    show(found, explain=asked.explain)
    if drift is not None:
        console.result()
        show_drift(drift)
    _show_places(rows, asked, output)


def show(found: OddRows, *, explain: bool) -> None:
    """The count with the false alarms to expect, the strangest, their cells, and how good all this is."""
    console.result(_count(found))
    known, n = int(found.known.sum()), len(found.scores)
    if known:
        which = "All of these rows" if known == n else f"{known} of these rows"
        console.say(f"{which} made the model: p-values and false alarms hold for rows that it has not seen.")
    if not found.held_out:
        console.warn(
            f"The threshold comes from {found.rows} training rows, as none were held out: more usual rows will stand out."
        )
    _show_strangest(found)
    if explain and found.blames:
        console.result()
        _show_blames(found)
    if found.quality is not None and found.judged is not None:
        console.result()
        figures = [[WORDS[name], f"{q.auc:.4f}", f"{q.precision:.4f}"] for name, q in found.quality.items()]
        title = f"Anomalies told from normal rows, on {int(found.judged.sum())} rows"
        console.table(["", "ROC-AUC", "average precision"], figures, title=title, numbers=(1, 2))
        if found.simpler_ahead is not None:
            console.result(
                f"By these labels {WORDS[found.simpler_ahead]} alone would have done better, in one of the two at least."
            )
    if found.verdict is not None:
        console.result()
        console.result(str(found.verdict))


def show_drift(drift: Drift) -> None:
    """Whether a batch is like the training data, and the columns that are not."""
    console.result(str(drift))
    changed = sorted((c for c in drift.columns if c.drifted), key=lambda c: -c.distance)[:10]
    lines = [
        [c.column, f"{c.distance:.2f}", f"{c.adjusted:.2g}", f"{c.missing[0]:.1%} → {c.missing[1]:.1%}", str(c.unseen or "")]
        for c in changed
    ]
    if lines:
        console.table(["column", "distance", "p, adjusted", "missing", "new levels"], lines, numbers=(1, 2, 3, 4))


def write_scores(rows: Batch, found: OddRows, path: Path, ending: str, *, blames: bool) -> None:
    """Score, p-value and verdict of each row, what each part says, names and labels where there are any, and cells to blame."""
    import numpy as np

    own = rows.trained.kind.wants
    columns = {"score": found.scores, "p_value": found.p_values, "is_outlier": found.is_outlier.astype(np.int8)}
    columns |= {COLUMNS.get(name, name): values for name, values in found.parts.items()}
    aside = {own.id or "id": rows.reading.ids, own.label or "label": rows.reading.labels}
    after = _blame_columns(found) if blames else {}
    beside = {k: v for k, v in aside.items() if v is not None}
    outputs.write_table(path, ending, "scores", columns, beside, after=after)


def cell(value: Any) -> str:
    """A cell as people read it; None stands for a level that training never saw, since missing cells are never blamed."""
    if value is None:
        return "a level never seen"
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.4g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < LARGE or value.is_integer() and abs(value) < LARGE else text


def sigmas(value: float) -> str:
    """How far a cell is off: ``-3.1σ``; beyond what anybody can tell apart ``> 99σ``."""
    return f"{value:.1f}σ" if abs(value) < 99 else f"{'-' if value < 0 else ''}>99σ"


def _count(found: OddRows) -> str:
    n, flagged = len(found.scores), int(found.is_outlier.sum())
    which = f"{flagged} of {n} row{'s' * (n != 1)} stand{'s' * (flagged == 1)} out"
    alarms = f"expect about {found.expected_false:.2g} false alarms"
    if found.false_alarms is None:
        told = f"{which} at a false-discovery rate of {found.level:g}: {alarms} among them at most."
    else:
        above = f"score above {found.level:.4g}" if found.chosen_by == "threshold" else f"p-value of at most {found.level:g}"
        told = f"{which}: {above}. Of new rows that are usual {found.false_alarms:.2%} do, as {found.rows} held-out rows say"
        told += f": {alarms}." if not found.known.all() else f": about {100 * found.false_alarms:.2g} false alarms in 100."
    if not flagged and found.chosen_by != "threshold":
        told += f" With {found.rows} held-out rows no p-value is surely below {1 / (found.rows + 1):.2g}."
    return told


def _show_strangest(found: OddRows) -> None:
    n, places, labels = len(found.scores), found.places, found.labels
    shown = [name for name in PLACES if name in places]
    lines = []
    for k, i in enumerate(found.strangest.tolist()):
        line = [_row(found, k), *([labels[k]] if labels else []), f"{found.scores[i]:.4g}", f"{found.p_values[i]:.2g}"]
        lines.append([*line, "yes" if found.is_outlier[i] else "", *(str(places[name][i]) for name in shown)])
    heads = ["row", *(["label"] if labels else []), "score", "p", "stands out", *(PLACES[name] for name in shown)]
    first = 2 if labels else 1
    title = f"The strangest, and which place each method alone gives them among {n}"
    console.table(heads, lines, title=title, numbers=(first, first + 1, *range(first + 3, len(heads))))


def _show_blames(found: OddRows) -> None:
    lines = []
    for k, i in enumerate(found.strangest.tolist()):
        for at, blame in enumerate(found.blames.get(i, ())):
            first = "" if at else _row(found, k)
            lines.append([first, blame.column, *_said(blame)])
    heads = ["row", "column", "expected", "saw", "off by", "clear at"]
    console.table(heads, lines, title="The cells to blame, by what the rest of the row lets expect", numbers=(4,))


def _said(blame: Blame) -> list[str]:
    clear = "" if blame.instead == blame.saw else cell(blame.instead)
    return [cell(blame.expected), cell(blame.saw), sigmas(blame.sigmas), clear]


def _row(found: OddRows, k: int) -> str:
    return str(found.strangest[k]) if found.names is None else found.names[k]


def _named(rows: Batch, found: OddRows) -> OddRows:
    """The same with levels never seen as they stand in the file, where it is a file."""
    from diabolo.data.files import TABLES, read_table
    from diabolo.jobs.anomalies.detector.odd_rows import with_levels

    path = Path(rows.data)
    unseen = any(blame.saw is None for blames in found.blames.values() for blame in blames)
    if not unseen or path.suffix.lower() not in TABLES or not path.is_file():
        return found
    return with_levels(found, read_table(path, rows.trained.kind.wants)[0])


def _blame_columns(found: OddRows) -> Mapping[str, list[Any]]:
    """blame_1, saw_1, expected_1, sigmas_1, instead_1, … of all rows; None where a row was not explained."""
    columns: dict[str, list[Any]] = {}
    most = max((len(blames) for blames in found.blames.values()), default=0)
    for at in range(most):
        by_row = {row: blames[at] for row, blames in found.blames.items() if len(blames) > at}
        every = [by_row.get(row) for row in range(len(found.scores))]
        columns[f"blame_{at + 1}"] = [b and b.column for b in every]
        for name in ("saw", "expected"):
            columns[f"{name}_{at + 1}"] = [b and cell(getattr(b, name)) for b in every]
        columns[f"sigmas_{at + 1}"] = [b and b.sigmas for b in every]
        columns[f"instead_{at + 1}"] = [b and cell(b.instead) for b in every]
    return columns


def _drift(rows: Batch) -> Drift:
    from diabolo.jobs.anomalies.detector.screen import NAME, Screen

    if NAME not in rows.trained.companions:
        raise ParameterError(
            f"--drift needs what a detector keeps of its training data, and {rows.folder} was made by `diabolo train`. "
            "Make one with: diabolo detect TRAINING_DATA --keep FOLDER"
        )
    return Screen.of(rows.trained).drift(rows.reading.source)


def _write_report(rows: Batch, found: OddRows, asked: Asked, path: Path) -> None:
    """A page: errors on rows that trained nothing, or on all of other data, and the rows that stand out."""
    import torch

    from diabolo.data.subset import Subset
    from diabolo.jobs.workshop import judge_rows
    from diabolo.report import build_report
    from diabolo.store.files import write_text

    reading, source, labels = rows.reading, rows.reading.source, rows.reading.labels
    if rows.made is not None:
        source = Subset(source, torch.from_numpy(rows.made.held_out))
        labels = None if labels is None else labels[rows.made.held_out]
    console.say("Writing the report …")
    judged = judge_rows(rows.trained, source, labels, name=reading.name, role="other" if rows.made is None else "held-out")
    page = build_report(
        rows.trained,
        source,
        labels,
        evaluation=judged.evaluation,
        command=asked.line,
        lang=asked.lang,
        odd_rows=found,
    )
    write_text(path, page.html)


def _show_places(rows: Batch, asked: Asked, output: Path | None) -> None:
    console.result()
    if output is not None:
        console.result(f"Scores: {output}")
    if asked.report is not None:
        console.result(f"Report: {asked.report}  (open it in a browser)")
    if rows.made is not None:
        console.result(f"Model:  {rows.folder}")
        console.result(f"Next:   {command('diabolo', 'detect', rows.folder, 'new.csv', '--explain', '--drift')}")
