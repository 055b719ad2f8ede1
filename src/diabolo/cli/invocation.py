"""The line that was typed, for run.toml, reports and the commands that messages suggest."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Invocation:
    """The arguments of this run of ``diabolo``."""

    arguments: Sequence[str]

    @property
    def text(self) -> str:
        """The whole line, ready to be pasted into a shell."""
        return command("diabolo", *self.arguments)


def command(*words: object) -> str:
    """A line for the user's shell, quoted where it must be.

    >>> command("diabolo", "show", "my model") if os.name != "nt" else "diabolo show 'my model'"
    "diabolo show 'my model'"
    """
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)
