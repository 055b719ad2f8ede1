"""Repairs: rows damaged as in training, and what the model makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.examples import encode
from diabolo.data.sources import Source
from diabolo.jobs.evaluation.contenders import square_error
from diabolo.trained import Trained
from diabolo.training.device import device_generator


@final
@dataclass(frozen=True)
class Repair:
    """One row: tensors (F, *P) inside the model's scale, on the host.

    clean: as it is. damaged: as the encoder saw such rows in training. restored: what came out. damage, error: mean squared
    distance of the damaged and the restored row from the clean one.
    """

    clean: Tensor
    damaged: Tensor
    restored: Tensor
    damage: float
    error: float
    label: Any = None


@torch.inference_mode()
def find_repairs(trained: Trained, source: Source, rows: np.ndarray, y: Any = None, *, seed: int = 0) -> tuple[Repair, ...]:
    """Damage these rows of a source with the recipe's corruption, its noise seeded, and restore them.

    Empty for models without a corruption, and for those trained on pairs, whose damage comes with the data.
    """
    model = trained.model
    if model.composition.corruption is None or trained.target_kind is not None:
        return ()
    labels = None if y is None else np.asarray(y).ravel()[rows]
    device = trained.device
    x = encode(trained.kind, source.take(torch.from_numpy(rows)), device)
    condition = trained.condition(labels, len(rows))
    condition = None if condition is None else condition.to(device)
    model.eval()
    damaged = model.corrupt(x, device_generator(device).manual_seed(seed)).x
    x_hat = model.decode(model.encode(damaged, None, condition), condition).mean
    return tuple(
        Repair(
            clean=clean.cpu(),
            damaged=bad.cpu(),
            restored=good.cpu(),
            damage=_error(trained, clean, bad),
            error=_error(trained, clean, good),
            label=None if labels is None else labels[i],
        )
        for i, (clean, bad, good) in enumerate(zip(x, damaged, x_hat, strict=True))
    )


def _error(trained: Trained, clean: Tensor, found: Tensor) -> float:
    """Mean squared error of a row's cells, (F, *P) each."""
    return square_error(trained.kind.layout, clean[None].cpu().numpy(), found[None].cpu().numpy())
