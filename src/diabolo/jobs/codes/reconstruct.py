"""Reconstruct: rows through the code and back, and how far they come back from where they were."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from diabolo.data import aligned
from diabolo.data.sources import Source
from diabolo.errors import DataError
from diabolo.jobs.inference import Function, apply, apply_to_codes
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.mending.pairs import aim_by_name
from diabolo.metrics.errors import row_errors
from diabolo.trained import Trained


def reconstruct(trained: Trained, data: Any, y: Any = None) -> Any:
    """The rows as the model restores them, in the caller's own shape, dtype, range and columns.

    data: rows in the caller's own shape, or a source of such rows.
    """
    source, y = rows_and_labels(trained, data, y)
    return aligned(trained.out_kind.decode(restored(trained, source, trained.condition(y, len(source)))), data)


def reconstruction_error(trained: Trained, data: Any, y: Any = None, target: Any = None, metric: str = "mse") -> np.ndarray:
    """One number a row, (n,) float64: the mean over its cells on the data's own scale.

    Pixels count as they lie in ``value_range`` ([0, 1] by default, whatever the dtype), columns in their own units. Dates,
    numbers and categories of a mixed table have no unit in common: these count as the model sees them, a column that is there
    as one cell. metric: a name of :data:`diabolo.metrics.errors.METRICS`.
    target: what should have come out, for models trained on pairs; the input itself otherwise.
    """
    source, y = rows_and_labels(trained, data, y)
    x = encode_all(trained, aim_of(trained, source, aim_by_name(trained, data, target)))
    x_hat, layout = restored(trained, source, trained.condition(y, len(source))), trained.out_kind.layout
    if layout.columns:
        return row_errors(metric, x.numpy(), x_hat.numpy(), weights=layout.weights(x))
    return row_errors(metric, natural(trained, x), natural(trained, x_hat), value_range=layout.bounds)


def restored(trained: Trained, source: Source, condition: Tensor | None) -> Tensor:
    """x̂ (n, F, *P) on the host, inside the model's scale: the mean of p(x | the deterministic code)."""
    return trained.out_kind.settled(apply(trained, source, condition, _through(trained)))


def restored_tensor(trained: Trained, x: Tensor, condition: Tensor | None) -> Tensor:
    """:func:`restored` of rows as the model sees them, x (n, F, *P) on the host, that stand in no source."""
    return trained.out_kind.settled(apply_to_codes(trained, x, condition, _through(trained)))


def _through(trained: Trained) -> Function:
    """Rows on the model's device and their conditions to the mean of p(x | the deterministic code)."""
    model = trained.model
    return lambda x, c: model.decode(model.encode(x, None, c), c).mean


def aim_of(trained: Trained, source: Source, target: Any = None) -> Source:
    """What should come out for each row: ``target`` (rows, or a source of them), the rows themselves without one.

    Raises DataError where a model trained on pairs gets no target, or one of another number of rows.
    """
    if target is None:
        if trained.target_kind is not None:
            raise DataError("This model was trained on pairs: give target=, what should have come out.")
        return source
    aim = target if isinstance(target, Source) else trained.out_kind.read(target)
    if len(aim) != len(source):
        raise DataError(f"target= must have a row for each row of X: X has {len(source)}, target {len(aim)}.")
    return aim


def encode_all(trained: Trained, source: Source) -> Tensor:
    """Rows as the outputs' kind encodes them, (n, F, *P), on the host."""
    return trained.out_kind.inside(source)


def natural(trained: Trained, x: Tensor) -> np.ndarray:
    """x (n, F, *P) -> the same shape, float64, in the units errors are reported in."""
    return trained.out_kind.natural(x).double().numpy()
