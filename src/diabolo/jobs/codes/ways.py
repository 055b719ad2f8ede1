"""Ways between rows: what a decoder makes of the codes between two rows, and how much that is like a real row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.codes.discrete import snapped
from diabolo.jobs.codes.embed import decoded, embed
from diabolo.jobs.codes.interpolate import interpolate_codes
from diabolo.jobs.codes.reconstruct import encode_all
from diabolo.maths.nearest import nearest
from diabolo.trained import Trained, as_labels

PAIRS = 100
SHOWN, STEPS = 3, 9


@final
@dataclass(frozen=True, eq=False)
class Ways:
    """What :func:`look_at_ways` finds.

    through: (w, steps, F, *P), rows on straight ways through the code, both restored ends included. faded: the same of two
    restored rows that fade into each other. ends: (w, 2), numbers of the rows in the source. code, fade, rows: the median
    distance to the nearest real row, of the middles of ``pairs`` ways through the code, of those faded, and of restored rows.
    reference: how many real rows these are.
    """

    through: Tensor
    faded: Tensor
    ends: np.ndarray
    code: float
    fade: float
    rows: float
    pairs: int
    reference: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ("code", "fade", "rows", "pairs", "reference")
        return {"ends": self.ends.tolist()} | {name: getattr(self, name) for name in names}


def look_at_ways(
    trained: Trained, source: Source, y: np.ndarray | None = None, training: Source | None = None, *, seed: int = 0
) -> Ways | None:
    """Ways between up to 100 pairs of rows, drawn with ``seed``; the first three to look at.

    y: labels (n,): of conditional recipes, whose pairs are then alike; else ends to look at differ where there are labels.
    training: real rows that middles are held to; without them it is the half of the rows that no way begins or ends at.

    Discrete codes go to the entries nearest to each step. None where there are no two rows for a way.
    """
    order = np.random.default_rng(seed).permutation(len(source))
    ends, others = (order, None) if training is not None else (order[: len(order) // 2], order[len(order) // 2 :])
    labels = None if y is None else as_labels(y).ravel()
    pairs = _pairs(ends, labels, alike=bool(trained.config.labels))
    if not len(pairs):
        return None
    start, end = (_codes(trained, source, pairs[:, side], labels) for side in (0, 1))
    given = labels[pairs[:, 0]] if labels is not None and trained.config.labels else None
    first, last = decoded(trained, start, given), decoded(trained, end, given)
    real = training if training is not None else Subset(source, torch.from_numpy(others))
    reference = encode_all(trained, real).flatten(1)
    middle = decoded(trained, snapped(trained, (start + end) / 2), given)
    some = range(min(SHOWN, len(pairs)))
    codes = [snapped(trained, interpolate_codes(start[i], end[i], STEPS)) for i in some]
    ways = [decoded(trained, z, None if given is None else given[i]) for i, z in zip(some, codes, strict=True)]
    t = torch.linspace(0, 1, STEPS).reshape(-1, *[1] * (first.ndim - 1))
    faded = [(1 - t) * first[i] + t * last[i] for i in some]
    return Ways(
        through=torch.stack(ways),
        faded=torch.stack(faded),
        ends=pairs[: len(some)],
        code=_away(middle, reference),
        fade=_away((first + last) / 2, reference),
        rows=_away(first, reference),
        pairs=len(pairs),
        reference=len(real),
    )


def _pairs(rows: np.ndarray, labels: np.ndarray | None, *, alike: bool) -> np.ndarray:
    """Rows two by two, (p, 2), none twice. alike: of one label; else the first ones of different labels where there are any."""
    if alike and labels is not None:
        found = [rows[labels[rows] == label] for label in dict.fromkeys(labels[rows].tolist())]
        return np.concatenate([group[: len(group) // 2 * 2].reshape(-1, 2) for group in found])[:PAIRS]
    pairs = rows[: len(rows) // 2 * 2].reshape(-1, 2)[:PAIRS]
    if labels is None:
        return pairs
    same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    return np.asarray(pairs[np.argsort(same, kind="stable")])


def _codes(trained: Trained, source: Source, rows: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    given = labels[rows] if labels is not None and trained.config.labels else None
    return embed(trained, Subset(source, torch.from_numpy(rows)), given)


def _away(x: Tensor, reference: Tensor) -> float:
    """The median distance to the nearest of the reference rows."""
    return float(nearest(x.flatten(1), reference, 1)[1].median())
