"""``diabolo demo``: what the whole thing is like, in well under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options

DATA = "demo:digits"
FOLDER = "diabolo-demo"


def demo(
    ctx: typer.Context,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help=f"The model folder. Default: {FOLDER}, numbered if taken."),
    ] = None,
    lang: options.Lang = options.Language.en,
    as_json: options.Json = False,
) -> None:
    """Train a first model, in well under a minute.

    On 1797 handwritten digits that come with the installation. Leaves a model folder with a report.
    """
    from diabolo.cli import console
    from diabolo.cli.making import Request, free_folder, make

    folder = output or free_folder(FOLDER)
    console.say(f"Squeezing {DATA}, pictures of 8×8 pixels, into 8 numbers each and back.")
    train_as = {"recipe": "plain", "latent_dim": 8, "epochs": 120, "time_budget": 20.0}
    make(Request(DATA, {}, train_as, folder, False, lang.value, as_json, ctx.obj.text))
    if not as_json:
        console.result(
            "\nIn the report: digits beside what became of them, all codes on one plane, and every error beside PCA's. "
            "The same on your own data: diabolo train DATA"
        )
