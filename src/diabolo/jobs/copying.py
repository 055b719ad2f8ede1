"""Copying: whether a model restores what has nothing to do with its data as well as its data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.reconstruct import restored_tensor
from diabolo.jobs.traits import as_input, fits
from diabolo.trained import Trained


@final
@dataclass(frozen=True)
class Copying:
    """Shares of the variance that come back, ``1 − mse / variance``; below 0 where the mean would do better.

    data: of the rows. noise: of rows whose cells were each drawn from another row: every cell has its own values, and nothing
    holds them together. About as high as ``data`` for a model that copies whatever it is given, and low for one that knows its
    data. pca: of the same noise through PCA with as many numbers; None without PCA.
    """

    data: float
    noise: float
    pca: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def copying(trained: Trained, source: Source, condition: Tensor | None = None, *, seed: int = 0) -> Copying | None:
    """What comes back of all rows of a source, and of noise made of them; None where outputs are not like inputs.

    None also where nothing varies. condition: (n, C), of conditional recipes.
    """
    if trained.target_kind is not None or not fits(trained):
        return None
    x = trained.kind.inside(source)
    noise = shuffled_cells(x, seed)
    variance = float(x.flatten(1).double().var(0, unbiased=False).mean())
    if not variance > 0:
        return None
    back = (as_input(trained, restored_tensor(trained, v, condition)) for v in (x, noise))
    data, kept = (1 - _error(v, x_hat) / variance for v, x_hat in zip((x, noise), back, strict=True))
    twin = linear_twin(trained)
    flat = noise.flatten(1)
    pca = None if twin is None else 1 - _error(flat, torch.from_numpy(twin.reconstruct(flat.numpy()))) / variance
    return Copying(data, kept, pca)


def shuffled_cells(x: Tensor, seed: int = 0) -> Tensor:
    """x (n, F, *P) with the rows of each cell in an order of its own."""
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.permuted(x.flatten(1).numpy(), axis=0)).reshape(x.shape)


def _error(x: Tensor, x_hat: Tensor) -> float:
    return float((x.double() - x_hat.double()).square().mean())
