"""Readers of events that show progress: a line in a terminal, a line in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO, final

from diabolo.training.events import Epoch, Event, Finished, Notice, Progress, Started

Reader = Callable[[Event], None]


def epoch_line(row: Mapping[str, float]) -> str:
    """The everyday figures of one epoch in words.

    >>> epoch_line({"epoch": 3.0, "seconds": 1.5, "train_loss": 721.5, "train_mse": 0.011, "validation_loss": 722.0})
    'epoch 3 · 1.5 s · train loss 721.5, mse 0.011 · validation loss 722'
    """
    hidden = ("reconstruction", "cost")
    parts = [f"epoch {row['epoch']:.0f}", f"{row['seconds']:.1f} s"]
    for part in ("train", "validation"):
        names = [n for n in row if n.startswith(part + "_") and n.removeprefix(part + "_") not in hidden]
        if names:
            parts.append(f"{part} " + ", ".join(f"{n.removeprefix(part + '_')} {row[n]:.4g}" for n in names))
    return " · ".join(parts)


def readers_for(verbose: int) -> list[Reader]:
    """What an estimator shows: nothing in a script at ``verbose=0``; in a notebook always a line that moves."""
    if in_notebook():
        return [NotebookLine()]
    return [TextLines(sys.stderr, reasons=verbose >= 1, epochs=verbose >= 2)] if verbose else []


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell else None
    return found is not None and type(found).__name__ == "ZMQInteractiveShell"


@final
class TextLines:
    """Plain lines: why each choice was made, how it ended; every epoch where asked."""

    def __init__(self, stream: TextIO, *, reasons: bool = True, epochs: bool = False) -> None:
        self.stream, self.reasons, self.epochs = stream, reasons, epochs

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started) and self.reasons:
            self._say(f"{event.rows} rows to train, {event.validation_rows} to validate; {event.parameters:,} weights")
            for reason in event.reasons:
                self._say(f"  {reason}")
        elif isinstance(event, Epoch) and self.epochs:
            self._say(epoch_line(event.row) + (" *" if event.best else ""))
        elif isinstance(event, Notice):
            self._say(event.text)
        elif isinstance(event, Finished):
            self._say(f"{event.reason}: best epoch {event.best_epoch}, {event.seconds:.1f} s")

    def _say(self, text: str) -> None:
        print(text, file=self.stream)


@final
class NotebookLine:
    """One line under the cell, rewritten as training goes on."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.last = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            share = "" if event.steps is None else f"{100 * event.step // event.steps} % · "
            self._show(f"{share}{event.seconds:.0f} s · {self.last}")
        elif isinstance(event, Epoch):
            self.last = epoch_line(event.row)
        elif isinstance(event, Finished):
            self._show(f"{event.reason}: best epoch {event.best_epoch} · {self.last}")

    def _show(self, text: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text}
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)
