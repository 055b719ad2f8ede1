"""What ``diabolo generate`` draws, writes and says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from diabolo.cli import console, outputs, restoring
from diabolo.data.reading import Reading
from diabolo.errors import ParameterError
from diabolo.figures.export import to_png
from diabolo.figures.mosaic import grid
from diabolo.figures.neighbors import LINES, neighbors
from diabolo.figures.texts import ENGLISH
from diabolo.jobs.anomalies.strangest import CHANNELS
from diabolo.jobs.codes.embed import made_of
from diabolo.jobs.generation.judge_samples import SampleJudgment
from diabolo.jobs.generation.new_rows import nearest_rows
from diabolo.jobs.generation.sample import sample_codes, warn_of_few_codes
from diabolo.jobs.generation.sample_verdict import sample_verdict
from diabolo.report.language import language
from diabolo.store.files import write_bytes
from diabolo.trained import Trained


def ending(trained: Trained, output: Path) -> str:
    """What ``output`` asks for; ParameterError for a sheet of pictures where rows are none."""
    found = restoring.ending(trained, output, "")
    if found == ".png" and trained.out_kind.name != "image":
        raise ParameterError(f"-o {output}: these rows are no pictures. Write them as .csv, .parquet, .npy or .npz.")
    return found


def label_of(trained: Trained, text: str | None) -> Any:
    """The label meant by a text, among those the model knows; ParameterError for none, one too many or an unknown one."""
    known = trained.config.labels
    names = {str(value): value for value in known}
    if not known:
        if text is not None:
            raise ParameterError(f"--label {text}: the recipe {trained.config.recipe!r} takes no labels. Train cvae for that.")
        return None
    if text is None or text not in names:
        said = "needs --label" if text is None else f"knows no label {text!r}"
        raise ParameterError(f"This model {said}. It was trained with {', '.join(names)}.")
    return names[text]


def drawn(trained: Trained, count: int, density: str, y: Any, seed: int | None) -> Tensor:
    """New rows inside the model's scale, (count, F, *P)."""
    warn_of_few_codes(trained, density)
    return made_of(trained, sample_codes(trained, count, density=density, random_state=seed), y, seed=seed)


def write(trained: Trained, x: Tensor, y: Any, output: Path, ending: str) -> int:
    """New rows as a file or a folder; how many files."""
    if ending == ".png":
        write_bytes(output, to_png(grid(x.numpy(), value_range=trained.out_kind.layout.bounds or (0.0, 1.0))))
        return 1
    labels = None if y is None else np.full(len(x), y)
    source = trained.out_kind.read(trained.out_kind.decode(x))
    reading = Reading(trained.out_kind, source, labels, "new rows", "new rows", ())
    return restoring.WRITERS[ending](trained, reading, x, output)


def document(judged: SampleJudgment | None) -> dict[str, Any] | None:
    """The judgment as plain values, with its sentences; None for none."""
    if judged is None:
        return None
    english = language("en")
    said = [english.plain(f.key, **f.values) for f in sample_verdict(judged)]
    return judged.to_dict() | {"features_are": english.plain(judged.about.key, **judged.about.values), "verdict": said}


def check_nearest(trained: Trained, path: Path | None, training: str | None) -> None:
    """ParameterError where there are no pictures to draw, or nothing to find the nearest in."""
    if path is None:
        return
    outputs.ending(path, (".png",), training or "", option="--nearest")
    if training is None:
        raise ParameterError("--nearest looks for the nearest rows of the training: give --training DATA too.")
    if trained.out_kind.name != "image" or trained.out_kind.layout.fields not in CHANNELS:
        raise ParameterError("--nearest draws pictures, and this model makes none. --judge DATA has the share of copies.")


def write_nearest(trained: Trained, x: Tensor, training: Any, path: Path) -> int:
    """The first new pictures, each beside the training picture nearest to it, with the distance between; how many."""
    found = nearest_rows(trained, x[:LINES], training)
    texts = {"neighbors.query": ENGLISH["samples.new"]}
    texts |= dict.fromkeys(("neighbors.distances", "neighbors.nearest"), ENGLISH["samples.near"])
    bounds = trained.out_kind.layout.bounds or (0.0, 1.0)
    made, near = found.made.numpy(), found.near[:, None].numpy()
    write_bytes(path, to_png(neighbors(made, near, found.distances[:, None], value_range=bounds, texts=texts)))
    return len(made)


def show(judged: SampleJudgment) -> None:
    """The table of the densities, in which features and beside how many rows, and what it says."""
    english = language("en")
    optional = {"copies": "copies", "nearness": "distance to training", "holes": "in holes"}
    shown = [name for name in optional if any(getattr(line, name) is not None for line in judged.table)]
    rows = [
        [line.origin, f"{line.frechet:.4g}", f"{line.precision:.2f}", f"{line.recall:.2f}"]
        + [_cell(name, getattr(line, name)) for name in shown]
        for line in judged.table
    ]
    headings = ["drawn from", "Fréchet distance", "precision", "recall", *(optional[name] for name in shown)]
    console.result()
    title = f"{judged.rows} new rows of each beside {judged.rows} real ones; features: {judged.features} ({judged.width})"
    console.table(headings, rows, title=title, numbers=range(1, len(headings)))
    console.result(f"{judged.features}: {english.plain(judged.about.key, **judged.about.values)}.")
    console.result(
        f"Fréchet distances grow as rows become fewer: compare these with those of {judged.rows} rows and the same features "
        f"only. Two halves of the real rows are {judged.floor:.4g} apart: near that no difference can be told."
    )
    for finding in sample_verdict(judged):
        console.result(english.plain(finding.key, **finding.values))


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else f"{value:.2f} x" if name == "nearness" else f"{value:.1%}"
