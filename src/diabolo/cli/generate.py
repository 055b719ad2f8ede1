"""``diabolo generate``: new rows, and how much they are like real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def generate(
    model: options.Model,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            help=".png: pictures on one sheet; .csv, .npy, .npz, .parquet: rows; images also into a new folder.",
            show_default=False,
        ),
    ],
    count: Annotated[int, typer.Option("--count", "-n", min=1, metavar="N", help="How many.")] = 25,
    density: Annotated[
        str,
        typer.Option(
            "--density",
            metavar="NAME",
            help="Where codes come from: prior, gaussian, mixture, kernel. auto: the prior if there is one, else mixture.",
        ),
    ] = "auto",
    label: Annotated[
        str | None, typer.Option("--label", metavar="VALUE", help="The label of all, for recipes that take one.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option("--judge", metavar="DATA", help="Real data the model was not trained on: how near each density comes."),
    ] = None,
    training: Annotated[
        str | None,
        typer.Option("--training", metavar="DATA", help="With --judge or --nearest: the training data, to look for copies."),
    ] = None,
    nearest: Annotated[
        Path | None,
        typer.Option("--nearest", metavar="PNG", help="With --training: new pictures, each beside the nearest one there."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="For the same rows again. Default: new ones.")] = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Make new rows with MODEL.

    Codes are drawn at random and decoded. --judge says which density makes rows most like real ones.
    """
    from diabolo.cli import console, making_rows
    from diabolo.cli.inputs import open_model, read_for
    from diabolo.errors import ParameterError
    from diabolo.jobs.judge_samples import judge_samples

    if training is not None and judge is None and nearest is None:
        raise ParameterError("--training looks for copies beside real data: give --judge DATA too, or --nearest PNG.")
    trained = open_model("generate", model, None, device)
    ending = making_rows.ending(trained, output)
    making_rows.check_nearest(trained, nearest, training)
    y = making_rows.label_of(trained, label)
    made = making_rows.drawn(trained, count, density, y, seed)
    written = making_rows.write(trained, made, y, output, ending)
    judged, known = None, None if training is None else read_for(trained, training).array()
    if nearest is not None:
        making_rows.write_nearest(trained, made, known, nearest)
    if judge is not None:
        reading = read_for(trained, judge)
        judged = judge_samples(trained, reading.source, reading.labels, training=known, seed=seed or 0)
    if as_json:
        console.document(
            {"output": output, "rows": count, "files": written, "nearest": nearest}
            | {"judgment": None if judged is None else judged.to_dict()}
        )
        return
    console.result(f"{count} new rows: {output}")
    if nearest is not None:
        console.result(f"Beside the nearest of the training: {nearest}")
    if judged is not None:
        making_rows.show(judged)
