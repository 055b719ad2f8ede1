"""Extremes: the rows a model restores best, as usual and worst, beside what PCA makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.codes.reconstruct import aim_of, encode_all, restored
from diabolo.jobs.companions import linear_rival
from diabolo.jobs.evaluation.contenders import square_error, weights_of
from diabolo.jobs.inference import rows_of
from diabolo.metrics.errors import mse
from diabolo.trained import Trained

GROUPS = ("best", "median", "worst")


@final
@dataclass(frozen=True)
class Example:
    """One row on its way: tensors (F, *P) inside the model's scale, on the host.

    index: its number among those ranked. row: its number in the data they were taken from. error: mean squared error of its
    cells. shown: what went in. aim: what should have come out (``shown`` itself, except in training on pairs). restored: what
    came out. pca: what PCA makes of it, None for models trained on pairs. label: None without labels.
    """

    index: int
    row: int
    error: float
    shown: Tensor
    aim: Tensor
    restored: Tensor
    pca: Tensor | None
    pca_error: float | None
    label: Any = None

    def to_dict(self) -> dict[str, Any]:
        """The numbers without the tensors, ready for JSON."""
        label = self.label.item() if isinstance(self.label, np.generic) else self.label
        return {"row": self.row, "error": self.error, "pca_error": self.pca_error, "label": label}


@final
@dataclass(frozen=True)
class Extremes:
    """What :func:`find_extremes` finds. rows: how many were ranked. groups: examples by "best", "median" and "worst"."""

    rows: int
    groups: Mapping[str, tuple[Example, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"rows": self.rows, "groups": {name: [e.to_dict() for e in g] for name, g in self.groups.items()}}


def find_extremes(trained: Trained, data: Any, y: Any = None, target: Any = None, *, each: int = 8) -> Extremes:
    """Rank rows by their mean squared error inside the model's scale and take ``each`` from both ends and the middle.

    data: rows in the caller's own shape, or a source of such rows. y: labels, needed by conditional recipes, shown otherwise.
    target: what should have come out, for models trained on pairs. No row is in two groups, so few rows make small groups.
    """
    source = rows_of(trained, data)
    labels = None if y is None else np.asarray(y).ravel()
    aims = aim_of(trained, source, target)
    x_hat = restored(trained, source, trained.condition(y, len(source)))
    wanted = encode_all(trained, aims).flatten(1).numpy()
    errors = mse(wanted, x_hat.flatten(1).numpy(), weights_of(trained.out_kind.layout, wanted))
    groups = {}
    for name, rows in ranked(errors, each).items():
        index = torch.from_numpy(rows)
        shown, aim = trained.kind.inside(source, index), trained.out_kind.inside(aims, index)
        pca = None if target is not None else _pca(trained, shown)
        groups[name] = tuple(
            Example(
                index=int(row),
                row=_number(source, int(row)),
                error=float(errors[row]),
                shown=shown[i],
                aim=aim[i],
                restored=x_hat[row],
                pca=None if pca is None else pca[i],
                pca_error=None
                if pca is None
                else square_error(trained.kind.layout, shown[i : i + 1].numpy(), pca[i : i + 1].numpy()),
                label=None if labels is None else labels[row],
            )
            for i, row in enumerate(rows)
        )
    return Extremes(len(source), groups)


def ranked(errors: NDArray[np.float64], each: int) -> dict[str, NDArray[np.int64]]:
    """Row numbers of the least errors (least first), those around the median (ascending) and the greatest (greatest first).

    >>> {name: rows.tolist() for name, rows in ranked(np.array([0.5, 0.1, 0.3, 0.2, 0.4, 0.0, 0.9]), 2).items()}
    {'best': [5, 1], 'median': [3, 2], 'worst': [6, 0]}
    """
    order = np.argsort(errors, kind="stable")
    each = max(1, min(each, len(order) // 3))
    if len(order) < 3:
        return {name: order[i : i + 1] for i, name in enumerate(("best", "worst")[: len(order)])}
    middle = (len(order) - each) // 2
    return {"best": order[:each], "median": order[middle : middle + each], "worst": order[::-1][:each].copy()}


def _pca(trained: Trained, x: Tensor) -> Tensor | None:
    twin = linear_rival(trained)
    return None if twin is None else torch.from_numpy(twin.reconstruct(x.flatten(1).numpy())).reshape(x.shape)


def _number(source: Source, row: int) -> int:
    return int(source.rows[row]) if isinstance(source, Subset) else row
