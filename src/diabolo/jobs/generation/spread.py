"""Spread: whether codes lie as a normal distribution does, without gaps, and which density new codes are best drawn from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import at_most
from diabolo.jobs.anomalies.traits import as_input, fits
from diabolo.jobs.codes.discrete import quantizer
from diabolo.jobs.companions import CODES
from diabolo.jobs.generation.best_origin import best_origin
from diabolo.jobs.generation.holes import places_among
from diabolo.jobs.generation.sample import origins_of, sample_codes, usual_origin
from diabolo.jobs.inference import apply, apply_to_codes
from diabolo.metrics.arrays import Floats
from diabolo.metrics.spread import energy_coefficient, kurtosis
from diabolo.trained import Trained

WIDEST = 256
"""Numbers of a code beyond which no density is fitted: a Gaussian of 300 numbers has 45 000 covariances."""
ROWS = 1000
"""Draws of each origin; training codes that are looked at without a source."""


@final
@dataclass(frozen=True)
class Origin:
    """New codes of one origin, of those in :func:`diabolo.jobs.generation.sample.origins_of`.

    far: the share that lies in holes, farther from every training code than 99 % of the codes do, see
    :class:`diabolo.jobs.generation.holes.Places`: about 0.01 where there are no holes. The same as ``diabolo generate
    --judge`` says. energy: coefficient beside the codes, in [0, 1], see :func:`diabolo.metrics.spread.energy_coefficient`.
    """

    name: str
    far: float
    energy: float


@final
@dataclass(frozen=True)
class Spread:
    """How n codes of K numbers lie; of recipes with a posterior, one draw from each row's.

    normal: energy coefficient beside a standard normal, in [0, 1]. gaussian: beside the Gaussian of the codes' own mean and
    covariance. chance: of two sets of draws from that Gaussian, as many: what is no more than this is no difference. kurtosis:
    Mardia's, 1 for a normal distribution, None where codes are too few. origins: where new codes can come from; empty where
    codes are too wide, most of them alike, or no training codes travel with the model. mends: the origin to draw from, see
    :func:`diabolo.jobs.generation.best_origin.best_origin`; None without any.
    own: ``√ mean ‖E(D(z)) − z‖²`` of the codes of rows, decoded and encoded again, over the spread of codes. between: of the
    middle between each code and its nearest neighbor; None where outputs are not like inputs, and of discrete codes, which
    have no middles.
    """

    codes: int
    numbers: int
    normal: float
    gaussian: float
    chance: float
    kurtosis: float | None
    origins: tuple[Origin, ...]
    mends: str | None
    own: float | None
    between: float | None

    def of(self, name: str) -> Origin | None:
        """The line of that origin."""
        return next((o for o in self.origins if o.name == name), None)

    @property
    def bumpiness(self) -> float | None:
        """``between / own``: about 1 where the way from a code to its neighbor is as smooth as the codes."""
        return None if self.own is None or self.between is None or not self.own > 0 else self.between / self.own

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"bumpiness": self.bumpiness}


def spread_of(
    trained: Trained, source: Source | None = None, condition: Tensor | None = None, *, seed: int = 0
) -> Spread | None:
    """How the codes of all rows of a source lie; of the training codes that travel with the model without one.

    None where there are fewer than 20 codes, where none varies, or where there is no source and each code is a distribution.
    condition: (n, C), of conditional recipes; codes of all labels are looked at together.
    """
    drawn = _drawn(trained, source, condition, seed)
    if drawn is None or len(drawn) < 20 or not drawn.std(axis=0).max() > 0:
        return None
    random = np.random.default_rng(seed)
    n, k = drawn.shape
    one, two = (_like(drawn, random) for _ in range(2))
    own, between = _cycles(trained, source, condition) if source is not None else (None, None)
    origins = _origins(trained, drawn, seed) if k <= WIDEST and CODES in trained.companions else ()
    peaks = kurtosis(drawn)
    return Spread(
        codes=n,
        numbers=k,
        normal=energy_coefficient(drawn, random.standard_normal((n, k))),
        gaussian=energy_coefficient(drawn, one),
        chance=energy_coefficient(two, one),
        kurtosis=peaks if math.isfinite(peaks) else None,
        origins=origins,
        mends=best_origin({o.name: o.far for o in origins}, usual_origin(trained)) if origins else None,
        own=own,
        between=between,
    )


def _drawn(trained: Trained, source: Source | None, condition: Tensor | None, seed: int) -> Floats | None:
    """Codes (n, K) float64 as the decoder meets them in training: draws where they are distributions."""
    model, variational = trained.model, trained.model.bottleneck.variational
    if source is None:
        known = None if variational else trained.companions.get(CODES)
        if known is None:
            return None
        z = known.arrays["z"].astype(np.float64)
        return np.asarray(z[at_most(len(z), ROWS, seed)])

    def draw(x: Tensor, c: Tensor | None) -> Tensor:
        if not variational:
            return model.encode(x, None, c).flatten(1)
        q = model.posterior(x, c)
        assert q is not None  # a variational neck has one
        return torch.stack([q.mean.flatten(1), q.stddev.flatten(1)], dim=1)

    found = apply(trained, source, condition, draw).double().numpy()
    if not variational:
        return found
    return found[:, 0] + found[:, 1] * np.random.default_rng(seed).standard_normal(found[:, 0].shape)


def _like(z: Floats, random: np.random.Generator) -> Floats:
    """As many draws from the Gaussian of the codes' mean and covariance: mixtures of the centered codes themselves."""
    weights = random.standard_normal((len(z), len(z))) / math.sqrt(len(z))
    return np.asarray(z.mean(axis=0) + weights @ (z - z.mean(axis=0)))


def _origins(trained: Trained, z: Floats, seed: int) -> tuple[Origin, ...]:
    """Each origin as ``sample`` draws from it. z: (n, K), codes of real rows."""
    places = places_among(z, trained.companions[CODES].arrays["z"].astype(np.float64))
    if places is None:
        return ()
    made = {name: sample_codes(trained, ROWS, density=name, random_state=seed) for name in origins_of(trained)}
    return tuple(Origin(name, places.share(codes), energy_coefficient(z, codes)) for name, codes in made.items())


def _cycles(trained: Trained, source: Source, condition: Tensor | None) -> tuple[float | None, float | None]:
    """The errors of codes, and of the middles between neighbors, decoded and encoded again, over the spread of codes."""
    if trained.target_kind is not None or not fits(trained) or quantizer(trained) is not None:
        return None, None
    model = trained.model
    z = apply(trained, source, condition, lambda x, c: model.encode(x, None, c))  # (n, K, *L)
    flat = z.flatten(1).double().numpy()
    spread = math.sqrt(float(flat.var(axis=0).sum()))
    if not spread > 0:
        return None, None
    near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(flat).kneighbors(return_distance=False)[:, 0]
    middle = (z + z[torch.from_numpy(near)]) / 2

    def again(z: Tensor, c: Tensor | None) -> Tensor:
        x = as_input(trained, trained.out_kind.settled(model.decode(z, c).mean))
        return (model.encode(x, None, c) - z).flatten(1)

    errors = [apply_to_codes(trained, v, condition, again).double().square().sum(1).mean().sqrt() for v in (z, middle)]
    return float(errors[0]) / spread, float(errors[1]) / spread
