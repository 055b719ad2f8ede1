"""Spoiling: what a score is worth where nobody has marked anomalies, by rows that were spoiled on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source

SHARE = 0.2
SURE = 2.0
"""Standard errors from which on a difference counts as one."""

OWN, SIMPLER, ALL = "autoencoder", ("linear", "neighbors"), "all"


@final
@dataclass(frozen=True)
class Verdict:
    """Whether the autoencoder tells spoiled rows better than what is simpler.

    Each of ``rows`` held-out rows stands against a copy of itself, ``cells`` of its ``columns`` cells replaced by those of
    another row: every cell is a usual one, together they are not. shares: by score ("autoencoder", "linear", "neighbors", and
    "all" blended), how often the copy is the stranger of the two; one half is chance. ahead: by rival, the autoencoder's
    share minus its, and the standard error of that. Real anomalies may be of other sorts.
    """

    rows: int
    cells: int
    columns: int
    shares: Mapping[str, float]
    ahead: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, wins: Mapping[str, np.ndarray], cells: int, columns: int) -> Self:
        """wins: by score, (n,) 1 where the copy was the stranger one, 0.5 where they were alike, 0 else."""
        n = len(wins[ALL])
        shares = {name: float(won.mean()) for name, won in wins.items()}
        ahead = {}
        for rival in (r for r in SIMPLER if r in wins and OWN in wins):
            difference = wins[OWN] - wins[rival]
            ahead[rival] = (float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf"))
        return cls(n, cells, columns, shares, ahead)

    @property
    def better(self) -> bool | None:
        """True where the autoencoder is ahead of all that is simpler by two standard errors, False where it is so far behind
        any, None where neither can be told."""
        if any(mean < -SURE * error for mean, error in self.ahead.values()):
            return False
        return True if self.ahead and all(mean > SURE * error for mean, error in self.ahead.values()) else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        ahead = {name: list(pair) for name, pair in self.ahead.items()}
        own = {name: getattr(self, name) for name in ("rows", "cells", "columns")}
        return own | {"shares": dict(self.shares), "ahead": ahead}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`."""
        ahead = {name: (float(a), float(b)) for name, (a, b) in data["ahead"].items()}
        return cls(int(data["rows"]), int(data["cells"]), int(data["columns"]), dict(data["shares"]), ahead)

    def __str__(self) -> str:
        said = ", ".join(f"{_NAMES.get(name, name)} {share:.0%}" for name, share in self.shares.items() if name != ALL)
        told = (
            f"Of {self.rows} held-out rows with {self.cells} of {self.columns} cells taken from other rows, told from the "
            f"unspoiled row: by {said}, by all together {self.shares[ALL]:.0%} (chance: 50%)."
        )
        if not self.ahead:
            return told
        if self.better:
            return f"{told} The autoencoder adds to what is simpler."
        behind = [_NAMES[name] for name, (mean, error) in self.ahead.items() if mean < -SURE * error]
        if behind:
            return f"{told} The autoencoder is behind {' and '.join(behind)}: for anomalies of this sort the simpler would do."
        even = [_NAMES[name] for name, (mean, error) in self.ahead.items() if mean <= SURE * error]
        return f"{told} As far as so many rows can tell, the autoencoder is no better than {' and '.join(even)}."


_NAMES = {OWN: "the autoencoder", "linear": "its linear twin", "neighbors": "nearest neighbors"}


def cells_spoiled(columns: int) -> int:
    """How many cells of a row are replaced: a fifth, at least one."""
    return max(1, round(SHARE * columns))


def spoiled(source: Source, rows: Tensor, seed: int) -> Tensor:
    """Rows of a table with :func:`cells_spoiled` cells, drawn for each row, replaced by those of one other row: (n, d), raw.

    A cell is only replaced by one that differs from it, where the other row has such; so a copy of a row may stay as it is.
    """
    own = source.take(rows).clone()  # (n, d)
    generator = torch.Generator().manual_seed(seed)
    n, d = own.shape
    other = own[(torch.arange(n) + torch.randint(1, max(n, 2), (n,), generator=generator)) % n]
    alike = (own == other) | ((own != own) & (other != other))
    order = torch.rand(n, d, generator=generator).masked_fill(alike, 2.0)
    chosen = order.argsort(1).argsort(1) < cells_spoiled(d)
    return torch.where(chosen & ~alike, other, own)


def wins(spoiled_scores: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """1 where the spoiled row is the stranger one, 0.5 where both are alike, (n,)."""
    return np.asarray((np.sign(spoiled_scores - scores) + 1) / 2)
