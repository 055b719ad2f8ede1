"""``diabolo sweep``: how wide the code should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options
from diabolo.cli import training_options as given


@given.takes_training("latent", "validation", "precision", "compile_", "patch")
def sweep(
    ctx: typer.Context,
    data: options.Data,
    latents: Annotated[
        str,
        typer.Option("--latents", "-k", metavar="N,N,…", help="Widths to try; auto: powers of two up to the numbers in a row."),
    ] = "auto",
    *,
    asked: given.Asked,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="The curve: .png or .svg.", show_default=False),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="FILE", help="Held-out pictures through every width: .png.", show_default=False),
    ] = None,
    output: given.Kept = None,
    lang: options.Lang = options.Language.en,
    as_json: options.Json = False,
) -> None:
    """Train codes of several widths on DATA, and say which to take.

    \b
    diabolo sweep demo:digits --latents 2,4,8,16,32 --picture widths.png
    diabolo sweep sensors.csv --recipe vae --epochs 50 -o sensors-vae

    A fifth of the rows judges all of them: the error beside PCA's with as many numbers (of discrete codes at as many bits),
    what is over the training error, and whether the model copies whatever it is given. With -o FOLDER a model of the suggested
    width is trained on all rows and kept with a report that shows the sweep; without, no model is kept. --budget is for each
    width.
    """
    from diabolo.cli import outputs, sweeping
    from diabolo.cli.making import Request, checked_options

    widths = sweeping.widths(latents)
    for option, path, known in (("--picture", picture, (".png", ".svg")), ("--pictures", pictures, (".png",))):
        if path is not None:
            outputs.ending(path, known, data, option=option)
    request = Request(data, asked.read_as, asked.train_as, output, False, lang.value, as_json, ctx.obj.text)
    sweeping.run(request, checked_options(asked.train_as), sweeping.Wanted(widths, picture, pictures))
