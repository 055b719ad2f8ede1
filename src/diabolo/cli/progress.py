"""What a terminal shows while a model trains: one line that moves; plain lines now and then where stderr is a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, final

from diabolo.cli import console
from diabolo.training.events import Epoch, Event, Finished, Notice, Progress, Started
from diabolo.training.progress import epoch_line

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

EVERYDAY = ("mse", "bce", "mae")
PAUSE = 10.0
"""Seconds between lines where no line can move."""


def short_line(row: Mapping[str, float]) -> str:
    """The epoch and the one figure people know, of the held-out rows where there are any.

    >>> short_line({"epoch": 3.0, "train_loss": 60.1, "train_mse": 0.02, "validation_loss": 60.2, "validation_mse": 0.031})
    'epoch 3 · held-out mse 0.0310'
    """
    part = "validation" if "validation_loss" in row else "train"
    everyday = next((name for name in EVERYDAY if f"{part}_{name}" in row), "loss")
    words = "held-out" if part == "validation" else "training"
    return f"epoch {row['epoch']:.0f} · {words} {everyday} {row[f'{part}_{everyday}']:#.3g}"


@final
class ProgressLine:
    """A reader of events, and a context: the line is there inside of it. finished: the last event, once it came."""

    def __init__(self) -> None:
        self.finished: Finished | None = None
        self.bar: Bar | None = None
        self.task: Any = None
        self.told = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, Progress) and self.bar is not None:
            self.bar.update(self.task, completed=event.step, total=event.steps)
        elif isinstance(event, Epoch):
            self._epoch(event)
        elif isinstance(event, Notice):
            self._warn(event.text)
        elif isinstance(event, Finished):
            self.finished = event
            self._close()

    def _start(self, event: Started) -> None:
        again = f", going on after epoch {event.epoch}" if event.epoch else ""
        rows = f"{event.rows} rows to train, {event.validation_rows} held out"
        console.say(f"Training: {rows}; {event.parameters:,} weights{again}. Ctrl-C stops and keeps the best model so far.")
        for reason in event.plan.reasons:
            console.say(f"  {reason}")
        if sys.stderr.isatty():
            self._open(event)

    def _open(self, event: Started) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (
            BarColumn(24),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self.bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self.task = self.bar.add_task("", total=event.plan.steps)
        self.bar.start()

    def _epoch(self, event: Epoch) -> None:
        if self.bar is not None:
            self.bar.update(self.task, description=short_line(event.row))
        elif time.monotonic() - self.told > PAUSE:
            self.told = time.monotonic()
            console.say(epoch_line(event.row))

    def _warn(self, text: str) -> None:
        """A line the moving one goes on below."""
        if self.bar is None:
            console.warn(text)
        else:
            self.bar.console.print(text, markup=False, highlight=False, style="yellow")

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
