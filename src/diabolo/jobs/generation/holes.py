"""Holes: places that codes are drawn from and no row was encoded to, so that nobody taught the decoder about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.codes.embed import embed, posterior
from diabolo.jobs.companions import CODES
from diabolo.jobs.generation.sample import origins_of, sample_codes
from diabolo.jobs.labels import rows_and_labels
from diabolo.maths.nearest import nearest
from diabolo.metrics.codes import dead_units
from diabolo.metrics.generation import nearest_distances
from diabolo.spec import is_whole
from diabolo.trained import Trained

ROWS = 2000
"""Codes whose nearest training code is looked for."""
USUAL = 0.99
"""The share of real rows whose codes lie near a training code, by definition."""
HOLES = 0.10
"""The share of drawn codes in holes up to which an origin counts as one without; 0.01 where codes are drawn as they lie."""
SAME = 1e-9
"""Two codes no farther apart are one."""


@final
@dataclass(frozen=True, eq=False)
class Places:
    """Where codes of rows lie. there: (m, K), training codes over ``scale`` (K,), infinite for numbers that never vary.
    usual: the distance from them within which 99 % of the real rows' codes lie."""

    there: np.ndarray
    scale: np.ndarray
    usual: float

    def distances(self, z: np.ndarray) -> np.ndarray:
        """Of codes (n, K) to the nearest training code, over the usual one, (n,): above 1 in a hole."""
        return nearest_distances(z / self.scale, self.there) / self.usual

    def share(self, z: np.ndarray) -> float:
        """The share of the first 2 000 codes (n, K) that lie in holes."""
        return float((self.distances(z[:ROWS]) > 1).mean())


@final
@dataclass(frozen=True, eq=False)
class Holes:
    """The n emptiest places that were drawn. origin: what codes were drawn from. codes: (n, K), the farthest first. distances:
    (n,), times as far from the nearest training code as 99 % of the real rows' codes are at most. labels: (n,), of conditional
    recipes. share: of all drawn codes, how many lie in holes."""

    origin: str
    codes: np.ndarray
    distances: np.ndarray
    labels: np.ndarray | None
    share: float


def places(trained: Trained, source: Source, y: Any = None, seed: int = 0) -> Places | None:
    """Where the codes of training rows lie, and how near to them those of real rows, which the model has not seen.

    Distances are in standard deviations of the real rows' codes, which are drawn from the posterior where there is one, as new
    codes are; a row that is itself one of the training rows counts with the nearest other code. None where no training codes
    travel with the model, or most codes are alike.
    """
    if CODES not in trained.companions:
        return None
    some = Subset(source, torch.arange(min(ROWS, len(source))))
    y = y if y is None or np.ndim(y) == 0 else np.asarray(y)[: len(some)]
    z = posterior(trained, some, y).sample(seed) if trained.model.bottleneck.variational else embed(trained, some, y)
    return places_among(z, trained.companions[CODES].arrays["z"])


def places_among(z: np.ndarray, training: np.ndarray) -> Places | None:
    """:func:`places` by the codes of real rows (n, K) and of training rows (m, K), which may be the same ones."""
    scale = np.where(dead_units(z), np.inf, z.std(0))
    there = training / scale
    near = nearest(torch.from_numpy(z / scale).double(), torch.from_numpy(there).double(), min(2, len(there)))[1].numpy()
    usual = float(np.quantile(np.where(near[:, 0] > SAME, near[:, 0], near[:, -1]), USUAL))
    return Places(there, scale, usual) if usual > SAME else None


def find_holes(trained: Trained, data: Any, y: Any = None, n: int = 16, *, origin: str | None = None, seed: int = 0) -> Holes:
    """The n of 2 000 drawn codes that lie farthest from every training code.

    data: real rows the model was not trained on, which say what is far. y: their labels, for conditional recipes. origin:
    "prior" or the name of a density; None: the first of :func:`diabolo.jobs.generation.sample.origins_of`, the prior where
    there is one, else the simplest, one Gaussian, which shows the holes of a plain code best.
    """
    if not is_whole(n, 1) or n > ROWS:
        raise ParameterError(f"n must be a whole number from 1 to {ROWS}, got {n!r}.")
    source, y = rows_and_labels(trained, data, y)
    found = places(trained, source, y, seed)
    if found is None:
        raise UnsupportedError(
            "This model carries no training codes, or all of them are alike, so nobody knows where its code space is empty."
        )
    if origin is None:
        origin = origins_of(trained)[0]
    z = sample_codes(trained, ROWS, density=origin, random_state=seed)
    distances = found.distances(z)
    order = np.argsort(-distances, kind="stable")[:n]
    labels = None
    if trained.config.labels:
        labels = np.random.default_rng(seed).choice(np.broadcast_to(np.asarray(y), len(source)), size=n)
    return Holes(origin, z[order], distances[order], labels, float((distances > 1).mean()))
