"""``diabolo impute``: hidden cells filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def impute(
    model: options.Model,
    data: options.Damaged = None,
    output: options.MendedOutput = None,
    hide: Annotated[
        str | None,
        typer.Option("--hide", metavar="ROW,COLUMN,HEIGHT,WIDTH", help="A rectangle of every picture to fill in."),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            "--mask",
            metavar="FILE",
            help="Picture, white where to fill in, or .npy of true and false; a folder of such, by name.",
        ),
    ] = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Fill in what is missing in DATA, and nothing else.

    MODEL was trained with hidden parts (--recipe masked; --patch 48 for pictures of any size). Say which parts of pictures with
    --hide or --mask; of a table, empty cells are filled in.

    \b
    diabolo impute MODEL photo.jpg --mask hole.png -o whole.png
    diabolo impute MODEL photos/ --mask holes/ -o whole/
    diabolo impute MODEL sensors.csv -o whole.csv
    """
    from diabolo.cli import hiding, mending

    hidden = hiding.hidden(hide, mask)
    mending.run(
        "impute", model, data, output, label=label, skip_broken=skip_broken, device=device, as_json=as_json, hidden=hidden
    )
