"""The options of a training, as typer reads them: one name an option, with its help; and what their values say.

typer reads a command's options off its signature. ``@takes_training()`` puts them there, in the place of the parameter
``asked``: the commands that train have them from here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final

import typer

from diabolo.cli import options

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
Kept = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help="Keep a model here, with a report that shows this. Default: none.",
        show_default=False,
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a broken training in -o FOLDER; give the same options.")]


@final
@dataclass(frozen=True)
class Asked:
    """What was asked for. read_as: arguments of :func:`diabolo.data.read`. train_as: of ``diabolo.jobs.train.Options``."""

    read_as: Mapping[str, Any]
    train_as: Mapping[str, Any]


def training(
    recipe: Recipe = "auto",
    network: Network = "auto",
    latent: Latent = None,
    size: Size = "m",
    bottleneck: Bottleneck = None,
    corruption: Corruption = None,
    likelihood: Likelihood = None,
    regularizer: Regularizer = None,
    set_: Set = None,
    epochs: Epochs = None,
    budget: Budget = None,
    batch_size: BatchSize = None,
    optimizer: Optimizer = "auto",
    learning_rate: LearningRate = None,
    validation: Validation = 0.1,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Precision = "auto",
    compile_: Compile = None,
    threads: Threads = None,
    label: Label = None,
    ignore: Ignore = None,
    id_: options.Id = None,
    kind: Kind = "auto",
    image_shape: ImageShape = None,
    value_range: ValueRange = None,
    side: Side = None,
    patch: Patch = None,
    skip_broken: options.SkipBroken = False,
) -> Asked:
    """All of them, in the order of the help. ParameterError for texts that cannot be read."""
    read_as = {
        "kind": kind,
        "image_shape": None if image_shape is None else options.image_shape(image_shape),
        "value_range": None if value_range is None else options.value_range(value_range),
        "label": label,
        "ignore": tuple(ignore or ()),
        "id": id_,
        "side": side,
        "patch": patch,
        "skip_broken": skip_broken,
    }
    train_as = {
        "recipe": recipe,
        "network": network,
        "latent_dim": latent,
        "size": size,
        "bottleneck": bottleneck,
        "corruption": corruption,
        "likelihood": likelihood,
        "regularizers": tuple(regularizer) if regularizer else None,
        "epochs": epochs or "auto",
        "time_budget": None if budget is None else options.seconds(budget),
        "batch_size": batch_size or "auto",
        "optimizer": optimizer,
        "learning_rate": "auto" if learning_rate is None else learning_rate,
        "validation_fraction": validation,
        "device": device,
        "precision": precision,
        "compile": "auto" if compile_ is None else compile_,
        "threads": threads or "auto",
        "seed": seed,
        "settings": options.settings(set_ or []),
    }
    return Asked(read_as, train_as)


def takes_training(*without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command with a parameter ``asked: Asked``, in the place of which the options of a training are read.

    without: options the command does not have; they stay as they are where nobody gives them.
    """
    shared = [p for name, p in inspect.signature(training, eval_str=True).parameters.items() if name not in without]
    names = [p.name for p in shared]

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters.values()
        listed = [q for p in own for q in (shared if p.name == "asked" else [p])]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            own_values = {name: value for name, value in given.items() if name not in names}
            command(asked=training(**{name: given[name] for name in names}), **own_values)

        run.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in listed}
        return run

    return with_options
