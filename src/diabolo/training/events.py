"""What a training says while it runs. Readers (progress bar, log, lab) look at events; ``event.stop()`` ends it early."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from diabolo.trained import Trained
from diabolo.training.plan import Plan


def _nothing() -> None:
    """An event that nobody listens to."""


@dataclass(frozen=True)
class Event(ABC):
    """Base of the events (abstract). stop: ask the engine to end after the current steps, with the best weights."""

    stop: Callable[[], None] = field(default=_nothing, repr=False, compare=False, kw_only=True)


@final
@dataclass(frozen=True)
class Started(Event):
    """Training begins. epoch: epochs already done (more than 0 when resumed). parameters: weights to learn.
    reasons: a line for each automatic choice, from the data on.
    """

    plan: Plan
    rows: int
    validation_rows: int
    parameters: int
    epoch: int = 0
    reasons: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Progress(Event):
    """Some steps were made. steps: of the whole run, None while a time budget is still being measured."""

    step: int
    steps: int | None
    epoch: int
    seconds: float


@final
@dataclass(frozen=True)
class Epoch(Event):
    """An epoch ended. row: the line of the history. best: whether it is the best one so far."""

    row: Mapping[str, float]
    best: bool


@final
@dataclass(frozen=True)
class Saved(Event):
    """A checkpoint was written."""

    path: Path


@final
@dataclass(frozen=True)
class Notice(Event):
    """Something worth telling that did not stop training, such as a checkpoint that could not be written.

    about: a name of it, for readers that say the same in their own way.
    """

    text: str
    about: str = ""


@final
@dataclass(frozen=True)
class Finished(Event):
    """Training ended. reason: "complete", "early stopping", "stopped" or "time budget"."""

    trained: Trained
    reason: str
    best_epoch: int
    seconds: float
