"""Embed: rows to codes, codes back to rows, and what the encoder says about its own certainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.errors import DataError
from diabolo.jobs.inference import apply, apply_to_codes
from diabolo.trained import Trained


@final
@dataclass(frozen=True)
class Posterior:
    """q(z|x) of n rows as the encoder gives it. mean, std: (n, K), std is σ, not σ²."""

    mean: np.ndarray
    std: np.ndarray

    def sample(self, random_state: int | None = None) -> np.ndarray:
        """One draw of z a row, (n, K): mean + std·ε."""
        noise = np.random.default_rng(random_state).standard_normal(self.mean.shape)
        return (self.mean + self.std * noise).astype(self.mean.dtype)


def embed(trained: Trained, data: Any, y: Any = None) -> np.ndarray:
    """The codes of the rows, (n, K) float32, deterministic; map-shaped codes are flattened."""
    source = trained.kind.read(data)
    condition = trained.condition(y, len(source))
    return apply(trained, source, condition, lambda x, c: trained.model.encode(x, None, c)).flatten(1).numpy()


def decode(trained: Trained, codes: Any, y: Any = None) -> Any:
    """Codes (n, K) -> data in the caller's own shape, dtype, range and columns (the mean of p(x|z))."""
    z = as_codes(trained, codes)
    condition = trained.condition(y, len(z))
    return trained.out_kind.decode(apply_to_codes(trained, z, condition, lambda z, c: trained.model.decode(z, c).mean))


def posterior(trained: Trained, data: Any, y: Any = None) -> Posterior:
    """What the encoder says about each row. Raises UnsupportedError where codes are points."""
    trained.require_density("posterior")
    source = trained.kind.read(data)

    def both(x: Tensor, c: Tensor | None) -> Tensor:
        q = trained.model.posterior(x, c)
        assert q is not None  # a prior implies a posterior
        return torch.stack([q.mean, q.stddev], dim=1)

    found = apply(trained, source, trained.condition(y, len(source)), both)  # (n, 2, K, *L)
    return Posterior(found[:, 0].flatten(1).numpy(), found[:, 1].flatten(1).numpy())


def as_codes(trained: Trained, codes: Any) -> Tensor:
    """Codes as the caller holds them, (n, K), as (n, K, *L) float32. Raises DataError for another width or NaN."""
    z = torch.as_tensor(np.ascontiguousarray(np.asarray(codes), dtype=np.float32))
    shape = trained.model.code_shape
    width = int(np.prod(shape))
    if z.ndim != 2 or z.shape[1] != width:
        raise DataError(f"Codes must have the shape (n, {width}), got {tuple(z.shape)}.")
    if not bool(torch.isfinite(z).all()):
        raise DataError("Codes must be finite; these hold NaN or inf.")
    return z.reshape(-1, *shape)
