"""Rows set apart from several trainings to judge them by: which they are, what is trained on, and how rows come back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data import Reading
from diabolo.data.split import split
from diabolo.data.subset import Subset
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.jobs.evaluation.contenders import mean_row, square_error
from diabolo.jobs.train import Reader
from diabolo.trained import Trained, refuse_missing
from diabolo.training.events import Event, Notice

SHARE = 0.2
"""Of the rows, held out from all trainings to judge them by."""
LEAST = 20
"""Rows there must be."""
JUDGED, CELLS = 2_000, 20_000_000
"""Rows that errors are measured on, on either side, and numbers they may hold."""
SHOWN = 8
"""Rows whose reconstructions are kept."""


@final
@dataclass(frozen=True, eq=False)
class SetApart:
    """Data cut in two by a hash of the row numbers.

    reading: of all rows, with ``labels`` (n,) or None. rows: trained on, as ``part`` has them. seen, judged: of either side, as
    many as errors are measured on. cells: how many numbers a row has, of mixed tables how many columns.
    """

    reading: Reading
    labels: np.ndarray | None
    rows: torch.Tensor
    part: Reading
    cells: int
    seen: torch.Tensor
    judged: torch.Tensor

    def inside(self, trained: Trained, rows: torch.Tensor) -> np.ndarray:
        """Rows as the model sees them, (m, F, *P)."""
        return encode_all(trained, Subset(self.reading.source, rows)).numpy()

    def restored(self, trained: Trained, rows: torch.Tensor) -> np.ndarray:
        """What the model makes of them, (m, F, *P)."""
        return restored(trained, Subset(self.reading.source, rows), self.condition(trained, rows)).numpy()

    def error(self, trained: Trained, rows: torch.Tensor) -> float:
        """Mean squared error inside the model's scale."""
        return square_error(trained.kind.layout, self.inside(trained, rows), self.restored(trained, rows))

    def variance(self, trained: Trained) -> float:
        """Of the rows that judge, a mean over cells inside the model's scale: the error of their mean."""
        x = self.inside(trained, self.judged)
        return square_error(trained.kind.layout, x, np.broadcast_to(mean_row(trained.kind.layout, x.mean(0)), x.shape))

    def condition(self, trained: Trained, rows: torch.Tensor) -> torch.Tensor | None:
        """Their labels as conditional recipes read them."""
        return trained.condition(None if self.labels is None else self.labels[rows.numpy()], len(rows))


def set_apart(reading: Reading, y: Any, *, conditional: bool, what: str) -> SetApart:
    """Cut the data. y: labels, None for those that came with them. what: is done with them, for error texts.

    Raises DataError for fewer than 20 rows, and for labels that are not one a row, or missing where they are read.
    """
    labels = reading.labels if y is None else np.asarray(y)
    _check_labels(labels, len(reading.source), conditional)
    if len(reading.source) < LEAST:
        raise DataError(f"{what} needs at least {LEAST} rows to train on some and judge by others, got {len(reading.source)}.")
    rows, held = split(len(reading.source), SHARE, reading.groups)
    part = _part(reading, rows, labels)
    kind = reading.kind.fit(part.source, torch.arange(len(rows)))
    cells = kind.layout.cells
    return SetApart(reading, labels, rows, part, kind.features, _few(rows, cells), _few(held, cells))


def refuse_unlike(trained: Trained, what: str) -> None:
    """Raise UnsupportedError where outputs are not like inputs. what: is done with them."""
    if trained.target_kind is not None or trained.model.source.shape != trained.model.target.shape:
        raise UnsupportedError(
            f"{what} judges how well rows come back, and the recipe {trained.config.recipe!r} gives something else. Compare "
            "its models with evaluate(X, target=...)."
        )


def without(about: str, reader: Reader) -> Reader:
    """The reader, spared the notices about something."""

    def read(event: Event) -> None:
        if not (isinstance(event, Notice) and event.about == about):
            reader(event)

    return read


def _check_labels(labels: Any, n: int, conditional: bool) -> None:
    if labels is None:
        if conditional:
            raise DataError("This recipe is conditional: give labels y=, one a row.")
        return
    if np.ndim(labels) != 1 or len(labels) != n:
        raise DataError(f"y must have one label a row: there are {n} rows, y has the shape {np.shape(labels)}.")
    if conditional:
        refuse_missing(labels)


def _part(reading: Reading, rows: torch.Tensor, labels: Any) -> Reading:
    """The rows that are trained on, as data of their own."""
    chosen = rows.numpy()
    return dataclasses.replace(
        reading,
        source=Subset(reading.source, rows),
        labels=None if labels is None else labels[chosen],
        ids=None if reading.ids is None else reading.ids[chosen],
        groups=None if reading.groups is None else reading.groups[chosen],
    )


def _few(rows: torch.Tensor, cells: int) -> torch.Tensor:
    """At most so many of the rows as errors are measured on, evenly spread."""
    most = max(SHOWN, min(JUDGED, CELLS // cells))
    return rows[:: -(-len(rows) // most)]
