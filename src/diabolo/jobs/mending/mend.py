"""Mend: take noise out, enlarge, fill in, put tiles back in order. What a trained model does with damaged rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from diabolo.data.frames import aligned, rebuilt
from diabolo.data.given import Given
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.kinds.table import TableKind, cast
from diabolo.data.reading import given_like
from diabolo.data.sources import Source
from diabolo.errors import DataError
from diabolo.jobs.codes.reconstruct import restored
from diabolo.jobs.inference import apply, chunk_rows
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.mending.missing import Guesses, fill
from diabolo.jobs.mending.tasks import DENOISE, IMPUTE, UNSHUFFLE, UPSCALE, require
from diabolo.parts.corruptions import Shuffle
from diabolo.parts.corruptions.masks import emptied
from diabolo.parts.corruptions.shuffle import picture_of, placed, tiles_of
from diabolo.spec import is_whole
from diabolo.trained import Trained


@final
@dataclass(frozen=True)
class Mended:
    """Rows, mended. task: what was done. rows: how many. restored: in the caller's own shape, dtype, range and columns.

    order: (n, tiles) of ``unshuffle``: place t of the picture holds the tile that was at ``order[:, t]``. guesses: of
    ``impute`` in mixed tables, how well each column's cells are guessed, beside the mean and the most frequent level.
    """

    task: str
    rows: int
    restored: Any
    order: np.ndarray | None = None
    guesses: tuple[Guesses, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the rows themselves stay where they are."""
        order = None if self.order is None else self.order.tolist()
        return {"task": self.task, "rows": self.rows, "order": order, "guesses": [asdict(g) for g in self.guesses]}


def denoise(trained: Trained, data: Any, y: Any = None) -> Mended:
    """Noisy rows, cleaned. Raises UnsupportedError where the model has never seen damaged inputs."""
    return _mended(trained, DENOISE, data, y)


def upscale(trained: Trained, data: Any, y: Any = None) -> Mended:
    """Pictures enlarged. Raises UnsupportedError where the model gives no larger pictures than it takes."""
    return _mended(trained, UPSCALE, data, y)


def unshuffle(trained: Trained, data: Any, y: Any = None) -> Mended:
    """Pictures with their tiles back in order: the tiles given, placed where they fit what the model says the picture is."""
    return _mended(trained, UNSHUFFLE, data, y)


def impute(trained: Trained, data: Any, hidden: Any = None, y: Any = None) -> Mended:
    """Rows with their hidden cells filled in; all other cells are given back as they came.

    hidden: bool in the shape of the data (of pictures also without the channels), True where a cell is to be filled in. None:
    where data are NaN or missing; of mixed tables those cells always. Raises UnsupportedError where the model was not trained
    with hidden cells, DataError where nothing or everything is hidden.
    """
    require(trained, IMPUTE)
    given = given_like(trained.kind, data)
    if isinstance(trained.kind, MixedTableKind):
        made = fill(trained, trained.kind, given, hidden, y)
        return Mended(IMPUTE, len(made.values), aligned(made.table(trained.kind, given), data), guesses=made.guesses)
    values = filled(trained, given, hidden, y)
    columns = trained.kind.columns if isinstance(trained.kind, TableKind) else None
    if columns is None:
        return Mended(IMPUTE, len(values), values)
    typed = [cast(column, dtype) for column, dtype in zip(values.T, columns.dtypes, strict=True)]
    return Mended(IMPUTE, len(values), aligned(rebuilt(typed, columns), data))


def filled(trained: Trained, given: Given, hidden: Any = None, y: Any = None) -> np.ndarray:
    """What was gathered for the model's kind, (n, ...), filled in as :func:`impute` does: visible cells bit for bit.

    In the kind's own dtype; columns of tables with names in float64 until they are made a frame again.
    """
    kind, y = trained.kind, given.labels if y is None else y
    if isinstance(kind, TableKind):
        kind.accept(dataclasses.replace(given, rows=np.nan_to_num(given.rows)), "the model")  # columns first, cells after
    known, gone = hidden_cells(kind, given.rows, hidden)
    source = kind.accept(dataclasses.replace(given, rows=known), "the model")
    x_hat, _ = mend_rows(trained, IMPUTE, source, trained.condition(y, len(source)), inside(trained, gone))
    if isinstance(kind, TableKind) and kind.columns is not None:
        return np.where(gone, kind.natural(kind.settled(x_hat)).numpy(), given.rows)
    made = kind.decode(x_hat)
    return np.where(gone, made, given.rows).astype(made.dtype)


JOBS: Mapping[str, Callable[..., Mended]] = {DENOISE: denoise, UPSCALE: upscale, IMPUTE: impute, UNSHUFFLE: unshuffle}
"""What is done to rows, by task."""


def extend(trained: Trained, crops: Any, at: tuple[int, int], y: Any = None) -> Mended:
    """Whole pictures of the model's size around crops of them. crops: (n, h, w) or (n, h, w, C). at: row and column of a crop's
    first pixel.

    Raises as :func:`impute` does, and DataError where the crops do not lie in a picture of the model's size.
    """
    require(trained, IMPUTE)
    crops, size = np.asarray(crops), trained.kind.layout.positions
    if crops.ndim not in (3, 4) or len(size) != 2:
        raise DataError(f"Crops are pictures, (n, h, w) or (n, h, w, C), for a model of pictures; got the shape {crops.shape}.")
    whole, hidden = around(crops, at, size)
    return impute(trained, whole, hidden, y)


def around(crops: np.ndarray, at: tuple[int, int], size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of a size with crops (n, h, w) or (n, h, w, C) in them, 0 elsewhere, and what is not crop, bool (n, H, W)."""
    for name, pair, least in (("at", at, 0), ("size", size, 1)):
        if len(pair) != 2 or not all(is_whole(n, least) for n in pair):
            what = "the row and the column of the first pixel" if name == "at" else "height and width"
            raise DataError(f"{name} must be two whole numbers of at least {least}, {what}, got {pair!r}.")
    (top, left), (high, wide) = at, crops.shape[1:3]
    if top + high > size[0] or left + wide > size[1]:
        raise DataError(
            f"Crops of {high}×{wide} at row {top}, column {left} do not lie in pictures of {size[0]}×{size[1]}. Say the size "
            "of the whole with size= (--size), where the model takes pictures of any size."
        )
    place = (slice(None), slice(top, top + high), slice(left, left + wide))
    whole, hidden = np.zeros((len(crops), *size, *crops.shape[3:]), crops.dtype), np.ones((len(crops), *size), bool)
    whole[place], hidden[place] = crops, False
    return whole, hidden


def mend_rows(
    trained: Trained, task: str, source: Source, condition: Tensor | None, gone: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """What a task makes of the rows of a source: x̂ (n, F, *P) inside the model's scale, on the host, and the order of tiles.

    gone: bool (n, F, *P), the cells to fill in, for ``impute`` alone.
    """
    if task == IMPUTE:
        assert gone is not None  # who asks for it says which
        return _filled(trained, source, condition, gone), None
    x_hat = restored(trained, source, condition)
    if task != UNSHUFFLE:
        return x_hat, None
    x = trained.kind.inside(source)
    order, pictures = in_order(x, x_hat, grid_of(trained))
    return pictures, order


def _mended(trained: Trained, task: str, data: Any, y: Any) -> Mended:
    require(trained, task)
    source, y = rows_and_labels(trained, data, y)
    x_hat, order = mend_rows(trained, task, source, trained.condition(y, len(source)))
    out = aligned(trained.out_kind.decode(x_hat), data)
    return Mended(task, len(source), out, None if order is None else order.numpy())


def _filled(trained: Trained, source: Source, condition: Tensor | None, gone: Tensor) -> Tensor:
    rows = iter(gone.split(chunk_rows(trained)))

    def fill(x: Tensor, c: Tensor | None) -> Tensor:
        some = next(rows)
        full = torch.cat([some, some[-1:].expand(len(x) - len(some), *some.shape[1:])]).to(x.device)
        seen = as_in_training(trained, x, full)
        x_hat = trained.model.decode(trained.model.encode(seen, None, c), c).mean
        return torch.where(full, x_hat, x)

    return trained.out_kind.settled(apply(trained, source, condition, fill))


def as_in_training(trained: Trained, x: Tensor, gone: Tensor) -> Tensor:
    """x (N, F, *P) with what stood in hidden cells when the model was trained, where gone (bool like x) is True."""
    part = trained.model.composition.corruption
    assert part is not None  # who asks has looked at the model's tasks
    return emptied(part, x, gone, trained.kind.layout)


def grid_of(trained: Trained) -> int:
    """Tiles a side, of a model that was trained on shuffled ones."""
    part = trained.model.composition.corruption
    assert isinstance(part, Shuffle)
    return part.grid


def in_order(shuffled: Tensor, guess: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """The tiles of pictures (N, F, H, W) as they fit a guess of the picture best: order (N, tiles) and the pictures.

    Each tile goes to one place so that the squared differences sum to the least (Kuhn 1955, the assignment problem,
    https://doi.org/10.1002/nav.3800020109).
    """
    tiles, places = tiles_of(shuffled, grid), tiles_of(guess, grid)
    apart = torch.cdist(places.flatten(2), tiles.flatten(2)).square().numpy()  # (N, places, tiles)
    order = torch.from_numpy(np.stack([linear_sum_assignment(a)[1] for a in apart]))
    return order, picture_of(placed(tiles, order), grid)


def hidden_cells(kind: Kind, data: Any, hidden: Any) -> tuple[np.ndarray, np.ndarray]:
    """The data with something finite in hidden cells, and which those are, bool in the data's own shape."""
    x = np.asarray(data)
    if hidden is None:
        if x.dtype.kind != "f":
            raise DataError(f"Say which cells to fill in with hidden=, or mark them with NaN in floats; got {x.dtype}.")
        gone = np.isnan(x)
    else:
        gone = _like(kind, np.asarray(hidden, dtype=bool), x)
    if not gone.any():
        raise DataError("Nothing is hidden, so there is nothing to fill in: give hidden=, or NaN in missing cells.")
    if gone.reshape(len(x), -1).all(1).any():
        raise DataError("A row with every cell hidden has nothing to be filled in from. Leave such rows out, or use sample.")
    return np.where(gone, _stand_in(kind, x, gone), x).astype(x.dtype) if x.dtype.kind == "f" else x, gone


def _stand_in(kind: Kind, x: np.ndarray, gone: np.ndarray) -> Any:
    """Something like the data for hidden cells, which the model never sees: the columns' means, or a visible pixel."""
    if isinstance(kind, TableKind):
        return kind.natural(torch.zeros(1, kind.width)).numpy()
    return x[~gone].flat[0]


def _like(kind: Kind, gone: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A mask in the shape of the data x: one for all rows or one a row, of pictures with or without their channels."""
    if x.ndim == 4 and gone.ndim in (2, 3):
        gone = np.expand_dims(gone, -3) if _channels_first(kind) else gone[..., None]
    try:
        return np.broadcast_to(gone, x.shape)
    except ValueError as problem:
        raise DataError(f"hidden must fit the shape of the data, {x.shape}; as a mask it is {gone.shape}.") from problem


def _channels_first(kind: Kind) -> bool:
    return isinstance(kind, ImageKind) and kind.axes == "CHW"


def inside(trained: Trained, gone: np.ndarray) -> Tensor:
    """Which cells are hidden, bool in the caller's own shape, as the model has them: bool (n, F, *P)."""
    layout, flags = trained.kind.layout, torch.from_numpy(np.array(gone))
    if not layout.positions or (flags.dim() == 4 and _channels_first(trained.kind)):
        return flags
    if flags.dim() == 3:
        return flags[:, None]
    return flags.reshape(len(flags), *layout.positions, layout.fields).movedim(-1, 1)
