"""What ``diabolo detect`` found: as text, as a table of scores, as pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import torch

from diabolo import store
from diabolo.cli import console, outputs
from diabolo.cli.inputs import read_for
from diabolo.cli.restoring import file_names
from diabolo.data import Reading
from diabolo.data.sources import Source
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.judge import QUANTILE, Detection, Judge
from diabolo.jobs.anomalies.photographs import detect_photographs, unfamiliar_photographs
from diabolo.jobs.mending.given_photographs import Photographs, photographs_of
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

SHOWN = 10
"""Rows in the table of the strangest."""
PLACES = {"pca": "by PCA", "code neighbors": "by codes", "pixel neighbors": "by pixels"}
"""Headings of the places that simpler methods give."""
AT_ONCE = 64
WORDS = {
    "model": "this model",
    "pca": "what PCA does not restore",
    "code neighbors": "nearest neighbors among codes",
    "pixel neighbors": "nearest neighbors among pixels",
}


def run(
    trained: Trained,
    model: Path,
    data: str,
    output: Path | None,
    ending: str | None,
    *,
    normal: Sequence[str] | None,
    quantile: float | None,
    reference: str | None,
    heatmap: Path | None,
    label: str | None,
    id: str | None,
    skip_broken: bool,
    as_json: bool,
) -> None:
    """Judge pictures, write what was asked for, and say it."""
    share = QUANTILE if quantile is None else quantile
    normals = None if reference is None else read_for(trained, reference, skip_broken=skip_broken).source
    given = photographs_of(trained.kind, data)
    if given is not None:
        judged = photographs(trained, given, normal, share, normals, heatmap, skip_broken=skip_broken)
    else:
        reading = read_for(trained, data, label=label, id=id, skip_broken=skip_broken)
        judged = rows(trained, reading, normal, share, normals, heatmap)
    if output is not None and ending is not None:
        write_scores(trained, judged, output, ending)
    files = 0 if heatmap is None else len(judged.found.scores)
    if as_json:
        named = {"names": None if judged.ids is None else [str(v) for v in judged.ids.tolist()], "notes": judged.notes}
        console.document(
            {"model": model, "data": judged.name, "output": output, "files": files, **judged.found.to_dict(), **named}
        )
        return
    show(judged)
    if output is not None:
        console.result(f"Scores: {output}")
    if heatmap is not None:
        console.result(f"{files} pictures, red where unlike: {heatmap}")


def check_folder(trained: Trained, folder: Path | None) -> None:
    """Make the folder for pictures before any work is done. ParameterError where the data are no pictures."""
    if folder is None:
        return
    if trained.kind.name != "image":
        raise ParameterError("--heatmap draws on pictures, and this model takes tables. -o FILE keeps their scores.")
    if trained.kind.layout.fields not in (1, 3, 4):
        raise ParameterError(f"--heatmap draws on pictures of 1, 3 or 4 channels, these have {trained.kind.layout.fields}.")
    store.prepare(folder)


@final
@dataclass(frozen=True, eq=False)
class Judged:
    """What was found, and of what. ids, labels: (n,) or None. noun: what one is called. notes: what the user should know."""

    name: str
    found: Detection
    ids: np.ndarray | None
    labels: np.ndarray | None
    noun: str
    notes: tuple[str, ...] = ()


def rows(
    trained: Trained,
    reading: Reading,
    normal: Sequence[str] | None,
    quantile: float,
    reference: Source | None,
    heatmap: Path | None,
) -> Judged:
    """Rows of the model's own size; with a heat map each where a folder for them is given."""
    known = truth(reading.labels, reading.name, normal)
    found = detect(trained, reading.source, reading.labels, anomalous=known, quantile=quantile, reference=reference)
    if heatmap is not None:
        _write_heat(trained, reading, found, heatmap)
    return Judged(reading.name, found, reading.ids, reading.labels, "row", reading.notes)


def photographs(
    trained: Trained,
    given: Photographs,
    normal: Sequence[str] | None,
    quantile: float,
    reference: Source | None,
    heatmap: Path | None,
    *,
    skip_broken: bool,
) -> Judged:
    """Photographs of any size; their heat maps are written one after the other."""
    warning = unfamiliar_photographs(trained, given)
    if warning is not None:
        console.warn(f"Warning: {warning}")
    known = truth(given.labels, given.name, normal)
    usual = Judge.of(trained).known.usual
    names = dict(zip(given.names, _pngs(given.names), strict=True))

    def draw(name: str, pixels: np.ndarray, heat: np.ndarray) -> None:
        if heatmap is not None:
            _write_overlays(heatmap, [names[name]], pixels[None], heat[None], usual, (0.0, 255.0))

    found = detect_photographs(
        trained, given, anomalous=known, quantile=quantile, reference=reference, skip_broken=skip_broken, watch=draw
    )
    kept = np.isin(given.names, found.names)
    labels = None if given.labels is None else given.labels[kept]
    return Judged(given.name, found, np.array(found.names), labels, "photograph", found.notes)


def truth(labels: np.ndarray | None, name: str, normal: Sequence[str] | None) -> np.ndarray | None:
    """Which rows are anomalies (n,): those with other labels than the normal ones; None where none are named.

    Raises DataError where there are no labels, or one named is not among them.
    """
    if not normal:
        return None
    if labels is None:
        raise DataError(
            f"--normal {normal[0]} needs labels, and {name} came without. Name their column with --label, or put pictures into "
            "a folder a label."
        )
    known = np.asarray([str(v) for v in labels.tolist()])
    unknown = sorted(set(normal) - set(known))
    if unknown:
        raise DataError(f"There is no label {unknown[0]!r}. Labels: {', '.join(sorted(set(known))[:20])}.")
    return ~np.isin(known, normal)


def show(judged: Judged) -> None:
    """The count, the strangest with their places by simpler methods, and the AUCs where the truth is known."""
    found, noun = judged.found, judged.noun
    for note in judged.notes:
        console.say(note)
    n, flagged = len(found.scores), int(found.is_outlier.sum())
    console.result(
        f"{flagged} of {n} {noun}{'s' * (n != 1)} stand{'s' * (flagged == 1)} out: score above {found.threshold:.4g}. "
        f"Of usual {noun}s {found.false_alarms:.2g} would, so expect about {found.false_alarms * n:.2g} false alarms."
    )
    if not found.held_out:
        console.warn(
            f"The threshold comes from {found.rows} training rows, as none were held out: more usual rows will stand out than "
            "that. Train with rows held out (the default)."
        )
    order = np.argsort(-found.scores, kind="stable")[:SHOWN]
    names = [str(i) for i in range(n)] if judged.ids is None else [str(v) for v in judged.ids.tolist()]
    places = {name: _places(values) for name, values in found.beside.items()}
    lines = [
        [names[i], f"{found.scores[i]:.4g}", f"{found.p_values[i]:.2g}", "yes" if found.is_outlier[i] else ""]
        + [str(place[i]) for place in places.values()]
        for i in order
    ]
    heads = [noun, "score", "p", "stands out", *(PLACES[name] for name in places)]
    title = f"The strangest, and which place simpler methods give them among {n}"
    console.table(heads, lines, title=title, numbers=(1, 2, *range(4, len(heads))))
    if found.auc is not None:
        figures = [[WORDS[name], f"{value:.4f}"] for name, value in found.auc.items()]
        console.table(["", "ROC-AUC"], figures, title=f"Anomalies told from normal {noun}s", numbers=(1,))


def write_scores(trained: Trained, judged: Judged, path: Path, ending: str) -> None:
    """Score, p-value and verdict of each row, what simpler methods say, and names and labels where there are any."""
    own, found = trained.kind.wants, judged.found
    columns = {"score": found.scores, "p_value": found.p_values, "is_outlier": found.is_outlier.astype(np.int8)}
    columns |= {name.replace(" ", "_"): values for name, values in found.beside.items()}
    aside = {own.id or "id": judged.ids, own.label or "label": judged.labels}
    outputs.write_table(path, ending, "scores", columns, {k: v for k, v in aside.items() if v is not None})


def _places(scores: np.ndarray) -> np.ndarray:
    """The place of each score (n,) when all are ordered, 1 is the highest; equal ones share a place."""
    return 1 + np.searchsorted(np.sort(-scores), -scores, side="left")


def _write_heat(trained: Trained, reading: Reading, found: Detection, folder: Path) -> None:
    """A PNG a picture, red where it is unlike the training pictures, under its own name."""
    names = file_names(reading, len(found.scores))
    for some in torch.arange(len(names)).split(AT_ONCE):
        x = trained.kind.inside(reading.source, some).numpy()
        bounds = trained.kind.layout.bounds or (0.0, 1.0)
        _write_overlays(folder, [names[i] for i in some.tolist()], x, found.heat[some.numpy()], found.usual, bounds)


def _write_overlays(
    folder: Path, names: Sequence[str], x: np.ndarray, heat: np.ndarray, usual: float, value_range: tuple[float, float]
) -> None:
    from PIL import Image

    from diabolo.figures.heat import overlays

    for name, image in zip(names, overlays(x, heat, usual, value_range=value_range), strict=True):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, format="PNG")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(folder / name, buffer.getvalue())


def _pngs(names: Sequence[str]) -> list[str]:
    """Names that end in .png; the old ending stays before it where two would be the same."""
    plain = [str(Path(name).with_suffix(".png")) for name in names]
    return plain if len(set(plain)) == len(plain) else [f"{name}.png" for name in names]
