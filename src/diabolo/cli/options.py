"""Options that several commands share, each with its help text, and the small languages their values are written in."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, final

import typer

from diabolo.errors import ParameterError


@final
class Language(StrEnum):
    """Languages a report can be written in."""

    en = "en"
    ru = "ru"


DATA_HELP = "csv, tsv, parquet, xlsx, npy or npz file, folder of pictures, or a named set (diabolo list data)."

Data = Annotated[str, typer.Argument(metavar="DATA", help=DATA_HELP, show_default=False)]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that `diabolo train` made.", show_default=False)]
Damaged = Annotated[str | None, typer.Argument(metavar="DATA", help=DATA_HELP, show_default=False)]
MendedOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE|FOLDER",
        help="A picture for a picture, a new folder for a folder; of arrays .npy, .npz, .csv, .parquet, or .png to look at.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the report.")]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps.")]
Label = Annotated[
    str | None,
    typer.Option(
        "--label", metavar="COLUMN", help="Column of labels; no feature. Default: the one the model was trained with."
    ),
]
Id = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="Column that names the rows; carried along."),
]
Target = Annotated[
    str | None,
    typer.Option("--target", metavar="DATA", help="What should have come out, for models trained on pairs."),
]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave out pictures that cannot be read.")]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """A length of time: ``60s``, ``2m``, ``1.5h``, ``1h30m``, or a plain number of seconds.

    >>> seconds("1h30m"), seconds("45")
    (5400.0, 45.0)
    """
    clean = "".join(text.lower().split())
    whole = re.fullmatch(r"(?:(?P<h>[\d.]+)h)?(?:(?P<m>[\d.]+)m)?(?:(?P<s>[\d.]+)s?)?", clean)
    try:
        total = sum(float(number) * _UNITS[unit] for unit, number in whole.groupdict(default="0").items()) if whole else 0.0
    except ValueError:
        total = 0.0
    if not total > 0:
        raise ParameterError(f"--budget expects a time such as 60s, 2m or 1h30m, got {text!r}.")
    return total


def image_shape(text: str) -> tuple[int, ...]:
    """Height and width, or height, width and channels: ``28x28``, ``32x32x3``.

    >>> image_shape("32x32x3")
    (32, 32, 3)
    """
    parts = re.split(r"[x×,]", text.strip().lower())
    if len(parts) not in (2, 3) or not all(p.isdecimal() and int(p) > 0 for p in parts):
        raise ParameterError(f"--image-shape expects HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS such as 28x28, got {text!r}.")
    return tuple(int(p) for p in parts)


def value_range(text: str) -> tuple[float, float]:
    """The range of pixels inside the model: ``0,1`` or ``-1,1``.

    >>> value_range("-1,1")
    (-1.0, 1.0)
    """
    try:
        low, high = (float(p) for p in text.split(","))
    except ValueError:
        raise ParameterError(f"--value-range expects LOW,HIGH such as 0,1 or -1,1, got {text!r}.") from None
    return low, high


def settings(given: list[str]) -> tuple[tuple[str, str], ...]:
    """``--set part.option=value`` as (path, text) pairs.

    >>> settings(["bottleneck.beta=4"])
    (('bottleneck.beta', '4'),)
    """
    pairs = []
    for text in given:
        path, equals, value = text.partition("=")
        if not equals or "." not in path or not value.strip():
            raise ParameterError(f"--set expects PART.OPTION=VALUE such as bottleneck.beta=4, got {text!r}.")
        pairs.append((path.strip(), value.strip()))
    return tuple(pairs)
