"""Surprise: how little the cells of a row are what a model expects there from the row's other cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import UnsupportedError
from diabolo.parts.corruptions.masks import emptied
from diabolo.parts.likelihoods import Mixed
from diabolo.records import Column, Layout
from diabolo.trained import Trained

EDGE = 5.0
"""Numbers, in the scale the model sees, are shown no farther from 0; of normal ones three in ten million lie beyond."""
PASSES = 64
"""Most times that a row goes through the model; of wider tables several columns are hidden at once."""


@final
@dataclass(frozen=True, eq=False)
class Look:
    """What a model says about the cells of n rows, C columns in F fields, from the cells beside each.

    x: (n, F), what is there, as the model sees it. mean: (n, F), the likeliest number, or the probabilities of the states.
    log_p: (n, C), the log-probability of what is there; of numbers a log-density in the units the model sees. peak: (n, C), the
    same of what would be likeliest there. there: (n, C) bool, False where a cell is missing.
    """

    x: np.ndarray
    mean: np.ndarray
    log_p: np.ndarray
    peak: np.ndarray
    there: np.ndarray

    @classmethod
    def unpacked(cls, numbers: np.ndarray, layout: Layout) -> Self:
        """The inverse of :meth:`packed`."""
        cells = len(columns_of(layout))
        x, mean, log_p, peak = np.split(numbers, np.cumsum([layout.fields, layout.fields, cells]), axis=1)
        return cls(x, mean, log_p, peak, _there(layout, x))

    def packed(self) -> Tensor:
        """All numbers beside each other, (n, 2F + 2C) float64: x, mean, log_p, peak."""
        return torch.from_numpy(np.concatenate([self.x, self.mean, self.log_p, self.peak], axis=1))

    def deviation(self, layout: Layout) -> np.ndarray:
        """How far each cell is from what is expected, (n, C): of numbers ``(x - mean) / spread``, with its sign, where
        ``spread = exp(-peak) / sqrt(2π)`` is the standard deviation of a normal density of that height; of categories
        ``sqrt(2 (peak - log_p))``, the deviance residual. 0 where a cell is missing.

        Reference: McCullagh & Nelder 1989, Generalized linear models, section 2.4, https://doi.org/10.1201/9780203753736
        """
        found = np.sqrt(2 * np.maximum(self.peak - self.log_p, 0))
        numbers, fields = number_fields(layout)
        found[:, numbers] = (self.x[:, fields] - self.mean[:, fields]) / spreads(self.peak[:, numbers])
        return np.where(self.there, found, 0.0)


def spreads(peak: np.ndarray) -> np.ndarray:
    """The standard deviation of a normal density whose largest log-density is ``peak``.

    >>> spreads(np.array([-0.9189385])).round(6)
    array([1.])
    """
    return np.asarray(np.exp(-peak) / math.sqrt(2 * math.pi))


def hides(trained: Trained) -> bool:
    """Whether the model was trained with hidden cells, so that it can say what belongs where nothing is shown."""
    part = trained.model.composition.corruption
    return part is not None and part.hides


def explainable(trained: Trained) -> bool:
    """Whether rows are those of a table, the model restores its own input, and it gives categories probabilities."""
    return _restores_tables(trained) and _gives_probabilities(trained)


def check_explainable(trained: Trained) -> None:
    """Raise UnsupportedError for models of pictures and sequences, for those trained on pairs, and for those of categories
    whose outputs are no probabilities."""
    if not _restores_tables(trained):
        raise UnsupportedError(
            "Which cell is wrong can be told of tables, by a model that restores its own input; this model takes rows of the "
            f"shape {trained.model.source.shape} and gives {trained.model.target.shape}. For pictures use detect, whose heat "
            "map shows where they are unusual."
        )
    if not _gives_probabilities(trained):
        raise UnsupportedError(
            "Which cell is wrong can be told of tables with categories where the model gives each level a probability, which "
            f'the likelihood "mixed" does; this model has {trained.model.composition.likelihood.name!r}. Train it with '
            'likelihood="mixed", or leave likelihood out.'
        )


def _restores_tables(trained: Trained) -> bool:
    return not trained.kind.layout.positions and trained.target_kind is None


def _gives_probabilities(trained: Trained) -> bool:
    categories = any(c.levels for c in trained.kind.layout.columns)
    return not categories or isinstance(trained.model.composition.likelihood, Mixed)


def columns_of(layout: Layout) -> tuple[Column, ...]:
    """The columns as whoever made the table knows them; of a table of plain numbers each field is one."""
    return layout.columns or tuple(Column(name, i, i + 1) for i, name in enumerate(layout.names))


def number_fields(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Which columns are numbers or dates, and the field that holds the value of each."""
    found = [(i, c.start) for i, c in enumerate(columns_of(layout)) if not c.levels]
    return np.array([i for i, _ in found], dtype=np.int64), np.array([f for _, f in found], dtype=np.int64)


def groups(count: int) -> list[list[int]]:
    """Columns that are hidden together: each alone up to 64 of them, else in 64 groups of columns that stand far apart.

    >>> groups(3), len(groups(1000)), groups(130)[0]
    ([[0], [1], [2]], 64, [0, 64, 128])
    """
    passes = min(count, PASSES)
    return [list(range(i, count, passes)) for i in range(passes)]


def look(trained: Trained, x: Tensor, condition: Tensor | None) -> Look:
    """x (N, F) on the model's device -> what the model says about each cell.

    Columns are hidden in turn where the model was trained so. Others are asked with the whole row before them, in which they
    also see the cell itself. Numbers farther off than training has them are shown at that edge, so that one wild cell does
    not spoil what is expected of the others.
    """
    layout = trained.kind.layout
    count, owner = len(columns_of(layout)), layout.owner(x.device)
    mean, log_p, peak = torch.zeros_like(x), x.new_zeros(len(x), count), x.new_zeros(len(x), count)
    shown, fields = x.clone(), torch.from_numpy(number_fields(layout)[1]).to(x.device)
    shown[:, fields] = shown[:, fields].clamp(-EDGE, EDGE)
    for columns in groups(count) if hides(trained) else [list(range(count))]:
        hidden = torch.zeros(count, dtype=torch.bool, device=x.device)
        hidden[columns] = True
        seen = hide(trained, shown, hidden.expand(len(x), count)) if hides(trained) else shown
        says = said(trained, seen, x, condition)
        mean, log_p, peak = (
            torch.where(where, new, old)
            for where, new, old in zip((hidden[owner], hidden, hidden), says, (mean, log_p, peak), strict=True)
        )
    cells, expected, here, best = (t.double().cpu().numpy() for t in (x, mean, log_p, peak))
    return Look(cells, expected, here, best, _there(layout, cells))


def said(trained: Trained, seen: Tensor, x: Tensor, condition: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """What the model says of x (N, F) when it sees ``seen``: mean (N, F), log_p and peak (N, C)."""
    layout = trained.kind.layout
    output = trained.model.decode(trained.model.encode(seen, None, condition), condition)
    mean, first = output.mean, [c.start for c in columns_of(layout)]
    return mean, output.log_prob(x)[:, first], output.log_prob(likeliest(layout, mean))[:, first]


def hide(trained: Trained, x: Tensor, hidden: Tensor) -> Tensor:
    """x (N, F) with the cells ``hidden`` (N, C) bool as the model saw hidden cells in training."""
    part, layout = trained.model.composition.corruption, trained.kind.layout
    if part is None or not part.hides:
        raise UnsupportedError('The model has not learned what hidden cells are. Train it with corruption="mask".')
    return emptied(part, x, hidden[:, layout.owner(x.device)], layout)


def likeliest(layout: Layout, mean: Tensor) -> Tensor:
    """mean (N, F) with the likeliest state of each category where its probabilities were."""
    made = mean.clone()
    for c in layout.columns:
        if c.levels:
            block = mean[:, c.start : c.flag]
            made[:, c.start : c.flag] = torch.nn.functional.one_hot(block.argmax(1), c.levels).to(mean.dtype)
    return made


def _there(layout: Layout, x: np.ndarray) -> np.ndarray:
    """Which cells of x (N, F) are not missing, (N, C) bool."""
    if not layout.columns:
        return np.ones(x.shape, dtype=bool)
    return np.asarray(x[:, [c.flag for c in layout.columns]] < 0.5)
