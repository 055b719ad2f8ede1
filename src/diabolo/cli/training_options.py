"""The options of ``diabolo train``, as typer reads them: one name an option, with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SET_HELP = (
    "One option of a part: bottleneck.beta=4, network.widths=256,128, optimizer.clip=1. Repeatable. "
    "What there is: diabolo show NAME."
)

Recipe = Annotated[str, typer.Option("--recipe", "-r", metavar="NAME", help="What is asked of the code: diabolo list recipes.")]
Network = Annotated[str, typer.Option("--network", "-n", metavar="NAME", help="auto, or one of: diabolo list networks.")]
Latent = Annotated[
    int | None, typer.Option("--latent", "-k", metavar="N", min=1, help="Numbers in the code. Default: √ of those in a row.")
]
Size = Annotated[str, typer.Option("--size", metavar="s|m|l", help="How wide and deep the network is.")]
Bottleneck = Annotated[str | None, typer.Option("--bottleneck", metavar="NAME", help="Replaces the recipe's.")]
Corruption = Annotated[str | None, typer.Option("--corruption", metavar="NAME", help="Replaces the recipe's; none: without.")]
Likelihood = Annotated[str | None, typer.Option("--likelihood", metavar="NAME", help="The loss: mse, bce, l1, …")]
Regularizer = Annotated[
    list[str] | None,
    typer.Option("--regularizer", metavar="NAME", help="Replaces the recipe's. Repeatable.", show_default=False),
]
Set = Annotated[list[str] | None, typer.Option("--set", "-s", metavar="PART.OPTION=VALUE", help=SET_HELP, show_default=False)]

Epochs = Annotated[int | None, typer.Option("--epochs", "-e", metavar="N", min=1, help="Passes over the data at most.")]
Budget = Annotated[str | None, typer.Option("--budget", metavar="TIME", help="Train this long: 60s, 2m, 1h.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", metavar="N", min=1, help="Rows a step.")]
Optimizer = Annotated[str, typer.Option("--optimizer", metavar="NAME", help="auto, or one of: diabolo list optimizers.")]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", metavar="X", help="Default: by optimizer and batch.")]
Validation = Annotated[float, typer.Option("--validation", metavar="SHARE", help="Share of rows held out, to judge by.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Same seed, same model.")]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps.")]
Precision = Annotated[str, typer.Option("--precision", metavar="NAME", help="auto, float32, bfloat16.")]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", min=1, help="Of the processor. Default: all, one for small steps."),
]
Compile = Annotated[
    bool | None, typer.Option("--compile/--no-compile", help="torch.compile: pays in runs of many minutes; not by default.")
]

Label = Annotated[
    str | None, typer.Option("--label", metavar="COLUMN", help="Column of labels, for cvae and the report; no feature.")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="Column to leave out. Repeatable.", show_default=False)
]
Kind = Annotated[str, typer.Option("--kind", metavar="auto|image|table", help="What the data are.")]
ImageShape = Annotated[
    str | None, typer.Option("--image-shape", metavar="HxW[xC]", help="Shape of images that come as flat rows: 28x28.")
]
ValueRange = Annotated[
    str | None, typer.Option("--value-range", metavar="LOW,HIGH", help="Range of pixels in the model: 0,1 or -1,1.")
]
Side = Annotated[
    int | None, typer.Option("--side", metavar="PIXELS", min=1, help="Side of the square pictures are brought to.")
]
Patch = Annotated[
    int | None, typer.Option("--patch", metavar="PIXELS", min=1, help="Cut pictures into squares of this side, at full size.")
]
Target = Annotated[
    str | None,
    typer.Option("--target", metavar="DATA", help="What should come out: a row for each of DATA; pictures by file name."),
]

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="The model folder. Default: named by data and recipe, here."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a broken training in -o FOLDER; give the same options.")]
