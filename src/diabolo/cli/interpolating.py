"""The way through the code as files: a strip, moving pictures, tables and arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diabolo.cli import outputs
from diabolo.cli.restoring import WRITERS
from diabolo.data import Reading
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.embed import decoded
from diabolo.jobs.codes.interpolate import codes_through, lines_of
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

MOVING = (".gif", ".webp")
ROWS = (".csv", ".npy", ".npz", ".parquet")
MOST = 200
"""Pictures in one strip at most."""


def numbers(text: str) -> list[int]:
    """Row numbers as --rows takes them.

    >>> numbers("0, 5,9")
    [0, 5, 9]
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        raise ParameterError(f"--rows expects two or more row numbers, counted from 0, such as 0,5,9; got {text!r}.")
    return [int(part) for part in parts]


def ending(trained: Trained, output: Path, data: str) -> str:
    """The ending of the output. ParameterError where a table, or pictures that cannot be drawn, should move."""
    found = outputs.ending(output, (".png", *MOVING, *ROWS), data)
    kind = trained.out_kind
    if found in MOVING and kind.name != "image":
        raise ParameterError(
            f"-o {output}: rows of a table do not move. Take .png for a map of the columns, or .csv for the rows."
        )
    if found in (".png", *MOVING) and kind.name == "image" and kind.layout.fields not in (1, 3, 4):
        raise ParameterError(f"-o {output}: a picture has 1, 3 or 4 channels, these have {kind.layout.fields}. Take .npy.")
    return found


def chosen(trained: Trained, reading: Reading, rows: list[int]) -> Reading:
    """The rows to go through, in the order they were asked for.

    DataError for a number that is not there, ParameterError for rows of several labels where the model decodes with one.
    """
    n = len(reading.source)
    beyond = [row for row in rows if row >= n]
    if beyond:
        raise DataError(f"--rows {beyond[0]}: {reading.name} has {n} rows, counted from 0, so the last is {n - 1}.")
    if trained.config.labels and reading.labels is not None:
        _check_one_label(reading.labels, rows)
    return dataclasses.replace(
        reading,
        source=Subset(reading.source, torch.tensor(rows)),
        labels=None if reading.labels is None else reading.labels[rows],
        ids=None if reading.ids is None else reading.ids[rows],
    )


def _check_one_label(labels: np.ndarray, rows: list[int]) -> None:
    found = list(dict.fromkeys(labels[rows].tolist()))
    if len(found) == 1:
        return
    alike = np.flatnonzero(labels == labels[rows[0]])[: len(rows)]
    such = f", such as --rows {','.join(map(str, alike))}, which have {found[0]!r}" if len(alike) > 1 else ""
    raise ParameterError(
        f"The whole way is decoded with one label, and --rows {','.join(map(str, rows))} have {', '.join(map(repr, found))}: "
        f"choose rows of one label{such}."
    )


def way(trained: Trained, reading: Reading, steps: int, *, spherical: bool, cycle: bool) -> Tensor:
    """What the decoder makes of the codes on the way, (frames, F, *P)."""
    label = reading.labels if trained.config.labels else None
    z, y = codes_through(trained, reading.source, steps, label, spherical=spherical, cycle=cycle)
    return decoded(trained, z, y)


def write(
    trained: Trained, reading: Reading, x_hat: Tensor, path: Path, ending: str, *, steps: int, seconds: float, cycle: bool
) -> int:
    """Write the way down, and return how many rows it has in the file; of a cycle that moves, the first is not repeated."""
    bounds = trained.out_kind.layout.bounds or (0.0, 1.0)
    if ending in MOVING:
        from diabolo.figures.animation import animation

        frames = x_hat[:-1] if cycle else x_hat
        write_bytes(path, animation(frames.numpy(), ending[1:], value_range=bounds, seconds=seconds))
        return len(frames)
    if ending == ".png":
        _write_strip(trained, x_hat, path, steps, bounds)
    else:
        WRITERS[ending](trained, dataclasses.replace(reading, ids=None, labels=None), x_hat, path)
    return len(x_hat)


def _write_strip(trained: Trained, x_hat: Tensor, path: Path, steps: int, bounds: tuple[float, float]) -> None:
    from diabolo.figures.export import to_png
    from diabolo.figures.mosaic import grid, interpolation

    if trained.out_kind.name != "image":
        x = trained.out_kind.natural(x_hat).flatten(1).numpy()
        fig = interpolation(x, image=False, names=trained.out_kind.layout.names)
    elif len(x_hat) > MOST:
        raise ParameterError(
            f"A strip shows at most {MOST} pictures, this way has {len(x_hat)}. Take fewer --steps, or a .gif."
        )
    elif len(x_hat) == steps:
        fig = interpolation(x_hat.numpy(), image=True, value_range=bounds)
    else:
        fig = grid(x_hat.numpy()[lines_of(len(x_hat), steps).ravel()], value_range=bounds, columns=steps)
    write_bytes(path, to_png(fig))
