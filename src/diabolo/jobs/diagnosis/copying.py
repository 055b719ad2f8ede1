"""Copying: whether a model restores what has nothing to do with its data as well as its data, and codes with room for it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.jobs.anomalies.traits import as_input, fits
from diabolo.jobs.codes.reconstruct import restored_tensor
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.evaluation.contenders import square_error
from diabolo.jobs.findings import Finding
from diabolo.records import Layout
from diabolo.trained import Trained

COPIES = 0.75
"""Share of the variance of shuffled cells that comes back, from which on a model is said to copy. Our own."""
WIDE = "wide code"
"""What a notice of training is about that says what :func:`wide_code` does."""


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
    noise = shuffled_cells(x, trained.kind.layout, seed)
    layout = trained.kind.layout
    variance = _error(layout, x, layout.typical(x.double().mean(0)).expand(x.shape))
    if not variance > 0:
        return None
    back = (as_input(trained, restored_tensor(trained, v, condition)) for v in (x, noise))
    data, kept = (1 - _error(layout, v, x_hat) / variance for v, x_hat in zip((x, noise), back, strict=True))
    twin = linear_twin(trained)
    flat = noise.flatten(1)
    pca = None if twin is None else 1 - _error(layout, flat, torch.from_numpy(twin.reconstruct(flat.numpy()))) / variance
    return Copying(data, kept, pca)


def wide_code(trained: Trained) -> Finding | None:
    """What to warn of before training where the code has :func:`room` for the row itself; None where it has not."""
    if not room(trained):
        return None
    gaussian = trained.config.composition.bottleneck.name == "gaussian"
    then = Finding("wide.idle" if gaussian else "wide.copy")
    return Finding("wide.code", {"n": math.prod(trained.model.code_shape), "cells": trained.kind.features, "then": then})


def wide_code_tried(trained: Trained, copied: float | None) -> Finding | None:
    """The same after training. copied: the share of the variance of shuffled cells that comes back, None where not known."""
    if not room(trained):
        return None
    said = {"n": math.prod(trained.model.code_shape), "cells": trained.kind.features}
    if copied is None:
        return Finding("wide.tried", said)
    return Finding("wide.tried.copied", said | {"copied_share": max(0.0, copied)})


def room(trained: Trained) -> bool:
    """Whether a code was asked for that can hold the row itself, and nothing keeps it from copying.

    Sparse codes are wide on purpose, damaged inputs cannot be copied, what comes out of a model of pairs is no copy, and a map
    has its own measure of wide.
    """
    parts, shape = trained.config.composition, trained.model.code_shape
    guarded = parts.bottleneck.name not in ("plain", "gaussian") or parts.corruption is not None or bool(parts.regularizers)
    asked = trained.config.options.get("latent_dim") is not None
    wide = len(shape) == 1 and math.prod(shape) > trained.kind.features
    return asked and wide and not guarded and trained.target_kind is None


def shuffled_cells(x: Tensor, layout: Layout, seed: int = 0) -> Tensor:
    """x (n, F, *P) with the rows of each cell in an order of its own; of mixed tables those of each column."""
    random = np.random.default_rng(seed)
    if layout.columns:
        order = random.permuted(np.repeat(np.arange(len(x))[:, None], len(layout.columns), 1), axis=0)
        return x.gather(0, torch.from_numpy(order)[:, layout.owner(x.device)])
    return torch.from_numpy(random.permuted(x.flatten(1).numpy(), axis=0)).reshape(x.shape)


def _error(layout: Layout, x: Tensor, x_hat: Tensor) -> float:
    return square_error(layout, x.numpy(), x_hat.numpy())
