"""What is usual of the columns of a table: how far cells of held-out rows are from what a model expects, kept beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
from scipy.special import ndtri
from sklearn.isotonic import isotonic_regression
from torch import Tensor

from diabolo.data.examples import Examples
from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.blame.surprise import PASSES, Look, columns_of, explainable, hides, look, number_fields, spreads
from diabolo.jobs.inference import apply
from diabolo.records import Layout
from diabolo.trained import Companion, Trained

NAME = "usual"
MOST_ROWS, LEAST_ROWS, MOST_PRODUCTS = 1_000, 100, 10**10
"""Held-out rows that are looked at: as many as so many multiplications allow, between these two numbers."""
KNOTS, EDGE = 65, 5
"""Numbers that the deviations of a column are kept as; and held-out cells beyond which their ranks say too little."""
SWAPS = 3
"""How often each held-out row lends its numbers to another row, to see what wrong ones look like."""
ANYTHING = 0.1
"""Share of wrong levels that are any level, one never seen among them, and not drawn as the column has them."""
LEAST_DEVIATION = 1e-3  # of a column whose cells are always what is expected
LEAST_SIGMA = 0.2
"""Deviation that counts as one sigma at least, beyond the ranks: so few rows cannot say that a model errs by less still."""
TINY = 1e-300
_ARRAYS = ("counts", "deviations", "sizes", "wrong", "share")


@final
@dataclass(frozen=True, eq=False)
class Usual:
    """What was found on held-out rows, C columns in F fields, M of the columns numbers.

    held_out: whether these were validation rows; else training rows, which fit too well. rows: how many. counts: (C,), how many
    of them have each column, 1 at least. deviations: (K, C), what the shares ``ranks`` of a column's deviations stay below.
    sizes: (K, M), deviations of numbers, ascending; wrong: (K, M), the log-odds that numbers so far off are wrong ones. share:
    (F,), the mean probability of each state.
    """

    held_out: bool
    rows: int
    counts: np.ndarray
    deviations: np.ndarray
    sizes: np.ndarray
    wrong: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, found: Look, layout: Layout, *, held_out: bool) -> Self:
        """From what the model says about held-out rows."""
        counts = np.maximum(found.there.sum(axis=0), 1)
        deviations = np.where(found.there, np.abs(found.deviation(layout)), np.nan)
        deviations[:, ~found.there.any(axis=0)] = 0.0  # a column that none of them has
        odds = [_wrong_numbers(found, i, field) for i, field in zip(*number_fields(layout), strict=True)]
        return cls(
            held_out=held_out,
            rows=len(found.x),
            counts=counts,
            deviations=np.stack([np.nanquantile(*both) for both in zip(deviations.T, _ranks(counts).T, strict=True)], axis=1),
            sizes=np.stack([s for s, _ in odds], axis=1) if odds else np.zeros((KNOTS, 0)),
            wrong=np.stack([w for _, w in odds], axis=1) if odds else np.zeros((KNOTS, 0)),
            share=found.mean.mean(axis=0),
        )

    def sigmas(self, deviation: np.ndarray) -> np.ndarray:
        """Deviations (n, C) as those of a normal distribution, with their sign.

        A cell that is farther off than a share ``1 - p`` of the held-out cells of its column gets ``Φ⁻¹(1 - p / 2)``, equal
        cells the least of their ranks. Beyond the fifth farthest of them ranks say too little: from there sigmas grow in
        proportion to the deviation, so by the model's own spread; where the model is all but always right, by 5 for each of it.
        """
        each = zip(np.abs(deviation).T, self.deviations.T, self._normal.T, strict=True)
        return np.asarray(np.copysign(np.stack([_sigmas(*both) for both in each], axis=1), deviation))

    def limit(self, sigmas: float) -> np.ndarray:
        """The deviation (C,) that has so many sigmas."""
        last, normal = self.deviations[-1], self._normal
        beyond = last + (sigmas - normal[-1]) * _sigma(last, normal[-1])
        inside = [np.interp(sigmas, own, knots) for own, knots in zip(normal.T, self.deviations.T, strict=True)]
        return np.where(sigmas > normal[-1], beyond, np.array(inside))

    @property
    def ranks(self) -> np.ndarray:
        """(K, C), for each column from 0 to the last share of its cells that is resolved."""
        return _ranks(self.counts)

    @cached_property
    def _normal(self) -> np.ndarray:
        return np.asarray(ndtri((1 + self.ranks) / 2))

    def odds(self, found: Look, layout: Layout) -> np.ndarray:
        """log-odds (n, C) that a cell is wrong and the others are right, up to a constant of the row.

        A wrong cell differs from the right one and is else drawn as the column has it. Of categories that is
        ``log Σ_v p(v | rest) q(x | v) - log p(x | rest)`` with ``q(x | v) = q(x) / (1 - q(v))``, where v is the right level and
        q the mean of what is expected of many rows, with a tenth that may be any level. As m held-out cells cannot tell that a
        model errs less often than in one of m, p is mixed with 1 / m of q, and no odds exceed m.

        Of numbers the odds are learned: those of other held-out rows are put in the place of the right ones, and isotonic
        regression tells how much more often a deviation as large is a wrong number's. That asks for no density, which columns
        that are mostly zeros do not have. -inf where a cell is missing.
        """
        made, deviations = np.zeros(found.log_p.shape), np.abs(found.deviation(layout))
        for i, c in enumerate(columns_of(layout)):
            if c.levels:
                states = slice(c.start, c.start + c.levels)
                made[:, i] = _odds_of_levels(found.x[:, states], found.mean[:, states], self.share[states], self.counts[i])
        for k, i in enumerate(number_fields(layout)[0]):
            last = max(float(self.sizes[-1, k]), LEAST_DEVIATION)
            beyond = np.log(np.maximum(deviations[:, i] / last, 1))
            made[:, i] = np.interp(deviations[:, i], self.sizes[:, k], self.wrong[:, k]) + beyond
        return np.where(found.there, made, -np.inf)

    def companion(self) -> Companion:
        """As the store keeps it."""
        arrays = {n: np.ascontiguousarray(getattr(self, n), dtype=np.float32) for n in _ARRAYS}
        return Companion({"held_out": self.held_out, "rows": self.rows}, arrays)

    @classmethod
    def from_companion(cls, kept: Companion) -> Self:
        """The inverse of :meth:`companion`."""
        rows = int(kept.data["rows"])
        older = {"counts": np.full(kept.arrays["deviations"].shape[1], rows)}  # models saved when all columns had one count
        arrays = {n: (older | dict(kept.arrays))[n].astype(np.float64) for n in _ARRAYS}
        return cls(bool(kept.data["held_out"]), rows, **arrays)


def _ranks(counts: np.ndarray) -> np.ndarray:
    """counts (C,) of cells -> (K, C), evenly from 0 to the share beyond which there are five cells, or a twentieth of few."""
    return np.linspace(0, 1 - np.maximum(1, np.minimum(EDGE, counts // 20)) / (counts + 1), KNOTS)


def _sigmas(size: np.ndarray, knots: np.ndarray, normal: np.ndarray) -> np.ndarray:
    place = np.searchsorted(knots, size, side="left").clip(1, len(knots) - 1)
    low, high = knots[place - 1], knots[place]
    part = ((size - low) / np.where(high > low, high - low, 1.0)).clip(0, 1)
    inside = normal[place - 1] + part * (normal[place] - normal[place - 1])
    beyond = normal[-1] + (size - knots[-1]) / _sigma(knots[-1], normal[-1])
    return np.where(size > knots[-1], beyond, np.where(size > knots[0], inside, 0.0))


def _sigma(last: Any, normal: Any) -> Any:
    """The deviation that a sigma is, beyond the last that ranks resolve."""
    return np.maximum(last / normal, LEAST_SIGMA)


def _odds_of_levels(x: np.ndarray, p: np.ndarray, share: np.ndarray, cells: int) -> np.ndarray:
    """x, p (n, S): what is there, one-hot, and what is expected. share (S,). cells: held-out ones of the column."""
    q = (1 - ANYTHING) * share + ANYTHING / len(share)
    here = x @ q + TINY
    changed = ((1 - x) * p) @ (1 / np.maximum(1 - q, TINY)) + TINY
    fits = (1 - 1 / cells) * (x * p).sum(axis=1) + here / cells
    return np.asarray(np.minimum(np.log(here) + np.log(changed) - np.log(fits), math.log(cells)))


def _wrong_numbers(found: Look, column: int, field: int) -> tuple[np.ndarray, np.ndarray]:
    """Deviations of a column of numbers, ascending, and the log-odds that cells so far off are wrong, (K,) each."""
    rows = np.flatnonzero(found.there[:, column])
    x, mean, spread = found.x[rows, field], found.mean[rows, field], spreads(found.peak[rows, column])
    random = np.random.default_rng(0)
    others = [random.permutation(x) for _ in range(SWAPS)]
    wrong = np.concatenate([np.abs(other - mean)[other != x] / spread[other != x] for other in others])
    right = np.abs(x - mean) / spread
    if not len(wrong):  # a constant, or a column that no row has
        return np.linspace(0, LEAST_DEVIATION, KNOTS), np.linspace(-1, 1, KNOTS) * math.log(len(rows) + 2)
    sizes, truth = np.concatenate([wrong, right]), np.repeat([1.0, 0.0], [len(wrong), len(right)])
    weights = np.repeat([1 / len(wrong), 1 / len(right)], [len(wrong), len(right)])
    ascending, place = np.unique(sizes, return_inverse=True)
    weight = np.bincount(place, weights)
    _, block = np.unique(
        isotonic_regression(np.bincount(place, weights * truth) / weight, sample_weight=weight), return_inverse=True
    )
    many, few = (np.bincount(block[place], kind) for kind in (truth * len(right) / len(wrong), 1 - truth))
    odds = np.log((many + 1) / (few + 1))  # one more of each, so that short blocks claim little
    odds = isotonic_regression(odds, sample_weight=many + few)
    knots = np.quantile(sizes, np.linspace(0, 1, KNOTS))
    return knots, np.interp(knots, ascending, odds[block])


def look_at(trained: Trained, source: Source, condition: Tensor | None) -> Look:
    """What the model says about the cells of all rows of a source."""
    made = apply(trained, source, condition, lambda x, c: look(trained, x, c).packed())
    return Look.unpacked(made.numpy(), trained.kind.layout)


def usual_of(trained: Trained, examples: Examples, rows: Tensor, *, held_out: bool) -> Companion | None:
    """What is usual of these rows of the examples, at most 1 000 of them; None where rows are not those of a table.

    rows: numbers of the rows, validation rows where ``held_out``.
    """
    if not explainable(trained):
        return None
    passes = min(len(columns_of(trained.kind.layout)), PASSES) if hides(trained) else 1
    most = MOST_PRODUCTS // (passes * max(1, trained.model.products))
    some = rows[:: max(1, -(-len(rows) // min(max(most, LEAST_ROWS), MOST_ROWS)))]
    condition = None if examples.condition is None else examples.condition[some]
    found = look_at(trained, Subset(examples.source, some), condition)
    return Usual.of(found, trained.kind.layout, held_out=held_out).companion()
