"""Shifts: how far codes move when noise is added to what goes in, beside PCA with as many numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.inference import apply
from diabolo.trained import Trained
from diabolo.training.device import device_generator, mixed_seed

STRENGTHS = (0.1, 0.25, 0.5, 1.0)
OWN = "own"


@final
@dataclass(frozen=True)
class Shift:
    """How far the codes move at one strength.

    noise: "gaussian", or "own": what the recipe damages its inputs with in training. strength: standard deviation of the
    noise as a share of the data's spread; of the recipe's own damage, what it comes to. model, pca: ``√(mean ‖z(x + ε) −
    z(x)‖² / mean ‖z(x) − z̄‖²)``: 0 where codes stay, 1 where noise moves a code as far as codes lie from their mean. None:
    no PCA, or a code that is always the same.
    """

    noise: str
    strength: float
    model: float | None
    pca: float | None


@final
@dataclass(frozen=True)
class Shifts:
    """A line a strength. spread: the data's, the root of the mean variance of a cell over the rows, in the model's units."""

    table: tuple[Shift, ...]
    spread: float
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def at(self, strength: float) -> Shift:
        """The line of Gaussian noise of that strength."""
        return next(line for line in self.table if (line.noise, line.strength) == ("gaussian", strength))


def code_shifts(
    trained: Trained,
    source: Source,
    condition: Tensor | None = None,
    *,
    strengths: tuple[float, ...] = STRENGTHS,
    seed: int = 0,
) -> Shifts:
    """How much noise moves the codes of all rows of a source.

    Noise of standard deviation s · spread is added to every cell as the model sees it and is not clipped to the range of
    pixels. A linear code moves by a known amount: with K orthonormal components of noise of variance σ² it is ``√(σ² K / Σ
    λ)``, λ the variances of the K numbers over these rows. condition: (n, C), of conditional recipes.
    """
    n = len(source)
    x = trained.kind.inside(source, torch.arange(n)).flatten(1).double().numpy()
    spread = float(np.sqrt(x.var(axis=0).mean()))
    still = _codes(trained, source, condition, lambda x, _: x)
    around = float(np.square(still - still.mean(axis=0)).sum(axis=1).mean())
    twin = linear_twin(trained)
    linear = None if twin is None else twin.transform(x)
    beside = 0.0 if linear is None else float(linear.var(axis=0).sum())
    table = []
    for i, strength in enumerate(strengths):
        sigma = strength * spread
        moved = _codes(trained, source, condition, _gaussian(sigma, mixed_seed(seed, i)))
        pca = None if linear is None or not beside > 0 else math.sqrt(sigma**2 * linear.shape[1] / beside)
        table.append(Shift("gaussian", strength, _relative(moved - still, around), pca))
    if trained.model.composition.corruption is not None:
        damaged = _damaged(trained, source, condition, seed)
        moved = _codes(trained, source, condition, _own(trained, seed))
        strength = float(np.sqrt(np.square(damaged - x).mean())) / spread if spread > 0 else 0.0
        pca = None if twin is None or linear is None else _relative(twin.transform(damaged) - linear, beside)
        table.append(Shift(OWN, strength, _relative(moved - still, around), pca))
    return Shifts(tuple(table), spread, n)


Change = Callable[[Tensor, int], Tensor]


def _codes(trained: Trained, source: Source, condition: Tensor | None, change: Change) -> np.ndarray:
    """The codes of changed rows, (n, K) float64."""
    done = {"chunks": 0}

    def look(x: Tensor, c: Tensor | None) -> Tensor:
        done["chunks"] += 1
        return trained.model.encode(change(x, done["chunks"]), None, c).flatten(1)

    return apply(trained, source, condition, look).double().numpy()


def _gaussian(sigma: float, seed: int) -> Change:
    def change(x: Tensor, chunk: int) -> Tensor:
        generator = device_generator(x.device).manual_seed(mixed_seed(seed, chunk))
        return x + sigma * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)

    return change


def _own(trained: Trained, seed: int) -> Change:
    def change(x: Tensor, chunk: int) -> Tensor:
        return trained.model.corrupt(x, device_generator(x.device).manual_seed(mixed_seed(seed, chunk))).x

    return change


def _damaged(trained: Trained, source: Source, condition: Tensor | None, seed: int) -> np.ndarray:
    """The rows as :func:`_own` has the encoder see them, (n, cells) float64."""
    done, change = {"chunks": 0}, _own(trained, seed)

    def look(x: Tensor, c: Tensor | None) -> Tensor:
        done["chunks"] += 1
        return change(x, done["chunks"]).flatten(1)

    return apply(trained, source, condition, look).double().numpy()


def _relative(moved: np.ndarray, around: float) -> float | None:
    return math.sqrt(float(np.square(moved).sum(axis=1).mean()) / around) if around > 0 else None
