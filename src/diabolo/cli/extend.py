"""``diabolo extend``: the picture around a crop of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli import options
from diabolo.errors import ParameterError

if TYPE_CHECKING:
    from diabolo.data.photographs import Photograph
    from diabolo.trained import Trained


def extend(
    model: options.Model,
    data: options.Damaged = None,
    output: options.MendedOutput = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="ROW,COLUMN", help="Where the crop's first pixel is in the whole picture.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="HxW", help="Of the whole picture. Default: of the training pictures; others need --patch there."
        ),
    ] = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Make the whole picture around a crop.

    The pixels of the crop in DATA stay as they are, and all around it is filled in.

    MODEL was trained with hidden parts (--recipe masked). A folder of crops gives a folder.

    \b
    diabolo extend MODEL crop.png --at 10,0 -o whole.png
    """
    from diabolo.cli import mending

    place = None if at is None else _pair(at, "--at", "ROW,COLUMN", 0)
    if data is not None and output is not None and place is None:
        raise ParameterError("Say where the crop is in the whole picture: --at ROW,COLUMN, counted from 0.")
    whole = None if size is None else _pair(size.lower().replace("×", "x").replace("x", ","), "--size", "HxW", 1)

    def change(trained: Trained, photograph: Photograph) -> Photograph:
        from diabolo.cli import console
        from diabolo.jobs.mending.one_picture import extended
        from diabolo.jobs.mending.photographs import unfamiliar_photograph

        assert place is not None  # looked at before
        warning = unfamiliar_photograph(trained, photograph)
        if warning is not None:
            console.warn(f"Warning: {photograph.name}: {warning}")
        return extended(trained, photograph, place, whole)

    mending.run(
        "extend", model, data, output, label=None, skip_broken=skip_broken, device=device, as_json=as_json, change=change
    )


def _pair(text: str, option: str, form: str, least: int) -> tuple[int, int]:
    try:
        first, second = map(int, text.split(","))
    except ValueError as problem:
        raise ParameterError(f"{option} expects two whole numbers, {form}, got {text!r}.") from problem
    if min(first, second) < least:
        raise ParameterError(f"{option} expects whole numbers of at least {least}, got {text!r}.")
    return first, second
