"""Seen: by which rows a model was trained, kept beside it as their keys, so that none of them ever calibrates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.detector.known_rows import MOST_ROWS, row_keys
from diabolo.trained import Companion, Trained

NAME = "seen"
MOST_CELLS = 2**25
"""Numbers in the training rows beyond which nothing is kept; hashing as many takes half a second."""
LAST = np.uint64(2**64 - 1)


@final
@dataclass(frozen=True, eq=False)
class Seen:
    """The rows that weights were fitted to, in all trainings that the model went on with.

    keys: (m,) uint64, ascending, see :func:`diabolo.jobs.anomalies.detector.known_rows.row_keys`: hashes, from which no cell
    can be read, though of a row at hand one can tell whether it was there. Beyond 200 000 rows the smallest ones. limit: rows
    with larger keys are not known; keys hang on values alone, so that those up to it are as good as drawn. rows: how many,
    each counted as often as a training was given it. fraction: that the last training held out.
    """

    keys: np.ndarray
    limit: np.uint64
    rows: int
    fraction: float

    @classmethod
    def by(cls, source: Source, rows: Tensor, fraction: float) -> Self | None:
        """Of a training by these rows of the source; None where they are too many to look at again."""
        if not len(rows) or len(rows) * math.prod(source.take(rows[:1]).shape[1:]) > MOST_CELLS:
            return None
        return cls._smallest(row_keys(Subset(source, rows)), LAST, len(rows), fraction)

    def after(self, before: Self) -> Self:
        """Of this training and of those before."""
        both = np.concatenate([before.keys, self.keys])
        limit = min(before.limit, self.limit)
        return self._smallest(both[both <= limit], limit, before.rows + self.rows, self.fraction)

    @classmethod
    def _smallest(cls, keys: np.ndarray, limit: np.uint64, rows: int, fraction: float) -> Self:
        ordered = np.unique(keys)
        if len(ordered) <= MOST_ROWS:
            return cls(ordered, limit, rows, fraction)
        return cls(ordered[:MOST_ROWS], ordered[MOST_ROWS - 1], rows, fraction)

    def has(self, keys: np.ndarray) -> np.ndarray:
        """Which rows were trained by, (n,) bool; of those beyond the limit nobody knows."""
        return np.isin(keys, self.keys)

    def lacks(self, keys: np.ndarray) -> np.ndarray:
        """Which rows were surely not, (n,) bool."""
        return (keys <= self.limit) & ~self.has(keys)

    def once(self, keys: np.ndarray) -> bool:
        """Whether there was one training, and by rows with these keys (n,), no others."""
        ordered = np.unique(keys)
        return self.rows == len(keys) and np.array_equal(ordered[ordered <= self.limit], self.keys)

    @classmethod
    def of(cls, trained: Trained) -> Self | None:
        """What travels with a model; None where nobody knows what it was trained by."""
        kept = trained.companions.get(NAME)
        if kept is None:
            return None
        data = kept.data
        return cls(
            kept.arrays["keys"].view(np.uint64), np.uint64(int(data["limit"])), int(data["rows"]), float(data["fraction"])
        )

    def companion(self) -> Companion:
        """As the store keeps it."""
        data = {"limit": str(int(self.limit)), "rows": self.rows, "fraction": self.fraction}  # 64 bits are no JSON number
        return Companion(data, {"keys": self.keys.view(np.int64)})


def with_seen(trained: Trained, source: Source, rows: Tensor, fraction: float, *, before: Trained | None) -> Trained:
    """A model after a training by these rows of the source. before: the model it went on with.

    Nothing is kept where the rows are too many, or the model before does not tell what it was trained by.
    """
    found = Seen.by(source, rows, fraction)
    if before is not None and before.history:
        known = Seen.of(before)
        found = None if known is None or found is None else found.after(known)
    return trained.without_companion(NAME) if found is None else trained.with_companion(NAME, found.companion())
