"""Tensors, torch datasets and loaders: brought to the host, items read once and stacked in their own dtype."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from diabolo.data.arrays import array, label_array, numeric, stacked
from diabolo.data.given import Given
from diabolo.errors import DataError, UnsupportedError


def tensor(data: Tensor) -> Given:
    """A tensor as an array on the host; sharing memory where it is there already."""
    if data.layout != torch.strided:
        raise DataError(f"X is a sparse tensor ({data.layout}), and a dense one is needed: pass X.to_dense().")
    rows = host(data)
    return array(rows, f"tensor of shape {rows.shape}", f"a tensor of shape {rows.shape}, {rows.dtype}")


def dataset(data: Dataset[Any] | DataLoader[Any]) -> Given:
    """Items of a torch ``Dataset``, or of the one behind a ``DataLoader``, in their own order.

    Items may be x or (x, y, ...); y become labels where each is one number or text. Raises DataError where there is no
    length (it may never end), where shapes differ, or where an item is no tensor, array, number or picture.
    """
    source = data.dataset if isinstance(data, DataLoader) else data
    what = type(source).__name__
    if not isinstance(source, Sized):
        raise DataError(f"{what} has no length, so it may never end. Give a map-style Dataset, or the rows as an array.")
    if isinstance(source, TensorDataset):
        return _paired(host(source.tensors[0]), [host(t) for t in source.tensors[1:2]], what, len(source))
    xs, ys = _unzipped(_items(source, len(source)), what)
    return _paired(numeric(stacked(xs, what)), [np.asarray(ys)] if _are_scalars(ys) else [], what, len(source), bool(ys))


def host(data: Tensor) -> np.ndarray:
    """A tensor as an array; types NumPy does not have (bfloat16, float8) as float32."""
    data = data.detach().cpu()
    known = data.dtype.is_complex or data.dtype in (torch.float16, torch.float32, torch.float64)
    return (data if known or not data.dtype.is_floating_point else data.float()).resolve_conj().resolve_neg().numpy()


def _items(source: Any, n: int) -> Iterator[Any]:
    if isinstance(source, IterableDataset):
        yield from (item for item, _ in zip(source, range(n), strict=False))
    else:
        yield from (source[i] for i in range(n))


def _unzipped(items: Iterable[Any], what: str) -> tuple[list[np.ndarray], list[Any]]:
    """The x and the y of items, as arrays and as they are; no y where items are x alone."""
    xs: list[np.ndarray] = []
    ys: list[Any] = []
    for item in items:
        pair = isinstance(item, tuple | list) and len(item) > 0
        if isinstance(item, dict):
            raise UnsupportedError(
                f"The items of {what} are dicts with keys {sorted(map(str, item))}: let them be x or (x, y)."
            )
        x = item[0] if pair else item
        xs.append(host(x) if isinstance(x, Tensor) else np.asarray(x))
        if pair and len(item) > 1:
            ys.append(item[1].item() if isinstance(item[1], Tensor) and item[1].ndim == 0 else item[1])
    return xs, ys


def _are_scalars(ys: list[Any]) -> bool:
    return bool(ys) and all(isinstance(y, int | float | str | np.generic) for y in ys)


def _paired(rows: np.ndarray, ys: list[np.ndarray], what: str, n: int, had_second: bool = False) -> Given:
    labels = label_array(ys[0]) if ys and ys[0].ndim == 1 and len(ys[0]) == len(rows) else None
    notes = (
        () if labels is not None or not (ys or had_second) else ("the second entry of the items is no label and was left out",)
    )
    shape = f"{what} of {n} items"
    return Given(rows, shape, f"a {shape} of shape {rows.shape[1:]}, {rows.dtype}", labels=labels, notes=notes)
