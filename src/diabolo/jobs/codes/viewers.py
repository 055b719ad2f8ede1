"""Viewers: codes as files that other programs open as they are: TensorFlow's Embedding Projector, Apple's Embedding Atlas."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from diabolo.data.sources import Source
from diabolo.errors import DataError
from diabolo.maths.ranges import to_bytes
from diabolo.metrics.arrays import flat_codes
from diabolo.trained import Trained

TENSORS, METADATA, SPRITE, CONFIG = "tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.pbtxt"
WIDEST = 8192
"""Pixels a side of a sprite: what browsers take."""
THUMBNAIL = 100
"""Pixels a side of one picture, at most."""
NEIGHBORS, NEIGHBOR_ROWS = 15, 50_000
AT_ONCE = 1_024
OWN = ("x", "y", "vector", "neighbors", "image")

Pictures = NDArray[np.uint8]


def projector_files(z: Any, columns: Mapping[str, Any], pictures: Pictures | None = None) -> dict[str, bytes]:
    """The files of a folder for the Embedding Projector, by name: ``tensorboard --logdir FOLDER``, or loaded at
    projector.tensorflow.org.

    z: codes (n, K). columns: what stands beside each row, (n,) each. pictures: (n, H, W) or (n, H, W, 3 | 4) uint8.
    tensors.tsv has a line a code and no heading; metadata.tsv has one where there is more than one column, as the program
    expects; sprite.png holds the pictures line by line in a square, each at most 100 pixels a side, and the whole 8192;
    projector_config.pbtxt names the others. Format: https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin
    """
    flat = flat_codes(z)
    _check(len(flat), columns, pictures)
    beside = dict(columns) or {"row": np.arange(len(flat))}
    files = {TENSORS: _lines("\t".join(f"{v:.7g}" for v in row) for row in flat.tolist())}
    heading = ["\t".join(_cell(name) for name in beside)] if len(beside) > 1 else []
    cells = zip(*(np.asarray(values).tolist() for values in beside.values()), strict=True)
    files[METADATA] = _lines([*heading, *("\t".join(_cell(v) for v in row) for row in cells)])
    config = [f'  tensor_name: "codes"\n  tensor_path: "{TENSORS}"\n  metadata_path: "{METADATA}"\n']
    if pictures is not None:
        files[SPRITE], (width, height) = _sprite(pictures)
        sizes = f"    single_image_dim: {width}\n    single_image_dim: {height}\n"
        config.append(f'  sprite {{\n    image_path: "{SPRITE}"\n{sizes}  }}\n')
    files[CONFIG] = ("embeddings {\n" + "".join(config) + "}\n").encode()
    return files


def atlas_table(z: Any, points: Any, columns: Mapping[str, Any], pictures: Pictures | None = None) -> bytes:
    """A Parquet file for Embedding Atlas: ``embedding-atlas FILE --x x --y y --neighbors neighbors``.

    z: codes (n, K), kept as lists in ``vector``. points: (n, 2), in ``x`` and ``y``. columns: what stands beside each row.
    neighbors: of up to 50 000 rows, ``{ids, distances}`` of the 15 nearest codes, ids counted from 0. pictures: as in
    :func:`projector_files`; in ``image``, ``{bytes, path}`` with PNG inside.
    Format: https://apple.github.io/embedding-atlas/tool.html and https://apple.github.io/embedding-atlas/data-formats.html
    """
    flat, plane = flat_codes(z), flat_codes(points)
    if plane.shape != (len(flat), 2):
        raise DataError(f"Expected a point (x, y) for each of {len(flat)} codes, got the shape {plane.shape}.")
    _check(len(flat), columns, pictures)
    found: dict[str, Any] = {_apart(name): np.asarray(values) for name, values in columns.items()}
    found |= {"x": plane[:, 0], "y": plane[:, 1]}
    found["vector"] = pl.Series("vector", flat.astype(np.float32).tolist(), dtype=pl.List(pl.Float32))
    if 1 < len(flat) <= NEIGHBOR_ROWS:
        found["neighbors"] = _neighbors(flat)
    if pictures is not None:
        small = [_png(picture) for picture in _thumbnails(pictures, THUMBNAIL)]
        found["image"] = [{"bytes": content, "path": f"{i}.png"} for i, content in enumerate(small)]
    buffer = io.BytesIO()
    pl.DataFrame(found).write_parquet(buffer)
    return buffer.getvalue()


def pictures_of(trained: Trained, source: Source, rows: NDArray[np.int64]) -> Pictures | None:
    """Some rows of a source as pictures, (m, H, W) or (m, H, W, 3 | 4) uint8; None for tables.

    Of pictures with another number of channels than 1, 3 or 4 the first is shown.
    """
    layout = trained.kind.layout
    if trained.kind.name != "image" or layout.bounds is None:
        return None
    parts = []
    for part in torch.from_numpy(rows).split(AT_ONCE):
        x = trained.kind.inside(source, part)
        x = x if layout.fields in (1, 3, 4) else x[:, :1]
        parts.append(to_bytes(x, layout.bounds).permute(0, 2, 3, 1).numpy())
    found = np.concatenate(parts)
    return found[..., 0] if found.shape[-1] == 1 else found


def _check(n: int, columns: Mapping[str, Any], pictures: Pictures | None) -> None:
    for name, values in columns.items():
        if np.shape(values) != (n,):
            raise DataError(f"Expected one value a code, ({n},), in the column {name!r}, got the shape {np.shape(values)}.")
    if pictures is not None and (pictures.dtype != np.uint8 or pictures.ndim not in (3, 4) or len(pictures) != n):
        raise DataError(f"Expected {n} pictures (n, H, W[, C]) of uint8, got {pictures.shape} of {pictures.dtype}.")


def _lines(rows: Any) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def _cell(value: Any) -> str:
    """One cell, which cannot hold a tab or the end of a line, nor be empty: a line of nothing is passed over."""
    text = " ".join(str(value).split())
    return "-" if value is None or value != value or not text else text


def _sprite(pictures: Pictures) -> tuple[bytes, tuple[int, int]]:
    """All pictures in one PNG, and the width and height of each."""
    across = math.ceil(math.sqrt(len(pictures)))
    small = _thumbnails(pictures, max(1, min(THUMBNAIL, WIDEST // across)))
    height, width = small[0].shape[:2]
    sheet = np.zeros((across * height, across * width, *small[0].shape[2:]), dtype=np.uint8)
    for i, picture in enumerate(small):
        top, left = (i // across) * height, (i % across) * width
        sheet[top : top + height, left : left + width] = picture
    return _png(sheet), (width, height)


def _thumbnails(pictures: Pictures, side: int) -> Sequence[Pictures]:
    """Pictures of at most ``side`` pixels, as they are where they are no larger."""
    height, width = pictures.shape[1:3]
    if max(height, width) <= side:
        return list(pictures)
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return [np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX)) for p in pictures]


def _png(picture: Pictures) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def _neighbors(flat: NDArray[np.float64]) -> list[dict[str, Any]]:
    search = NearestNeighbors(n_neighbors=min(NEIGHBORS, len(flat) - 1)).fit(flat)
    distances, ids = search.kneighbors()
    return [{"ids": i, "distances": d} for i, d in zip(ids.tolist(), distances.tolist(), strict=True)]


def _apart(name: str) -> str:
    """A name that is none of those the viewer reads."""
    return name if name not in OWN else _apart(name + "_")
