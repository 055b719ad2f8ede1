"""The ways to write reconstructions down."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import torch
from torch import Tensor

from diabolo.cli import outputs
from diabolo.data import Reading
from diabolo.data.kinds import MixedTableKind, TableKind
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError
from diabolo.maths.ranges import to_bytes
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

SHOWN = {"image": 16, "table": 6, "mixed": 6}
"""Rows in a picture where nobody says how many."""

MOST = 200
"""Rows in a picture at most."""

IMAGES_ONLY = ""


def ending(trained: Trained, output: Path, data: str) -> str:
    """What ``output`` asks for: an ending, or ``""`` for a folder of pictures, which only images can fill."""
    known = (".png", ".csv", ".npy", ".npz", ".parquet")
    return outputs.ending(output, known, data, folder=trained.out_kind.name == "image")


def first(reading: Reading, rows: int | None, ending: str) -> Reading:
    """The first rows of a reading: as many as asked, all where nothing is asked, a few for a picture."""
    picture = ending == ".png"
    if picture and rows is not None and rows > MOST:
        raise ParameterError(
            f"One picture shows at most {MOST} rows, got --rows {rows}. Write more of them as .npy, or into a folder."
        )
    wanted = rows or (SHOWN[reading.kind.name] if picture else len(reading.source))
    n = min(wanted, len(reading.source))
    if n == len(reading.source):
        return reading
    return dataclasses.replace(
        reading,
        source=Subset(reading.source, torch.arange(n)),
        labels=None if reading.labels is None else reading.labels[:n],
        ids=None if reading.ids is None else reading.ids[:n],
    )


def _write_png(trained: Trained, reading: Reading, x_hat: Tensor, path: Path) -> int:
    """Inputs above outputs, as one picture."""
    from diabolo.figures.export import to_png
    from diabolo.figures.pairs import reconstructions

    x = trained.kind.inside(reading.source)
    layout = trained.out_kind.layout
    if trained.out_kind.name == "image":
        fig = reconstructions(x.numpy(), x_hat.numpy(), image=True, value_range=layout.bounds or (0.0, 1.0))
    else:
        fig = reconstructions(x.numpy(), x_hat.numpy(), image=False, names=layout.names, center=0.0, spread=1.0)
    write_bytes(path, to_png(fig))
    return 1


def _write_npy(trained: Trained, reading: Reading, values: Any, path: Path) -> int:
    buffer = io.BytesIO()
    np.save(buffer, _numbers(values, path), allow_pickle=False)
    write_bytes(path, buffer.getvalue())
    return 1


def _write_npz(trained: Trained, reading: Reading, values: Any, path: Path) -> int:
    """Under the names that `diabolo` reads again: X, and y where there are labels."""
    buffer = io.BytesIO()
    beside: dict[str, Any] = {} if reading.labels is None else {"y": reading.labels}
    np.savez_compressed(buffer, X=_numbers(values, path), **beside)
    write_bytes(path, buffer.getvalue())
    return 1


def _numbers(values: Any, path: Path) -> np.ndarray:
    """Values as one array. ParameterError for tables with text or dates, which no array of numbers holds."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ParameterError(f"The table has columns that are no numbers: write it as .csv or .parquet, not as {path.suffix}.")
    return array


def _write_columns(trained: Trained, reading: Reading, values: Any, path: Path) -> int:
    """Under the columns' own names; pixels are pixel_0, pixel_1, …, as they lie in a row."""
    own = trained.kind.wants
    beside = {own.id or "id": reading.ids, own.label or "label": reading.labels}
    kept = {name: found for name, found in beside.items() if found is not None}
    outputs.write_table(path, path.suffix.lower(), "X", columns(values, trained), kept)
    return 1


def columns(given: Any, trained: Trained) -> Mapping[str, np.ndarray]:
    """Values as the caller has them, (n, ...) or a frame, by the names of columns."""
    if trained.out_kind.name == "mixed" and hasattr(given, "columns"):
        frame = nw.from_native(given, eager_only=True)
        return {str(name): np.array(frame[:, i].to_list(), dtype=object) for i, name in enumerate(frame.columns)}
    if hasattr(given, "columns"):
        return {str(name): np.asarray(given[name]) for name in given.columns}
    flat = np.asarray(given).reshape(len(given), -1)
    if isinstance(trained.out_kind, TableKind | MixedTableKind):
        return dict(zip(trained.out_kind.names, flat.T, strict=True))
    return {f"pixel_{i}": column for i, column in enumerate(flat.T)}


def _write_folder(trained: Trained, reading: Reading, x_hat: Tensor, path: Path) -> int:
    """A PNG an image, under the names the images came with, else numbered."""
    from PIL import Image

    from diabolo import store

    pixels = to_bytes(x_hat, trained.out_kind.layout.bounds or (0.0, 1.0)).permute(0, 2, 3, 1).numpy()
    if pixels.shape[-1] not in (1, 3, 4):
        raise DataError(f"A picture has 1, 3 or 4 channels, these images have {pixels.shape[-1]}: write them as .npy.")
    store.prepare(path)
    names = file_names(reading, len(pixels))
    for name, image in zip(names, pixels, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, format="PNG")
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path / name, buffer.getvalue())
    return len(names)


def file_names(reading: Reading, n: int) -> list[str]:
    """The pictures' own paths with the ending .png; numbers where there are none, or two would be the same."""
    digits = len(str(n - 1))
    numbered = [f"{i:0{digits}d}.png" for i in range(n)]
    if reading.ids is None:
        return numbered
    own = [str(Path(name).with_suffix(".png")) for name in reading.ids.tolist()]
    return own if len(set(own)) == n else numbered


EXACT: Mapping[str, Callable[[Trained, Reading, Any, Path], int]] = {
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".csv": _write_columns,
    ".parquet": _write_columns,
}
"""Writers of values as the caller has them, (n, ...) or a frame."""


def _decoded(write: Callable[[Trained, Reading, Any, Path], int]) -> Callable[[Trained, Reading, Tensor, Path], int]:
    return lambda trained, reading, x_hat, path: write(trained, reading, trained.out_kind.decode(x_hat), path)


WRITERS: Mapping[str, Callable[[Trained, Reading, Tensor, Path], int]] = {
    ".png": _write_png,
    **{ending: _decoded(write) for ending, write in EXACT.items()},
    IMAGES_ONLY: _write_folder,
}
"""Writers of x̂ (n, F, *P) inside the model's scale."""
