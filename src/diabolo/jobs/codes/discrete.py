"""Discrete codes: the whole numbers that name the entries a row's code is made of, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.inference import apply, apply_to_codes
from diabolo.jobs.labels import rows_and_labels
from diabolo.parts.bottlenecks.quantizer import Quantizer
from diabolo.trained import Trained


def quantizer(trained: Trained) -> Quantizer | None:
    """The bottleneck of a model with discrete codes, None of another."""
    neck = trained.model.bottleneck
    return neck if isinstance(neck, Quantizer) else None


def require_quantizer(trained: Trained, job: str) -> Quantizer:
    """The bottleneck of a model with discrete codes; UnsupportedError for another, which ``job`` has no meaning for."""
    neck = quantizer(trained)
    if neck is None:
        raise UnsupportedError(f"{job} needs a recipe with discrete codes (vqvae, fsq); this is {trained.config.recipe!r}.")
    return neck


def code_bits(trained: Trained) -> float | None:
    """Bits a row as the codes come: positions × Σ log2(entries) over the groups. None where codes are not discrete."""
    neck = quantizer(trained)
    if neck is None:
        return None
    return math.prod(trained.model.code_shape[1:]) * sum(math.log2(e) for e in neck.entries)


def whole_numbers(trained: Trained, source: Source, condition: Tensor | None = None) -> np.ndarray:
    """The codes of all rows as a table of indices, (n, positions · groups) int64, the groups of a position side by side."""
    require_quantizer(trained, "indices")

    def found(x: Tensor, c: Tensor | None) -> Tensor:
        named = trained.model.indices(x, c)
        assert named is not None  # there is a quantizer
        return named

    return apply(trained, source, condition, found).flatten(1).numpy()


def indices(trained: Trained, data: Any, y: Any = None) -> np.ndarray:
    """Which entries the codes of the rows are: (n, *positions) int64, with one more axis where channels make several groups.

    A vector code has no positions: (n, groups), or (n,) of a single group. Raises UnsupportedError where codes are not
    discrete.
    """
    neck = require_quantizer(trained, "indices")
    source, y = rows_and_labels(trained, data, y)
    found = whole_numbers(trained, source, trained.condition(y, len(source)))
    return found.reshape(-1, *_shape(trained, neck))


def codes_of(trained: Trained, given: Any) -> np.ndarray:
    """The inverse of :func:`indices`: the codes they name, (n, K) float32, as :func:`decode <diabolo.jobs.codes.embed>` wants.

    given: indices in their own shape, or flat, (n, positions · groups). Raises DataError for another shape, other numbers than
    whole ones, or entries that there are none of.
    """
    neck = require_quantizer(trained, "indices")
    rows, shape = np.asarray(given), _shape(trained, neck)
    flat = (math.prod(shape),)
    if rows.dtype.kind not in "iu" or rows.ndim == 0 or rows.shape[1:] not in (shape, flat):
        raise DataError(
            f"Indices must be whole numbers of the shape {('n', *shape)}, got {rows.dtype.name} values of shape {rows.shape}."
        )
    placed = rows.reshape(len(rows), *trained.model.code_shape[1:], len(neck.entries)).astype(np.int64)
    if len(rows) == 0 or (placed < 0).any() or (placed >= np.array(neck.entries)).any():
        most = ", ".join(str(e - 1) for e in dict.fromkeys(neck.entries))
        raise DataError(f"Indices must name entries, 0 to {most}, at least one row; got {len(rows)} rows with others or none.")
    return apply_to_codes(trained, torch.from_numpy(placed), None, lambda i, c: neck.entry(i)).flatten(1).numpy()


def snapped(trained: Trained, z: np.ndarray) -> np.ndarray:
    """Codes z (n, K) as the decoder knows them: discrete ones, float32, with the nearest entries, all others as they are.

    What is nearest says the bottleneck (:meth:`Quantizer.indices`): between entries no decoder was ever trained.
    """
    neck = quantizer(trained)
    if neck is None:
        return z
    placed = torch.from_numpy(z.astype(np.float32)).reshape(-1, *trained.model.code_shape)
    return apply_to_codes(trained, placed, None, lambda v, c: neck.entry(neck.indices(v))).flatten(1).numpy()


def require_range(trained: Trained, job: str) -> None:
    """UnsupportedError where codes are discrete: ``job`` moves a number through a range, and between entries are no codes."""
    if quantizer(trained) is not None:
        raise UnsupportedError(
            f"{job} moves numbers of a code evenly through their range. The codes of {trained.config.recipe!r} are entries of "
            "codebooks, and the decoder has learned nothing about places between them. Draw new codes with sample(), or take "
            "indices(X), change some of the whole numbers and decode them with from_indices()."
        )


def _shape(trained: Trained, neck: Quantizer) -> tuple[int, ...]:
    """Of one row's indices."""
    groups = len(neck.entries)
    return (*trained.model.code_shape[1:], *([groups] if groups > 1 else []))
