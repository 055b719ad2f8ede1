"""Applying a model: rows go through in chunks of one fixed size, so that no result depends on what else was in the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from diabolo.data.examples import encode
from diabolo.data.sources import Source
from diabolo.errors import DataError
from diabolo.trained import Trained
from diabolo.training.device import threads, threads_for

CELLS = {"matrices": 2**19, "kernels": 2**17}
"""Cells in a chunk, by what the network's weights are: enough to keep the processor busy, few enough for a single row."""

Function = Callable[[Tensor, Tensor | None], Tensor]


def rows_of(trained: Trained, data: Any) -> Source:
    """Rows in the caller's own shape, read as the model's kind; a source of such rows as it is."""
    return data if isinstance(data, Source) else trained.kind.read(data)


def chunk_rows(trained: Trained) -> int:
    """How many rows go through the model at once: a power of two between 16 and 1024 that is the model's own for ever."""
    model = trained.model
    rows = CELLS["kernels" if model.has_kernels else "matrices"] // max(model.source.cells, model.target.cells)
    return min(max(2 ** (max(rows, 1).bit_length() - 1), 16), 1024)


def encoded(trained: Trained, source: Source, condition: Tensor | None = None) -> Iterator[tuple[Tensor, Tensor | None, int]]:
    """Chunks of x (:func:`chunk_rows`, F, *P) on the model's device, their conditions, and how many rows of each are real.

    The last chunk is filled up with its last row.
    """
    if len(source) == 0:
        raise DataError("Found array with 0 sample(s) while a minimum of 1 is required.")
    rows = chunk_rows(trained)
    for index in torch.arange(len(source)).split(rows):
        full = torch.cat([index, index[-1:].expand(rows - len(index))])
        x = encode(trained.kind, source.take(full), trained.device)
        yield x, None if condition is None else condition[full].to(trained.device), len(index)


@torch.inference_mode()
def apply(trained: Trained, source: Source, condition: Tensor | None, function: Function) -> Tensor:
    """``function(x, condition)`` of all rows, (n, ...), on the host; in float32 and evaluation mode."""
    trained.model.eval()
    with threads(_threads(trained)):
        return torch.cat([function(x, c)[:n].cpu() for x, c, n in encoded(trained, source, condition)])


def codes(trained: Trained, source: Source, condition: Tensor | None = None) -> Tensor:
    """The deterministic codes of all rows, (n, K, *L) float32, on the host."""
    return apply(trained, source, condition, lambda x, c: trained.model.encode(x, None, c))


@torch.inference_mode()
def apply_to_codes(trained: Trained, z: Tensor, condition: Tensor | None, function: Function) -> Tensor:
    """``function(z, condition)`` of codes z (n, K, *L), on the host, in the same chunks."""
    trained.model.eval()
    results, rows = [], chunk_rows(trained)
    for index in torch.arange(len(z)).split(rows):
        full = torch.cat([index, index[-1:].expand(rows - len(index))])
        c = None if condition is None else condition[full].to(trained.device)
        with threads(_threads(trained)):
            results.append(function(z[full].to(trained.device), c)[: len(index)].cpu())
    return torch.cat(results)


def _threads(trained: Trained) -> int:
    """As in training: one for a model whose chunks are soon done."""
    return threads_for(trained.device, chunk_rows(trained) * trained.model.products)
