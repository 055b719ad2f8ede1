"""Trained: what a finished training is. The one record that the store keeps, every job takes and the estimator wraps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.composition import Composition
from diabolo.data.kinds.base import Kind
from diabolo.errors import DataError
from diabolo.model import Model

CRITIC = "_critic"
"""How columns of a history end that hold what a critic is trained by."""


@final
@dataclass(frozen=True)
class Config:
    """Every choice a training was made with, as data.

    recipe: its name. composition: the parts, resolved. latent_dim: code numbers. labels: the classes of a conditional
    recipe in the order of the one-hot vector. data: what it was trained on (name, rows, kind, reason) and how it was asked to
    be read. plan: the resolved training plan. options: what the user asked for. reasons: a line for each automatic choice.
    """

    recipe: str
    composition: Composition
    latent_dim: int
    labels: tuple[Any, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return fields | {
            "composition": self.composition.to_json(),
            "labels": list(self.labels),
            "data": dict(self.data),
            "plan": dict(self.plan),
            "options": dict(self.options),
            "reasons": list(self.reasons),
        }


@final
@dataclass(frozen=True)
class Companion:
    """What a job fitted beside the model, as the store keeps it: JSON and arrays, without knowing the job."""

    data: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Trained:
    """A model with everything needed to use it.

    history: a row an epoch. companions: by name. target_kind: the kind of the outputs where it differs from the inputs'.
    """

    model: Model
    kind: Kind
    config: Config
    history: tuple[Mapping[str, float], ...] = ()
    companions: Mapping[str, Companion] = field(default_factory=dict)
    target_kind: Kind | None = None

    @property
    def out_kind(self) -> Kind:
        """The kind of what the decoder gives."""
        return self.target_kind or self.kind

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def condition(self, y: object, n: int) -> Tensor | None:
        """Labels y (one for all rows, or n of them) as one-hot rows (n, C); None for unconditional recipes.

        Raises DataError where a conditional model gets no labels, another number of them, or one it has not seen.
        """
        if not self.config.labels:
            return None
        if y is None:
            raise DataError(
                f"The recipe {self.config.recipe!r} is conditional: give labels y=, one of {_some(self.config.labels)}."
            )
        return one_hot(y, self.config.labels, n)

    def with_companion(self, name: str, companion: Companion) -> Trained:
        """A copy that carries one more companion."""
        return dataclasses.replace(self, companions={**self.companions, name: companion})

    def without_companion(self, name: str) -> Trained:
        """A copy that does not carry this one; the same where it did not."""
        return dataclasses.replace(self, companions={k: c for k, c in self.companions.items() if k != name})


def as_labels(y: object) -> np.ndarray:
    """Labels as JSON can keep them: points in time and other objects become text."""
    values = np.asarray(y)
    if values.dtype.kind in "mM":
        return np.datetime_as_string(values) if values.dtype.kind == "M" else values.astype(str)
    if values.dtype.kind == "O" and not all(isinstance(v, str | bool | int | float) for v in values.ravel()):
        return np.array([str(v) for v in values.ravel()]).reshape(values.shape)
    return values


def refuse_missing(y: object) -> None:
    """Raise DataError where labels are missing: None or NaN."""
    values = np.ravel(np.asarray(y))
    missing = sum(v is None or (v == v) is not True for v in values.tolist()) if values.dtype.kind in "fOmM" else 0
    if missing:
        raise DataError(
            f"y holds {missing} missing label{'s' * (missing != 1)} (None or NaN) of {len(values)}. Leave those rows out, or "
            "give them a label of their own."
        )


def has_fractions(labels: np.ndarray) -> bool:
    """Whether labels are numbers that are not whole, so measurements and no classes."""
    return labels.dtype.kind == "f" and not np.array_equal(labels, np.floor(labels), equal_nan=True)


def one_hot(y: object, labels: Sequence[Any], n: int) -> Tensor:
    """Labels y (one for all rows, or n) -> (n, C) float32. Raises DataError for another number, missing or unseen ones."""
    refuse_missing(y)
    values = as_labels(y)
    values = np.broadcast_to(values, (n,)) if values.ndim == 0 else values.ravel()
    if len(values) != n:
        raise DataError(f"y must have one label a row: there are {n} rows, y has {len(values)}.")
    position = {label: i for i, label in enumerate(labels)}
    unseen = sorted({str(v) for v in values.tolist() if v not in position})
    if unseen:
        raise DataError(f"y holds labels the model was not trained with: {_some(unseen)}. Known: {_some(labels)}.")
    index = torch.tensor([position[v] for v in values.tolist()])
    return torch.nn.functional.one_hot(index, len(labels)).float()


def _some(values: Sequence[Any], most: int = 12) -> str:
    text = ", ".join(repr(v) for v in list(values)[:most])
    return text + (", …" if len(values) > most else "")
