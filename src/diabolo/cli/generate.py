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
    count: Annotated[
        int | None,
        typer.Option(
            "--count", "-n", min=1, metavar="N", help="How many. Default: 25, or with --around 8 a row.", show_default=False
        ),
    ] = None,
    density: Annotated[
        str,
        typer.Option(
            "--density",
            metavar="NAME",
            help="Where codes come from: prior, gaussian, mixture, kernel; of discrete codes independent, autoregressive. "
            "auto: the prior if there is one, else mixture.",
        ),
    ] = "auto",
    label: Annotated[
        str | None, typer.Option("--label", metavar="VALUE", help="The label of all, for recipes that take one.")
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(
            "--around",
            metavar="DATA",
            help="Rows near each row of DATA, by small moves, instead of new ones; discrete codes take the nearest entries.",
        ),
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option("--spread", metavar="S", help="With --around: how far, in the spread of what is moved. Default: 0.3."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="code|input", help="With --around: what is moved, the code or, with noise, the row. Default: code."
        ),
    ] = None,
    plane: Annotated[
        int | None,
        typer.Option(
            "--grid",
            min=2,
            max=60,
            metavar="N",
            help="N x N rows, a grid over the plane of two code numbers; not of discrete codes.",
        ),
    ] = None,
    numbers: Annotated[
        str | None,
        typer.Option("--numbers", metavar="N,N", help="With --grid: which two. Default: those of the largest variance."),
    ] = None,
    walk: Annotated[
        bool,
        typer.Option(
            "--walk", help="A walk along each active code number, from -3 to 3 standard deviations; not of discrete codes."
        ),
    ] = False,
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
    features: Annotated[
        str,
        typer.Option(
            "--features",
            metavar="NAME",
            help="With --judge: compared in what. cells; pca-64 (any number); probe: a network trained on the labels of "
            "--training; codes: this model's own.",
        ),
    ] = "cells",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="For the same rows again. Default: new ones.")] = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Make new rows with MODEL.

    Codes are drawn at random and decoded. --judge says which density makes rows most like real ones. --around, --grid and
    --walk make rows where you choose.
    """
    from diabolo.cli import console, generating

    asked = generating.Asked(
        count, density, label, seed, around, spread, by, plane, numbers, walk, judge, training, nearest, features
    )
    asked.check()
    made = generating.make(model, asked, output, device)
    if as_json:
        console.document(made.document(output))
    else:
        made.show(output)
