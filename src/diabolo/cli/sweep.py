"""``diabolo sweep``: how wide the code should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options
from diabolo.cli import training_options as given


def sweep(
    data: options.Data,
    latents: Annotated[
        str,
        typer.Option("--latents", "-k", metavar="N,N,…", help="Widths to try; auto: powers of two up to the numbers in a row."),
    ] = "auto",
    recipe: given.Recipe = "auto",
    network: given.Network = "auto",
    size: given.Size = "m",
    bottleneck: given.Bottleneck = None,
    corruption: given.Corruption = None,
    likelihood: given.Likelihood = None,
    regularizer: given.Regularizer = None,
    set_: given.Set = None,
    epochs: given.Epochs = None,
    budget: given.Budget = None,
    batch_size: given.BatchSize = None,
    optimizer: given.Optimizer = "auto",
    learning_rate: given.LearningRate = None,
    seed: given.Seed = 0,
    device: given.Device = "auto",
    threads: given.Threads = None,
    label: given.Label = None,
    ignore: given.Ignore = None,
    id_: options.Id = None,
    kind: given.Kind = "auto",
    image_shape: given.ImageShape = None,
    value_range: given.ValueRange = None,
    side: given.Side = None,
    skip_broken: options.SkipBroken = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="The curve: .png or .svg.", show_default=False),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", metavar="FILE", help="Held-out pictures through every width: .png.", show_default=False),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train codes of several widths on DATA, and say which to take.

    \b
    diabolo sweep demo:digits --latents 2,4,8,16,32 --picture widths.png
    diabolo sweep sensors.csv --recipe vae --epochs 50

    A fifth of the rows judges all of them: the error beside PCA's with as many numbers (of discrete codes at as many bits),
    what is over the training error, and whether the model copies whatever it is given. No model is kept;
    --budget is for each width.
    """
    from diabolo.cli import console, outputs, sweeping
    from diabolo.cli.making import checked_options, read_data
    from diabolo.jobs.diagnosis.sweep import sweep as swept

    widths = sweeping.widths(latents)
    for option, path, known in (("--picture", picture, (".png", ".svg")), ("--pictures", pictures, (".png",))):
        if path is not None:
            outputs.ending(path, known, data, option=option)
    read_as = {
        "kind": kind,
        "image_shape": None if image_shape is None else options.image_shape(image_shape),
        "value_range": None if value_range is None else options.value_range(value_range),
        "label": label,
        "ignore": tuple(ignore or ()),
        "id": id_,
        "side": side,
        "skip_broken": skip_broken,
    }
    train_as = {
        "recipe": recipe,
        "network": network,
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
        "device": device,
        "threads": threads or "auto",
        "seed": seed,
        "settings": options.settings(set_ or []),
    }
    asked = checked_options(train_as)
    reading = read_data(data, read_as, asked)
    sweeping.check_pictures(reading, pictures)
    found = swept(reading, asked, widths, tell=sweeping.say)
    if picture is not None:
        sweeping.write_curve(found, picture)
    if pictures is not None:
        sweeping.write_pictures(found, pictures)
    if as_json:
        console.document({**found.to_dict(), "picture": picture, "pictures": pictures})
        return
    sweeping.show(found)
    for path in (picture, pictures):
        if path is not None:
            console.result(f"Picture: {path}")
