"""What ``diabolo generate`` makes without drawing at random: rows near given ones, a grid over the plane, walks."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diabolo.cli import outputs, restoring
from diabolo.data.reading import Reading
from diabolo.data.subset import Subset
from diabolo.errors import ParameterError
from diabolo.figures.export import to_png
from diabolo.figures.latent import plane_sheet, walk_sheet
from diabolo.figures.mosaic import grid
from diabolo.jobs.codes.embed import decoded
from diabolo.jobs.codes.reconstruct import restored
from diabolo.jobs.generation.plane import Plane
from diabolo.jobs.generation.vary import varied
from diabolo.jobs.generation.walks import Walks
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

ROWS = (".csv", ".npy", ".npz", ".parquet")
SHOWN = 10
"""Rows on a sheet of moves, a line each."""
MOST_MOVES = 20
MOST_WALKS = 16


def numbers(text: str | None) -> tuple[int, int] | None:
    """Two numbers of the code as --numbers takes them.

    >>> numbers("0, 3")
    (0, 3)
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ParameterError(f"--numbers expects two numbers of the code, counted from 0, such as 0,3; got {text!r}.")
    return int(parts[0]), int(parts[1])


def ending(trained: Trained, output: Path, data: str = "") -> str:
    """What ``output`` asks for; ParameterError for a sheet of pictures where rows are none that can be drawn."""
    found = outputs.ending(output, (".png", *ROWS), data)
    layout = trained.out_kind.layout
    if found == ".png" and (trained.out_kind.name != "image" or layout.fields not in (1, 3, 4)):
        raise ParameterError(f"-o {output}: these rows are no pictures that can be drawn. Write them as .csv or .npy.")
    return found


def around(
    trained: Trained, reading: Reading, n: int, output: Path, ending: str, *, spread: float, by: str, seed: int | None
) -> int:
    """Write n rows near each row; on a sheet a line each of the first ten, the row as the model restores it first."""
    if ending != ".png":
        x = varied(trained, reading.source, n, reading.labels, spread=spread, by=by, random_state=seed)
        near = np.arange(len(reading.source)) if reading.ids is None else reading.ids
        _write_rows(trained, x, {"near": np.repeat(near, n)}, output, ending)
        return len(x)
    if n > MOST_MOVES:
        raise ParameterError(f"One line shows at most {MOST_MOVES} rows near each, got -n {n}. Write more of them as .npy.")
    source = Subset(reading.source, torch.arange(min(SHOWN, len(reading.source))))
    labels = None if reading.labels is None else reading.labels[: len(source)]
    moved = varied(trained, source, n, labels, spread=spread, by=by, random_state=seed)
    still = restored(trained, source, trained.condition(labels, len(source)))
    lines = torch.cat([still[:, None], moved.unflatten(0, (-1, n))], 1).flatten(0, 1)
    write_bytes(output, to_png(grid(lines.numpy(), value_range=_bounds(trained), columns=n + 1)))
    return len(moved)


def plane(trained: Trained, found: Plane, y: object, output: Path, ending: str) -> int:
    """Write the grid: a sheet, or rows with the values of the two numbers beside them."""
    x = decoded(trained, found.codes, y)
    if ending == ".png":
        write_bytes(output, to_png(plane_sheet(x.numpy(), found, value_range=_bounds(trained))))
    else:
        first, second = found.numbers
        beside = {"z1": found.codes[:, first], "z2": found.codes[:, second]}
        _write_rows(trained, x, beside, output, ending)
    return len(x)


def walks(trained: Trained, found: Walks, y: object, output: Path, ending: str) -> int:
    """Write the walks: a sheet, or rows with the number that was moved, and by how many deviations."""
    x = decoded(trained, found.flat, y)
    if ending == ".png":
        write_bytes(output, to_png(walk_sheet(x.numpy(), found, value_range=_bounds(trained))))
    else:
        steps = len(found.offsets)
        beside = {"number": np.repeat(found.numbers, steps), "offset": np.tile(found.offsets, len(found.numbers))}
        _write_rows(trained, x, beside, output, ending)
    return len(x)


def _write_rows(trained: Trained, x: Tensor, beside: Mapping[str, np.ndarray], output: Path, ending: str) -> None:
    """Rows in the caller's own form; what stands beside them in columns of its own, in an npz in arrays, in an npy nowhere."""
    values = trained.out_kind.decode(x)
    if ending in (".csv", ".parquet"):
        outputs.write_table(output, ending, "X", restoring.columns(values, trained), beside)
        return
    buffer = io.BytesIO()
    if ending == ".npy":
        np.save(buffer, np.asarray(values), allow_pickle=False)
    else:
        arrays: dict[str, Any] = dict(beside)
        np.savez_compressed(buffer, X=np.asarray(values), **arrays)
    write_bytes(output, buffer.getvalue())


def _bounds(trained: Trained) -> tuple[float, float]:
    return trained.out_kind.layout.bounds or (0.0, 1.0)
