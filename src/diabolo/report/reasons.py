"""Reasons: the lines a training prints about its choices, in the reader's language where there are words for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, final

from diabolo.report.language import Language

_DECIMAL = re.compile(r"(?<=\d)\.(?=\d)")


@final
@dataclass(frozen=True)
class Line:
    """A line for the reader. foreign: it stands in English as the program printed it, in a page of another language."""

    text: str
    foreign: bool


@final
@dataclass(frozen=True)
class Reasons:
    """Choices and notes on the data, in the order in which they were printed."""

    choices: tuple[Line, ...]
    notes: tuple[Line, ...]


def reasons_of(reasons: tuple[str, ...], plan: Mapping[str, Any], say: Language) -> Reasons:
    """A config's reasons: how the data were taken and the recipe, notes on the data, then the plan's own reasons."""
    own = len(plan.get("reasons", ()))
    end = len(reasons) - own
    lines = [translated(line, say) for line in reasons]
    return Reasons((*lines[: min(2, end)], *lines[end:]), tuple(lines[2:end]))


def translated(line: str, say: Language) -> Line:
    """One line in the language of ``say``, or as it is where that is English or has no words for it.

    >>> from diabolo.report.language import language
    >>> translated("device cpu: no GPU that PyTorch can use", language("ru")).text
    'устройство cpu: видеокарты, доступной PyTorch, нет'
    """
    if say.code == "en":
        return Line(line, foreign=False)
    for pattern, text in _patterns(say.code):
        found = pattern.fullmatch(line)
        if found:
            return Line(text.format(**{k: _DECIMAL.sub(",", v) for k, v in found.groupdict().items()}), foreign=False)
    return Line(line, foreign=True)


@cache
def _patterns(code: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    file = resources.files("diabolo.report").joinpath("texts").joinpath(f"{code}.reasons.json")
    return tuple((re.compile(pattern), text) for pattern, text in json.loads(file.read_text(encoding="utf-8")))
