"""From anything a caller may hand over to a kind and a source: what the data are, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import torch

from diabolo.data.checks import check_count, check_finite, check_numbers, extremes, image_extent, table_extent
from diabolo.data.gather import gather
from diabolo.data.given import Given, Sort, Wants, times
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.kinds.pixels import infer_pixels
from diabolo.data.kinds.table import TableKind, check_flat
from diabolo.data.notes import constant_note, mixed_notes
from diabolo.data.sources import Source, source_of
from diabolo.errors import DataError, ParameterError, UnsupportedError, unknown

CHANNELS = (1, 3, 4)
"""Numbers of channels by which an axis is recognized."""

_NOW = ("auto", "image", "table", "mixed")
_LATER = ("series", "text", "music", "interactions")


@final
@dataclass(frozen=True)
class Reading:
    """Data that were read, and how they were understood.

    kind: not fitted yet; ``kind.fit(source, rows)`` makes it so. labels: (n,) what came with the data, whole numbers or
    text. reason: one sentence. name: short, without a place. notes: what the user should know. ids: (n,) names of rows.
    asked: the options of :func:`read` that were given. groups: (n,) whole numbers, alike for rows that belong together.
    """

    kind: Kind
    source: Source
    labels: np.ndarray | None
    reason: str
    name: str
    notes: tuple[str, ...]
    ids: np.ndarray | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    groups: np.ndarray | None = None

    def array(self) -> np.ndarray:
        """All rows in one array, in their own dtype (uint16 and wider whole numbers in one that torch can gather).

        >>> read("demo:digits").array().shape
        (1797, 8, 8)
        """
        return self.source.take(torch.arange(len(self.source))).cpu().numpy()


def read(
    data: Any,
    *,
    kind: str = "auto",
    image_shape: Sequence[int] | None = None,
    value_range: tuple[float, float] | None = None,
    label: str | None = None,
    ignore: Sequence[str] = (),
    id: str | None = None,
    side: int | None = None,
    patch: int | None = None,
    skip_broken: bool = False,
    named: str = "the model",
) -> Reading:
    """Read data and say what they are.

    Args:
        data: an array or list; a tensor; a data frame; a torch ``Dataset`` or ``DataLoader``; the path of a table (csv,
            tsv, parquet, xlsx), of arrays (npy, npz), of a picture or a folder of pictures; or a name such as ``"mnist"``.
        kind: ``"image"``, ``"table"`` or ``"mixed"``; ``"auto"`` goes by the shape: (n, d) is a table, (n, H, W),
            (n, H, W, C) and (n, C, H, W) with C in 1, 3, 4 are images. A table is mixed where it has categories, dates or
            missing cells; ``"mixed"`` asks for it where it has none as well, for its robust scaling.
        image_shape: ``(H, W)`` or ``(H, W, C)``, for images that come as flat rows or with another number of channels.
        value_range: ``(0, 1)`` or ``(-1, 1)``: the range of pixels inside the model, which float pixels have already; any
            other pair: the range that the pixels have.
        label, ignore, id: columns of a table that are no features: labels, names of rows, others.
        side: side of the square that pictures from files are brought to. patch: side of the squares that they are cut into
            at full size instead, for models of photographs. skip_broken: leave out those that are broken.
        named: who asks, for error texts.

    Raises:
        DataError for data that cannot be used (SourceError for files), ParameterError for options, UnsupportedError for
        kinds that this version does not read.

    >>> read(np.zeros((5, 28, 28), np.uint8)).reason
    'images of 28×28, 1 channel: an array of shape (5, 28, 28), uint8; pixels of 0 to 255 (the range of uint8)'
    """
    _check_kind(kind)
    wants = Wants(label=label, ignore=tuple(ignore), id=id, side=side, patch=patch, skip_broken=skip_broken)
    given = gather(data, wants)
    if wants.apart and given.form != "table":
        raise ParameterError(
            f"label=, ignore= and id= name columns of data frames and files; {given.what} has no named columns."
        )
    if (side is not None or patch is not None) and given.form != "pictures":
        raise ParameterError(f"{'patch' if side is None else 'side'}= is for pictures from files, got {given.what}.")
    if _is_image(given, kind, image_shape):
        reading = _image(given, image_shape, value_range, patch is not None, named)
    elif image_shape is not None or value_range is not None:
        raise ParameterError(f"image_shape= and value_range= describe images, but {given.what} is a table.")
    else:
        reading = _table(given, wants, named, mixed=kind == "mixed")
    asked = {
        "kind": None if kind == "auto" else kind,
        "image_shape": None if image_shape is None else [int(n) for n in image_shape],
        "value_range": None if value_range is None else [float(v) for v in value_range],
        "label": label,
        "ignore": list(ignore) or None,
        "id": id,
        "side": side,
        "patch": patch,
        "skip_broken": skip_broken or None,
    }
    return replace(reading, asked={name: value for name, value in asked.items() if value is not None})


def read_like(
    kind: Kind,
    data: Any,
    *,
    label: str | None = None,
    id: str | None = None,
    named: str = "the model",
    skip_broken: bool = False,
    may_lack: bool = False,
) -> Reading:
    """Read further data for a fitted kind, with what came beside them: :meth:`Kind.read` and labels, ids and notes.

    label, id: columns of a table, where they are others than in training. Raises DataError where they are not there, unless
    ``may_lack``.
    """
    given = given_like(kind, data, label=label, id=id, named=named, skip_broken=skip_broken, may_lack=may_lack)
    source, reason = kind.accept(given, named), f"as {named} reads it"
    notes = given.notes + kind.remarks(given)
    return Reading(kind, source, given.labels, reason, given.name, notes, given.ids, groups=given.groups)


def given_like(
    kind: Kind,
    data: Any,
    *,
    label: str | None = None,
    id: str | None = None,
    named: str = "the model",
    skip_broken: bool = False,
    may_lack: bool = False,
) -> Given:
    """The same before the kind has looked at it: cells may be missing still."""
    own = kind.wants
    wants = replace(own, label=label or own.label, id=id or own.id, ignore=own.apart, skip_broken=skip_broken)
    given = gather(data, wants)
    for option, column, found in (("label", label, given.labels), ("id", id, given.ids)):
        if column is not None and found is None and not may_lack:
            columns = () if given.columns is None else map(str, given.columns.names)
            raise DataError(f"{unknown('column', column, {*columns, *own.apart})} It was asked for as the {option}.")
    return given


def _check_kind(kind: str) -> None:
    if kind in _LATER:
        raise UnsupportedError(f"The kind {kind!r} is not supported yet: this version reads images and numeric tables.")
    if kind not in _NOW:
        raise unknown("kind", kind, _NOW)


def _is_image(given: Given, kind: str, image_shape: Sequence[int] | None) -> bool:
    if given.form == "table" and kind == "image" and image_shape is None:
        raise DataError(f"{given.what} is a table; to take its rows as images, give image_shape=(H, W) or (H, W, C).")
    if given.form in ("images", "pictures") and kind in ("table", "mixed"):
        raise DataError(f"{given.what} are images, not a table. Leave kind= out.")
    if kind != "auto":
        return kind == "image"
    return given.form in ("images", "pictures") or image_shape is not None or (given.form == "array" and given.rows.ndim > 2)


def _image(
    given: Given, image_shape: Sequence[int] | None, value_range: tuple[float, float] | None, patch: bool, named: str
) -> Reading:
    check_count(given.rows, named)
    check_numbers(given, "an image")
    rows = given.rows
    height, width, channels, axes = _sizes(rows.shape, _checked_shape(image_shape))
    extent = image_extent(rows)
    pixels, why = infer_pixels(extent.low, extent.high, rows.dtype, value_range, given.step)
    kind = ImageKind(height, width, channels, axes, pixels, patch)
    size = f"images of {times((height, width))}, {channels} channel{'s' * (channels != 1)}"
    dark = rows.dtype.kind == "u" and pixels.scale[1] >= 255 and 0 < float(extent.high) < 64
    notes = (
        f"the brightest pixel is {extent.high} of {pixels.scale[1]:g}: say value_range=(0, {extent.high}) if that is white",
    )
    reason, all_notes = f"{size}: {given.what}; {why}", given.notes + notes * dark
    return Reading(kind, source_of(rows), given.labels, reason, given.name, all_notes, given.ids, groups=given.groups)


def _checked_shape(image_shape: Sequence[int] | None) -> tuple[int, ...] | None:
    if image_shape is None:
        return None
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(hasattr(s, "__index__") and s > 0 for s in shape):
        raise ParameterError(f"image_shape must be (H, W) or (H, W, C) in whole numbers, got {image_shape!r}.")
    return tuple(int(s) for s in shape)


def _sizes(shape: tuple[int, ...], wanted: tuple[int, ...] | None) -> tuple[int, int, int, str]:
    """Height, width, channels and layout of (n, ...) images. The channels are the last axis, if it can be."""
    row = shape[1:]
    if wanted is not None:
        return _wanted_sizes(row, wanted)
    if len(row) == 2:
        return row[0], row[1], 1, "HW"
    if len(row) == 3 and row[2] in CHANNELS:
        return row[0], row[1], row[2], "HWC"
    if len(row) == 3 and row[0] in CHANNELS:
        return row[1], row[2], row[0], "CHW"
    if len(row) == 3:
        raise DataError(
            f"An array of shape {shape} has no axis of 1, 3 or 4 channels, neither last nor second. If these are images, "
            "say which axis is which with image_shape=(H, W, C)."
        )
    if len(row) == 1:
        raise DataError(f"Images in flat rows of {row[0]} numbers need image_shape=(H, W) or (H, W, C).{_square(row[0])}")
    raise DataError(f"Images are (n, H, W), (n, H, W, C) or (n, C, H, W), got an array of shape {shape}.")


def _wanted_sizes(row: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, int, int, str]:
    height, width = wanted[:2]
    channels = wanted[2] if len(wanted) == 3 else 1
    layouts = {(height * width * channels,): "flat", (height, width, channels): "HWC", (channels, height, width): "CHW"}
    if channels == 1:
        layouts[(height, width)] = "HW"
    if row not in layouts:
        raise DataError(
            f"image_shape={wanted} means {math.prod(wanted)} numbers a row, but rows have the shape {row}, {math.prod(row)}."
        )
    return height, width, channels, layouts[row]


def _square(cells: int) -> str:
    side = math.isqrt(cells)
    return f" {cells} = {side}×{side}, so it may be image_shape=({side}, {side})." if side * side == cells and side > 1 else ""


def _table(given: Given, wants: Wants, named: str, *, mixed: bool) -> Reading:
    rows = given.rows
    check_flat(rows, "a table (n, d)")
    check_count(rows, named)
    extent = extremes(rows)
    if mixed or np.isnan(extent.low).any() or any(sort.name in ("category", "date") for sort in given.sorts):
        return _mixed(given, wants)
    table_extent(rows, given.columns.names if given.columns else None, extent)
    kind = TableKind(rows.shape[1], rows.dtype.name, given.columns, wants)
    reason = f"a numeric table of {rows.shape[1]} column{'s' * (rows.shape[1] != 1)}: {given.what}"
    notes = given.notes + constant_note(extent.low == extent.high, kind.names)
    return Reading(kind, source_of(rows), given.labels, reason, given.name, notes, given.ids)


def _mixed(given: Given, wants: Wants) -> Reading:
    """Tables with categories, dates or missing cells, and numbers where the caller says so."""
    check_finite(given.rows, given.columns.names if given.columns else None)
    rows = given.rows.astype(np.float64)
    sorts = given.sorts or (Sort(),) * rows.shape[1]
    kind = MixedTableKind(sorts, given.rows.dtype.name, given.columns, wants)
    names = {"number": "numbers", "date": "dates", "category": "categories", "boolean": "booleans"}
    counts = Counter(sort.name for sort in sorts)
    parts = [f"{counts[name]} of {word}" for name, word in names.items() if counts[name]]
    notes = given.notes + mixed_notes(rows, sorts, kind.names)
    reason = f"a table of {len(sorts)} column{'s' * (len(sorts) != 1)} ({', '.join(parts)}): {given.what}"
    return Reading(kind, source_of(rows), given.labels, reason, given.name, notes, given.ids)
