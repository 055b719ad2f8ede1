"""Where words go: results to stdout, progress and errors to stderr. Rich is imported when something is first shown."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 160
"""Columns of text that goes to a file or a pipe."""


def make_robust() -> None:
    """Let a terminal that cannot show a letter show '?' instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def result(text: str = "") -> None:
    """A line of the result, to stdout."""
    _console(sys.stdout).print(text, markup=False, highlight=False, soft_wrap=not sys.stdout.isatty())


def say(text: str) -> None:
    """A line of progress, to stderr."""
    _console(sys.stderr).print(text, markup=False, highlight=False, soft_wrap=not sys.stderr.isatty())


def warn(text: str) -> None:
    """A line the user should not overlook, to stderr."""
    _console(sys.stderr).print(text, markup=False, highlight=False, style="yellow", soft_wrap=not sys.stderr.isatty())


def failure(text: str) -> None:
    """An error as one paragraph, to stderr."""
    _console(sys.stderr).print(f"Error: {text}", markup=False, highlight=False, style="red", soft_wrap=not sys.stderr.isatty())


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", numbers: Sequence[int] = ()) -> None:
    """A table, to stdout. numbers: which columns hold numbers, and stand at the right."""
    from rich.table import Table
    from rich.text import Text

    if title:
        result(title)
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for i, heading in enumerate(headings):
        side: Literal["left", "right"] = "right" if i in numbers else "left"
        shown.add_column(Text(heading, style="bold"), justify=side, overflow="fold", no_wrap=i == 0 or i in numbers)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    _console(sys.stdout).print(shown)


def document(data: Mapping[str, Any]) -> None:
    """One JSON document, to stdout; numbers that JSON has no word for become null."""
    plain_ascii = (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(plain(data), indent=1, ensure_ascii=plain_ascii, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """Values as JSON knows them: no NaN, no NumPy, no paths."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else WIDE)
