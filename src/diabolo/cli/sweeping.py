"""What ``diabolo sweep`` asks, says and draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diabolo.cli import console
from diabolo.data import Reading
from diabolo.errors import ParameterError
from diabolo.estimators.widths import COLUMNS
from diabolo.figures.export import to_png, to_svg
from diabolo.figures.sweep import sweep_curve, sweep_pictures
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.sweep import Sweep
from diabolo.store.files import write_bytes, write_text


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


def write_curve(found: Sweep, path: Path) -> None:
    """The curve, as PNG or SVG."""
    fig = sweep_curve(found)
    if path.suffix.lower() == ".svg":
        write_text(path, to_svg(fig))
    else:
        write_bytes(path, to_png(fig))


def write_pictures(found: Sweep, path: Path) -> None:
    """Pictures through every width, as PNG."""
    write_bytes(path, to_png(sweep_pictures(found)))
