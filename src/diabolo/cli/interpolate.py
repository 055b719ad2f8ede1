"""``diabolo interpolate``: the way from row to row through the code, as a strip, an animation or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def interpolate(
    model: options.Model,
    data: options.Data,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=".png: a strip; .gif, .webp: moving pictures; .csv, .npy, .npz, .parquet: the rows on the way.",
            show_default=False,
        ),
    ],
    rows: Annotated[
        str, typer.Option("--rows", metavar="N,N,...", help="Rows of DATA to go through, counted from 0, two or more.")
    ] = "0,1",
    steps: Annotated[
        int, typer.Option("--steps", min=2, metavar="N", help="Rows from one to the next, both ends included.")
    ] = 9,
    cycle: Annotated[bool, typer.Option("--cycle", help="Go on from the last row back to the first.")] = False,
    spherical: Annotated[
        bool, typer.Option("--spherical", help="Along arcs around the origin, for codes of a VAE, instead of straight.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.01, max=60, metavar="S", help="How long a moving picture shows each row.")
    ] = 0.1,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Walk through the code from row to row of DATA.

    The rows named by --rows are restored, and what the model sees between them. Between discrete codes it is the nearest
    entries of each step.
    """
    from diabolo.cli import console, interpolating
    from diabolo.cli.inputs import open_model, read_for

    wanted = interpolating.numbers(rows)
    trained = open_model("interpolate", model, data, device)
    ending = interpolating.ending(trained, output, data)
    reading = interpolating.chosen(trained, read_for(trained, data, label=label, skip_broken=skip_broken), wanted)
    x_hat = interpolating.way(trained, reading, steps, spherical=spherical, cycle=cycle)
    frames = interpolating.write(trained, reading, x_hat, output, ending, steps=steps, seconds=seconds, cycle=cycle)
    if as_json:
        document = {"output": output, "rows": wanted, "steps": steps, "cycle": cycle, "spherical": spherical, "frames": frames}
        console.document(document)
    else:
        names = wanted if reading.ids is None else reading.ids.tolist()
        stops = " → ".join(map(str, [*names, names[0]] if cycle else names))
        console.result(f"{stops}, {frames} {'pictures' if trained.out_kind.name == 'image' else 'rows'}: {output}")
