"""Explain: which cells of a row are wrong, what was expected there, how sure that is, and what would clear them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np
import torch
from scipy.special import softmax
from torch import Tensor

from diabolo.data.frames import frame_of
from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.kinds.table import TableKind
from diabolo.data.sources import Source
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.anomalies.blame.column_figures import NAME, Usual, look_at
from diabolo.jobs.anomalies.blame.surprise import (
    Look,
    check_explainable,
    columns_of,
    hide,
    hides,
    likeliest,
    look,
    number_fields,
    said,
    spreads,
)
from diabolo.jobs.inference import apply
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.train import Options
from diabolo.parts.corruptions import MaskCells
from diabolo.parts.likelihoods import Mixed
from diabolo.parts.networks import Mlp
from diabolo.records import Layout
from diabolo.spec import is_whole
from diabolo.trained import Trained

CANDIDATES = 3
"""Cells of a row that are compared two by two."""
_SAID = ("mean", "log_p", "peak")
CLEAR = 2.0
"""Sigmas within which a cell is clear."""


STEPS = 2_000
"""Of a training for explanations."""


@final
@dataclass(frozen=True)
class Blame:
    """A cell that does not fit its row.

    column: its name. saw, expected: what is there, and what the model expects from the row's other cells, in the caller's own
    units and levels. sigmas: how far the two are apart for cells of this column, as of a normal distribution; negative where a
    number is too small, never negative of categories. share: the chance that this is the row's wrong cell, if one is and all
    columns are wrong equally often. instead: the nearest number within 2 sigmas, the likeliest level of a category; what is
    there where that is within 2 sigmas already.
    """

    column: str
    saw: Any
    expected: Any
    sigmas: float
    share: float
    instead: Any


def training_options(rows: int, *, seed: int = 0) -> Options:
    """How a model of mixed tables is trained that explains well: it learns what belongs in cells that are hidden, and how sure
    that is, for each cell by itself; about 2 000 steps.

    For rows that are read with ``kind="mixed"``, as tables of categories and missing cells always are.
    """
    batch = min(256, rows)
    return Options(
        recipe="masked",
        network=Mlp(widths=(256, 256)),
        corruption=MaskCells(fraction=0.4, judge="hidden"),
        likelihood=Mixed(variance="cell"),
        latent_dim=64,
        epochs=max(1, -(-STEPS // max(1, int(0.9 * rows) // batch))),
        batch_size=batch,
        seed=seed,
    )


def explain(
    trained: Trained, data: Any, y: Any = None, *, most: int = 3, reference: Any = None
) -> tuple[tuple[Blame, ...], ...]:
    """The cells to blame of each row, the first first, ``most`` at most; missing cells never.

    Each column is hidden in turn and the model asked what belongs there. If cell j of a row x is wrong, and wrong cells hold
    what q_j says, such a row has the chance ``p(x but j) q_j(x_j) = p(x) q_j(x_j) / p(x_j | x but j)``; so that cell is to
    blame whose ``log q_j(x_j) - log p(x_j | x but j)`` is largest, see :meth:`Usual.odds`. Two cells that contradict each other
    are both surprising: the three first are therefore compared two by two, with both hidden, which tells the one that
    contradicts the rest of the row as well. Sigmas are ranks among held-out cells of the column, see :meth:`Usual.sigmas`.

    A model that was not trained with hidden cells (corruption "mask") is asked with the whole row before it, and blames what
    it restores badly: less sharp, as it also sees the cell it is asked about.

    Args:
        trained: a model of a table. data: rows in the caller's own shape, or a source of such rows. y: labels, for
            conditional recipes.
        reference: rows known to be normal that the model was not trained on, in the place of the held-out rows whose figures
            travel with the model.

    Raises:
        UnsupportedError for models of pictures or of pairs, and for those saved without such figures where no reference is
        given. ParameterError for most below 1.
    """
    check_explainable(trained)
    if not is_whole(most, 1):
        raise ParameterError(f"most, the cells to blame in a row, must be a whole number of at least 1, got {most!r}.")
    known = _usual(trained, reference)
    source, y = rows_and_labels(trained, data, y)
    found, odds = _judged(trained, known, source, trained.condition(y, len(source)))
    saw = _seen(trained, source, data)
    return tuple(_blames(trained, known, found, odds, saw, most))


def _usual(trained: Trained, reference: Any) -> Usual:
    if reference is not None:
        source, y = rows_and_labels(trained, reference)
        found = look_at(trained, source, trained.condition(y, len(source)))
        return Usual.of(found, trained.kind.layout, held_out=True)
    kept = trained.companions.get(NAME)
    if kept is None:
        raise UnsupportedError(
            "This model was saved without figures of what is usual in its columns. Train it again, or give rows known to be "
            "normal that it was not trained on (reference=)."
        )
    return Usual.from_companion(kept)


def _judged(trained: Trained, known: Usual, source: Source, condition: Tensor | None) -> tuple[Look, np.ndarray]:
    """What the model says about all rows, and the log-odds (n, C) that a cell is the wrong one, -inf where it is missing."""
    layout = trained.kind.layout
    cells = len(columns_of(layout))

    def judge(x: Tensor, c: Tensor | None) -> Tensor:
        found = look(trained, x, c)
        odds = known.odds(found, layout)
        if hides(trained):
            odds = _compared(trained, known, x, c, found, odds)
        return torch.cat([torch.from_numpy(odds), found.packed()], dim=1)

    made = apply(trained, source, condition, judge).numpy()
    return Look.unpacked(made[:, cells:], layout), made[:, :cells]


def _compared(trained: Trained, known: Usual, x: Tensor, condition: Tensor | None, found: Look, odds: np.ndarray) -> np.ndarray:
    """The log-odds (N, C), in which the three first of each row differ by what they do where two at a time are hidden.

    As ``p(x but j) / p(x but k) = p(x_k | x but j, k) / p(x_j | x but j, k)``, the difference of two such odds says what the
    difference of the two alone says, and never asks what goes with a wrong cell. Three such differences need not add up; each
    cell gets the mean of its own.
    """
    top = np.argsort(-odds, axis=1, kind="stable")[:, :CANDIDATES]  # (N, K)
    first = np.take_along_axis(odds, top, axis=1)
    there = np.isfinite(first)
    ahead = np.zeros(first.shape)  # the sum of the differences to the other candidates
    for a, b in combinations(range(top.shape[1]), 2):
        pair = top[:, [a, b]]
        hidden = np.zeros(odds.shape, dtype=bool)
        np.put_along_axis(hidden, pair, True, axis=1)
        says = said(trained, hide(trained, x, torch.from_numpy(hidden).to(x.device)), x, condition)
        again = dataclasses.replace(found, **{n: t.double().cpu().numpy() for n, t in zip(_SAID, says, strict=True)})
        each = np.nan_to_num(np.take_along_axis(known.odds(again, trained.kind.layout), pair, axis=1), neginf=0.0)
        difference = np.where(there[:, a] & there[:, b], each[:, 0] - each[:, 1], 0.0)
        ahead[:, a] += difference
        ahead[:, b] -= difference
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    level = np.where(there, first, 0.0).sum(axis=1, keepdims=True) / count
    made = odds.copy()
    np.put_along_axis(made, top, np.where(there, level + ahead / count, -np.inf), axis=1)
    return made


def _blames(
    trained: Trained, known: Usual, found: Look, odds: np.ndarray, saw: list[list[Any]], most: int
) -> list[tuple[Blame, ...]]:
    layout = trained.kind.layout
    deviations = found.deviation(layout)
    sigmas = known.sigmas(deviations)
    shares = softmax(np.where(found.there, odds, -np.finfo(float).max), axis=1)
    expected = _shown(trained, likeliest(layout, torch.from_numpy(found.mean)))
    cleared = _shown(trained, _cleared(found, layout, deviations, known.limit(CLEAR)))
    whole, names = _whole(trained), layout.places
    made = []
    for i, order in enumerate(np.argsort(-odds, axis=1, kind="stable")[:, :most]):
        blames = []
        for j in order[found.there[i, order]]:
            instead = saw[j][i] if abs(sigmas[i, j]) <= CLEAR else cleared[j][i]
            if whole[j] and instead is not saw[j][i]:
                instead = _rounded(instead, expected[j][i])
            blames.append(Blame(names[j], saw[j][i], expected[j][i], float(sigmas[i, j]), float(shares[i, j]), instead))
        made.append(tuple(blames))
    return made


def _cleared(found: Look, layout: Layout, deviations: np.ndarray, limit: np.ndarray) -> Tensor:
    """The rows (n, F) with the nearest number within the deviation ``limit`` (C,), of categories the likeliest state."""
    made = likeliest(layout, torch.from_numpy(found.mean))
    numbers, fields = number_fields(layout)
    away = np.clip(deviations[:, numbers], -limit[numbers], limit[numbers]) * spreads(found.peak[:, numbers])
    made[:, fields] += torch.from_numpy(away)
    return made


def _seen(trained: Trained, source: Source, data: Any) -> list[list[Any]]:
    """The cells of a source as people read them, a list a column; levels never seen as the caller's frame has them."""
    rows, kind = source.take(torch.arange(len(source))).cpu().numpy(), trained.kind
    if not isinstance(kind, MixedTableKind):
        return [column.tolist() for column in rows.T]
    table = frame_of(data)
    given = {} if table is None else {str(c): table[:, i] for i, c in enumerate(table.columns)}
    columns = [list(column) for column in zip(*kind.shown(torch.from_numpy(rows)), strict=True)]
    for name, sort, column, raw in zip(kind.names, kind.sorts, columns, rows.T, strict=True):
        for i in np.flatnonzero(raw < 0) if name in given and not sort.counted else ():
            column[i] = given[name][int(i)]
    return columns


def _shown(trained: Trained, x: Tensor) -> list[list[Any]]:
    """x (n, F) as people read it, a list a column."""
    kind = trained.kind
    if isinstance(kind, MixedTableKind):
        return [list(column) for column in zip(*kind.shown(kind.cells(kind.settled(x.float()))), strict=True)]
    return [column.tolist() for column in kind.natural(kind.settled(x.float())).numpy().T]


def _whole(trained: Trained) -> list[bool]:
    """Which columns hold whole numbers, as far as the caller's dtypes tell."""
    kind = trained.kind
    assert isinstance(kind, TableKind | MixedTableKind)
    dtypes = [kind.dtype] * kind.width if kind.columns is None else list(kind.columns.dtypes)
    return [d.startswith(("int", "uint")) and not c.levels for d, c in zip(dtypes, columns_of(kind.layout), strict=True)]


def _rounded(value: float, expected: float) -> float:
    """The whole number next to a value, on the side of what is expected."""
    return float(math.floor(value) if value > expected else math.ceil(value))
