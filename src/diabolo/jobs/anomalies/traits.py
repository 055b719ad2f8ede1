"""Traits: how a row fits a model, in a few numbers, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.errors import UnsupportedError
from diabolo.jobs.inference import apply
from diabolo.jobs.mending.tasks import enlargement
from diabolo.maths.smoothing import smoothed
from diabolo.parts.corruptions.downsample import shrunk
from diabolo.records import Layout
from diabolo.trained import Trained
from diabolo.training.device import device_generator

NEIGHBORS = 5
SIDE_OVER_SIGMA, LEAST_SIGMA, MOST_SIGMA = 20.0, 0.5, 4.0
LEAST = 1e-12  # what logarithms see of a misfit of zero
FLAT = 1e-3  # variance, of a range of 1, that a row without any contrast counts as having


@final
@dataclass(frozen=True, eq=False)
class Traits:
    """How n rows fit a model.

    codes: (n, K). misfits: (n, *P) for images, (n, F) for tables: the squared residual of each place, ``(x - x̂)²``. Residuals
    of pictures are smoothed first and squared then, a mean over the channels: a stroke that came back half a pixel aside
    cancels out, a missing one does not. Of mixed tables (n, columns), the squares of a column's fields added up and NaN in
    missing cells. misfit: (n,), log of their mean. contrast: (n,), log of the variance of the row's cells. grain: (n,), log of
    how much of the squared residual the smoothing took away: large for noise.
    """

    codes: np.ndarray
    misfits: np.ndarray
    misfit: np.ndarray
    contrast: np.ndarray
    grain: np.ndarray

    @classmethod
    def of(cls, trained: Trained, source: Source, condition: Tensor | None, *, damage: bool = False) -> Self:
        """The traits of all rows of a source. damage: as the encoder sees them in training, damaged by the recipe.

        Raises UnsupportedError where what comes out of the model has another shape than what goes in.
        """
        if not fits(trained):
            raise UnsupportedError(
                f"What goes into this model has the shape {trained.model.source.shape}, what comes out "
                f"{trained.model.target.shape}: the two cannot be compared. Train a model that restores its own input."
            )
        numbers = int(np.prod(trained.model.code_shape))

        layout = trained.kind.layout

        def look(x: Tensor, c: Tensor | None) -> Tensor:
            if damage:
                x = trained.model.corrupt(x, device_generator(x.device).manual_seed(0)).x
            z = trained.model.encode(x, None, c)
            residual = x - as_input(trained, trained.out_kind.settled(trained.model.decode(z, c).mean))
            squares = misfits_by_column(residual, x, layout) if layout.columns else misfits(residual)
            fine = squares.nanmean(1) if layout.columns else residual.square().flatten(1).mean(1)
            beside = torch.stack([x.flatten(1).var(1, unbiased=False), fine], dim=1)
            return torch.cat([z.flatten(1), beside, squares.flatten(1)], dim=1)

        found = apply(trained, source, condition, look).numpy()
        squares = found[:, numbers + 2 :]
        mean = np.maximum(np.nanmean(squares, axis=1, dtype=np.float64), LEAST)
        width = np.subtract(*(layout.bounds or (0.0, 1.0))) ** 2
        places = layout.positions or (len(layout.places),)
        return cls(
            codes=found[:, :numbers],
            misfits=squares.reshape(len(found), *places),
            misfit=np.log(mean),
            contrast=np.log(found[:, numbers] / width + FLAT),
            grain=np.log(np.maximum(found[:, numbers + 1], LEAST) / mean),
        )


def fits(trained: Trained) -> bool:
    """Whether what comes out of the model can be compared with what goes in: as it is, or made small again."""
    before, after = trained.kind.layout, trained.out_kind.layout
    if trained.model.source.shape == trained.model.target.shape:
        return True
    return enlargement(trained) > 1 and (before.fields, before.bounds) == (after.fields, after.bounds)


def as_input(trained: Trained, x_hat: Tensor) -> Tensor:
    """x̂ (N, F, *P'), as large as what goes into the model: (N, F, *P), squares of pixels by their mean."""
    factor = enlargement(trained) if trained.model.source.shape != trained.model.target.shape else 1
    return shrunk(x_hat, factor) if factor > 1 else x_hat


def misfits(residual: Tensor) -> Tensor:
    """residual (N, F, *P) -> (N, *P), or (N, F) for a table: smoothed where there are rows and columns of pixels, squared."""
    if residual.ndim != 4:
        return residual.square()
    return smoothed(residual, sigma(*residual.shape[2:])).square().mean(1)


def misfits_by_column(residual: Tensor, x: Tensor, layout: Layout) -> Tensor:
    """residual (N, F) of a mixed table's rows x -> (N, columns): the squares of a column's fields added up, NaN where its cell
    is missing. Of a row without any cell the first is 0, for it cannot be misfit."""
    real = layout.real(x)
    assert real is not None  # the layout has columns
    there = real[:, [c.start for c in layout.columns]] > 0
    there[:, 0] |= ~there.any(1)
    return layout.by_column(residual.square() * real).masked_fill(~there, torch.nan)


def sigma(height: int, width: int) -> float:
    """Pixels that residuals are smoothed over: a twentieth of the shorter side, at least 0.5 and at most 4."""
    return float(np.clip(min(height, width) / SIDE_OVER_SIGMA, LEAST_SIGMA, MOST_SIGMA))


def distance(rows: Any, known: Any, neighbors: int = NEIGHBORS) -> np.ndarray:
    """Mean Euclidean distance of each row (n, d) to its five nearest rows of ``known`` (m, d); (n,) float64."""
    search = NearestNeighbors(n_neighbors=min(neighbors, len(known)), algorithm="brute").fit(known)
    return np.asarray(search.kneighbors(rows)[0].mean(axis=1), dtype=np.float64)
