"""``diabolo layerwise``: a deep network trained layer by layer, beside what made that unnecessary."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options
from diabolo.cli import training_options as given


@given.takes_training("network", "size", "budget", "validation", "precision", "compile_", "patch")
def layerwise(
    ctx: typer.Context,
    data: options.Data,
    activations: Annotated[
        str, typer.Option("--activations", metavar="NAME,NAME,…", help="Functions after each hidden layer.")
    ] = "sigmoid,silu",
    *,
    asked: given.Asked,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="The errors: .png or .svg.", show_default=False)
    ] = None,
    output: given.Kept = None,
    lang: options.Lang = options.Language.en,
    as_json: options.Json = False,
) -> None:
    """Train deep networks layer by layer, and as is done today.

    \b
    diabolo layerwise demo:digits
    diabolo layerwise mnist --set network.widths=512,256,128,64 --latent 32 --epochs 10 -o stacked

    The same network, in as many passes: each layer alone first, as around 2006; from a random start; with batch
    normalization; with shortcuts around layers. A fifth of the rows judges all of them, PCA stands beside. With -o FOLDER the
    best of those that are trained at once is trained on all rows and kept with a report that shows the study; without, no
    model is kept.
    """
    from diabolo.cli import layering, outputs
    from diabolo.cli.making import Request, checked_options

    if picture is not None:
        outputs.ending(picture, (".png", ".svg"), data, option="--picture")
    request = Request(data, asked.read_as, asked.train_as, output, False, lang.value, as_json, ctx.obj.text)
    layering.run(request, checked_options(asked.train_as), layering.names(activations), picture)
