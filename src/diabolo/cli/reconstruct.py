"""``diabolo reconstruct``: the rows through the code and back, as a picture, a file or a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def reconstruct(
    model: options.Model,
    data: options.Data,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            help=".png: inputs above outputs; .csv, .npy, .npz, .parquet: the outputs; images also into a new folder.",
            show_default=False,
        ),
    ],
    rows: Annotated[
        int | None, typer.Option("--rows", min=1, metavar="N", help="The first N rows only. Default: all; a few for a png.")
    ] = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Send DATA through the code and back.

    What came out is written in the shape, the range and the columns of what went in.
    """
    from diabolo.cli import console, restoring
    from diabolo.cli.inputs import open_model, read_for, say_notes
    from diabolo.jobs.codes.reconstruct import restored

    trained = open_model("reconstruct", model, data, device)
    ending = restoring.ending(trained, output, data)
    reading = restoring.first(read_for(trained, data, label=label, skip_broken=skip_broken), rows, ending)
    say_notes(data, reading)
    x_hat = restored(trained, reading.source, trained.condition(reading.labels, len(reading.source)))
    written = restoring.WRITERS[ending](trained, reading, x_hat, output)
    if as_json:
        console.document({"output": output, "rows": len(reading.source), "files": written})
    else:
        console.result(f"{len(reading.source)} rows through the code and back: {output}")
