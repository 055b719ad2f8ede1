"""What ``diabolo sweep`` asks, does, says and draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from diabolo.cli import console
from diabolo.cli.inputs import refuse_model
from diabolo.cli.making import Request, build, read_data
from diabolo.cli.outcome import outcome, show_outcome
from diabolo.cli.outputs import write_figure
from diabolo.data import Reading
from diabolo.errors import ParameterError
from diabolo.estimators.widths import COLUMNS
from diabolo.figures.sweep import sweep_curve, sweep_pictures
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.sweep import Sweep, sweep
from diabolo.jobs.studies import SWEEP
from diabolo.jobs.train import Options
from diabolo.trained import Companion


@final
@dataclass(frozen=True)
class Wanted:
    """latents: widths to try. picture, pictures: files for the curve, and for pictures through every width."""

    latents: Sequence[int] | str
    picture: Path | None
    pictures: Path | None


def run(request: Request, options: Options, wanted: Wanted) -> None:
    """Sweep, say what was found, and keep a model of the suggested width where there is a folder for it."""
    found: list[Sweep] = []

    def before(reading: Reading, asked: Options) -> tuple[Options, dict[str, Companion]]:
        check_pictures(reading, wanted.pictures)
        result = sweep(reading, asked, wanted.latents, tell=say)
        found.append(result)
        _write(result, wanted)
        if not request.as_json:
            show(result)
            _tell_files(wanted)
        best = result.suggestion.latent_dim
        if request.output is not None:
            console.say(f"A model of the suggested width, {best}, on all rows …")
        return dataclasses.replace(asked, latent_dim=best), {SWEEP: result.kept()}

    if request.output is None:
        before(read_data(request.data, request.read_as, options), options)
        built = None
    else:
        refuse_model(request.data)
        built = build(request, options, before)
    if request.as_json:
        files = {"picture": wanted.picture, "pictures": wanted.pictures}
        console.document({**found[0].to_dict(), **files, **({} if built is None else {"model": outcome(built)})})
    elif built is not None:
        console.result()
        show_outcome(built, request)


def _write(found: Sweep, wanted: Wanted) -> None:
    if wanted.picture is not None:
        write_figure(sweep_curve(found), wanted.picture)
    if wanted.pictures is not None:
        write_figure(sweep_pictures(found), wanted.pictures)


def _tell_files(wanted: Wanted) -> None:
    for path in (wanted.picture, wanted.pictures):
        if path is not None:
            console.result(f"Picture: {path}")


def widths(text: str) -> Sequence[int] | str:
    """``auto``, or widths with commas between. Raises ParameterError for anything else.

    >>> widths("2,4, 8"), widths("auto")
    ([2, 4, 8], 'auto')
    """
    if text.strip() == "auto":
        return "auto"
    parts = [p.strip() for p in text.split(",")]
    if not all(p.isdecimal() and int(p) > 0 for p in parts) or len(set(map(int, parts))) < 2:
        raise ParameterError(f"--latents expects auto, or two or more whole numbers such as 2,4,8,16, got {text!r}.")
    return [int(p) for p in parts]


def check_pictures(reading: Reading, path: Path | None) -> None:
    """ParameterError where there are no pictures to draw."""
    if path is not None and reading.kind.name != "image":
        raise ParameterError(
            "--pictures draws pictures, and these data are a table. --picture FILE draws the curve of the errors."
        )


def say(number: int, count: int, latent_dim: int) -> None:
    """A line before each training, to stderr."""
    console.say(f"{number} of {count}: a code of {latent_dim} …")


def show(found: Sweep) -> None:
    """A line a width, and the suggestion with its reason."""
    title = (
        f"{found.recipe} on {found.data}: {found.rows} rows trained on, {found.held_out} others judged; the error of their "
        f"mean is {found.variance:.4g}"
    )
    rows = []
    for w in found.widths:
        cells = [cell(w) for cell in COLUMNS.values()]
        cells[0] += "*" if w.latent_dim == found.suggestion.latent_dim else ""
        rows.append(cells)
    console.table(list(COLUMNS), rows, title=title, numbers=range(len(COLUMNS)))
    console.result(f"Suggested: {found.suggestion.latent_dim}. {found.suggestion.reason}")
    for finding in found.warnings:
        console.warn(f"Warning: {in_english(finding)}")
