"""Embed: rows to codes, codes back to rows, and what the encoder says about its own certainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.torch_data import host
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.inference import apply, apply_to_codes, codes
from diabolo.jobs.labels import rows_and_labels
from diabolo.recipes import variational
from diabolo.trained import Trained
from diabolo.training.device import device_generator


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
    """The codes of the rows, (n, K) float32, deterministic; map-shaped codes are flattened.

    data: rows in the caller's own shape, or a source of such rows.
    """
    source, y = rows_and_labels(trained, data, y)
    return codes(trained, source, trained.condition(y, len(source))).flatten(1).numpy()


def decode(trained: Trained, z: Any, y: Any = None) -> Any:
    """Codes (n, K) -> data in the caller's own shape, dtype, range and columns (the mean of p(x|z))."""
    return trained.out_kind.decode(decoded(trained, z, y))


def decoded(trained: Trained, z: Any, y: Any = None) -> Tensor:
    """Codes (n, K) -> x (n, F, *P) on the host, inside the model's scale: the mean of p(x|z)."""
    known = as_codes(trained, z)
    x = apply_to_codes(trained, known, trained.condition(y, len(known)), lambda z, c: trained.model.decode(z, c).mean)
    return trained.out_kind.settled(x)


def made_of(trained: Trained, z: Any, y: Any = None, *, seed: int | None = None) -> Tensor:
    """Codes (n, K) -> new rows x (n, F, *P) on the host, inside the model's scale: the mean of p(x|z), as a picture is shown.

    A draw of p(x|z) where that mean is no row: the shares of a category's states, by which no row would ever get a rare one.
    seed: of such draws, None for others each time.
    """
    if not trained.model.composition.likelihood.drawn:
        return decoded(trained, z, y)
    known, generator = as_codes(trained, z), device_generator(trained.device)
    generator.manual_seed(int(np.random.default_rng(seed).integers(2**31)))
    condition = trained.condition(y, len(known))
    x = apply_to_codes(trained, known, condition, lambda z, c: trained.model.decode(z, c).sample(generator))
    return trained.out_kind.settled(x)


def posterior(trained: Trained, data: Any, y: Any = None) -> Posterior:
    """What the encoder says about each row. Raises UnsupportedError where codes are points."""
    if not trained.model.bottleneck.variational:
        raise UnsupportedError(
            f"posterior needs a recipe whose code is a distribution ({', '.join(variational())}); this is "
            f"{trained.config.recipe!r}."
        )
    source, y = rows_and_labels(trained, data, y)

    def both(x: Tensor, c: Tensor | None) -> Tensor:
        q = trained.model.posterior(x, c)
        assert q is not None  # a variational neck has one
        return torch.stack([q.mean, q.stddev], dim=1)

    found = apply(trained, source, trained.condition(y, len(source)), both)  # (n, 2, K, *L)
    return Posterior(found[:, 0].flatten(1).numpy(), found[:, 1].flatten(1).numpy())


def as_codes(trained: Trained, given: Any) -> Tensor:
    """Codes as the caller holds them, (n, K), as (n, K, *L) float32. DataError for another width, no rows, text or NaN."""
    rows = host(given) if isinstance(given, Tensor) else np.asarray(given)
    if rows.dtype.kind not in "biuf":
        raise DataError(f"Codes must be numbers of the shape (n, K), got {rows.dtype.name} values of shape {rows.shape}.")
    z = torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32))
    shape = trained.model.code_shape
    width = int(np.prod(shape))
    if z.ndim != 2 or z.shape[1] != width:
        raise DataError(f"Codes must have the shape (n, {width}), got {tuple(z.shape)}.")
    if len(z) == 0:
        raise DataError("Codes must have at least one row, got none.")
    if not bool(torch.isfinite(z).all()):
        raise DataError("Codes must be finite; these hold NaN or inf.")
    return z.reshape(-1, *shape)
