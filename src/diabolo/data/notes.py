"""What users should know of the columns of their table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diabolo.data.given import Sort, some
from diabolo.data.kinds.states import MOST_KEPT

MANY_ROWS, MOSTLY_DIFFERENT = 20, 0.5
"""From how many rows, and from what share of cells that differ, a column of text may name rows or be free text."""


def mixed_notes(rows: np.ndarray, sorts: Sequence[Sort], names: Sequence[str]) -> tuple[str, ...]:
    """Of the cells (n, d) of a mixed table: empty and constant columns, missing cells, and categories of very many levels."""
    gone = np.isnan(rows)
    empty = gone.all(axis=0)
    constant = np.array([not empty[i] and np.ptp(rows[~gone[:, i], i]) == 0 for i in range(rows.shape[1])], dtype=bool)
    notes = [*_empty_note(empty, names), *constant_note(constant, names), *_missing_note(gone & ~empty, names)]
    for i, (sort, name) in enumerate(zip(sorts, names, strict=True)):
        notes += [] if sort.counted else _level_notes(rows[~gone[:, i], i], name)
    return tuple(notes)


def constant_note(constant: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """Which columns are constant, if any is. constant: (d,) bool."""
    found = [repr(names[i]) for i in np.flatnonzero(constant)]
    if not found:
        return ()
    return (f"column {found[0]} is constant",) if len(found) == 1 else (f"{len(found)} columns are constant: {some(found)}",)


def _empty_note(empty: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    found = [repr(names[i]) for i in np.flatnonzero(empty)]
    if not found:
        return ()
    which = f"column {found[0]}" if len(found) == 1 else f"{len(found)} columns: {some(found)}"
    return (f"every cell is missing in {which}; nothing is learned of such a column, and it is given back empty",)


def _missing_note(gone: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    counts = gone.sum(axis=0)
    found = [f"{counts[i]} in {names[i]!r}" for i in np.argsort(-counts, kind="stable") if counts[i]]
    if not found:
        return ()
    total = f"{counts.sum()} cell{'s are' if counts.sum() != 1 else ' is'} missing"
    return (f"{total} ({some(found)}): masked in training and loss, never filled in unasked",)


def _level_notes(places: np.ndarray, name: str) -> list[str]:
    """places: (m,) of the cells that are there."""
    levels = len(np.unique(places))
    notes = []
    if levels > MOST_KEPT:
        notes.append(
            f"column {name!r} has {levels} levels: the {MOST_KEPT} most frequent are told apart, the others are one, 'other'"
        )
    if len(places) >= MANY_ROWS and levels > MOSTLY_DIFFERENT * len(places):
        notes.append(
            f"column {name!r} has {levels} different texts in {len(places)} cells: if it names the rows or is free text, "
            f"say so with id= or ignore= (--id {name}, --ignore {name})"
        )
    return notes
