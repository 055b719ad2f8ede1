"""Pairs of what goes in and what should come out: given ones, pictures by name; and small pictures made of large ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch

from diabolo import recipes
from diabolo.data import Reading, read_like
from diabolo.data.given import some
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.sources import Source, source_of
from diabolo.data.subset import Subset
from diabolo.errors import DataError
from diabolo.parts.corruptions import Downsample
from diabolo.records import Layout
from diabolo.trained import Trained

CELLS_AT_ONCE = 2**22
SHRINKS = "shrinks"
"""The name under which a model's config says how many times smaller its inputs were made."""


def matched(reading: Reading, wanted: Reading) -> tuple[Reading, Reading]:
    """What goes in and what should come out, a row for a row. Pictures from files go together by name, whatever their endings.

    Of two single pictures the names do not matter. Everything else is taken in the order it has. Where broken pictures were to
    be left out, so are their partners, with a note.

    Raises DataError for pictures without a partner or with several of one name, for patches that do not lie at the same
    places, and for another number of rows.
    """
    if reading.ids is None or wanted.ids is None or {reading.kind.name, wanted.kind.name} != {"image"}:
        if len(wanted.source) != len(reading.source):
            raise DataError(
                f"target= must have a row for each row of X: X has {len(reading.source)}, target {len(wanted.source)}."
            )
        return reading, wanted
    patches = reading.kind.patches and wanted.kind.patches
    before, after = (_places(r, patches) for r in (reading, wanted))
    if len({name for name, _ in before}) == len({name for name, _ in after}) == 1:
        after = {(next(iter(before))[0], place): row for (_, place), row in after.items()}
    left = _without_partner(before, after, reading, wanted)
    both = [key for key in before if key in after]
    if not both:
        raise DataError(f"No picture of {reading.name} has a partner in {wanted.name}: pairs have the same name in both.")
    return _rows(reading, [before[k] for k in both], left), _rows(wanted, [after[k] for k in both], ())


def aim_by_name(trained: Trained, data: Any, target: Any) -> Any:
    """target, its rows in the order of data where both are the paths of pictures; else as it is."""
    if not isinstance(data, str | Path) or not isinstance(target, str | Path):
        return target
    _, wanted = matched(read_like(trained.kind, data), read_like(trained.out_kind, target))
    return wanted.source


def _places(reading: Reading, patches: bool) -> dict[tuple[str, str], int]:
    """The row of each picture by its name without ending, and of each patch by its place in it, ``""`` for whole ones."""
    found: dict[tuple[str, str], int] = {}
    files: dict[str, str] = {}
    for row, name in enumerate(map(str, reading.ids)):  # type: ignore[arg-type]  # who asks has looked
        file, _, place = name.rpartition("@") if patches else (name, "", "")
        stem = PurePosixPath(file).with_suffix("").as_posix()
        if files.setdefault(stem, file) != file:
            raise DataError(
                f"{files[stem]} and {file} in {reading.name} have one name: which of them makes the pair is not clear."
            )
        found[stem, place] = row
    return found


def _without_partner(before: Mapping[Any, int], after: Mapping[Any, int], reading: Reading, wanted: Reading) -> tuple[str, ...]:
    """A note on pictures that were left out. Raises DataError where none was to be."""
    names = [{name for name, _ in rows} for rows in (before, after)]
    lone = [(reading.name, sorted(names[0] - names[1])), (wanted.name, sorted(names[1] - names[0]))]
    told = "; ".join(f"in {where}: {some(found)}" for where, found in lone if found)
    if told and not (reading.asked.get("skip_broken") or wanted.asked.get("skip_broken")):
        raise DataError(
            f"Pairs are pictures of one name, and these have no partner: {told}. Give each one, or leave these pictures out."
        )
    shared = names[0] & names[1]
    odd = sorted({name for name, _ in before.keys() ^ after.keys() if name in shared})
    if odd:
        raise DataError(
            f"Patches of pairs are cut at the same places of pictures of one size, and in {reading.name} and {wanted.name} "
            f"these have other sizes: {some(odd)}. Bring them to one size; a model that enlarges is trained on the large "
            "ones alone (recipe upscaling)."
        )
    return (f"pictures without a partner were left out, {told}",) if told else ()


def _rows(reading: Reading, rows: list[int], notes: tuple[str, ...]) -> Reading:
    """Some rows of a reading, in this order."""
    if rows == list(range(len(reading.source))):
        return reading
    index = np.array(rows)

    def chosen(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[index]

    return dataclasses.replace(
        reading,
        source=Subset(reading.source, torch.from_numpy(index)),
        labels=chosen(reading.labels),
        ids=chosen(reading.ids),
        groups=chosen(reading.groups),
        notes=(*reading.notes, *notes),
    )


def shrinking(options: Mapping[str, Any], kind: Kind) -> Downsample | None:
    """The ``downsample`` corruption that options (as ``Options.to_json`` gives them) ask for, None where they ask for none.

    It changes the size of rows and holds no chance: the rows are made smaller once, and training goes on with pairs.
    """
    layout = kind.layout if isinstance(kind, ImageKind) else Layout(())  # that of a mixed table is known when it was fitted
    hints = recipes.Hints(kind.network, kind.likelihood, layout.bounds, kind.patches)
    part = recipes.chosen_corruption(options["recipe"], hints, options["corruption"], options["settings"])
    if not isinstance(part, Downsample):
        return None
    part.check_layout(layout)
    return part


def without_shrinking(options: Any) -> Any:
    """Training options as pairs want them: no corruption, and no settings of one."""
    settings = tuple(s for s in options.settings if not s[0].startswith("corruption."))
    return dataclasses.replace(options, corruption="none", settings=settings)


def smaller(reading: Reading, factor: int) -> Reading:
    """The same pictures, each side ``factor`` times smaller, in their own dtype."""
    kind = reading.kind
    small = kind.resized(tuple(size // factor for size in kind.layout.positions))
    note = f"pictures were made {factor} times smaller; the model gives them back as they were"
    return dataclasses.replace(
        reading, kind=small, source=_shrunk(kind, small, reading.source, factor), notes=(*reading.notes, note)
    )


def smaller_rows(trained: Trained, large: Source) -> Source | None:
    """Rows as large as the model's outputs, made as small as its inputs; None for a model that was not trained so."""
    factor = trained.config.data.get(SHRINKS)
    return None if factor is None else _shrunk(trained.out_kind, trained.kind, large, int(factor))


def _shrunk(kind: Kind, small: Kind, source: Source, factor: int) -> Source:
    part, generator = Downsample(factor), torch.Generator()
    rows = max(1, CELLS_AT_ONCE // kind.layout.cells)
    parts = [
        small.decode(part(kind.inside(source, index), kind.layout, generator).x)
        for index in torch.arange(len(source)).split(rows)
    ]
    return source_of(np.concatenate(parts))
