"""``diabolo embed``: the codes of the rows, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def embed(
    model: options.Model,
    data: options.Data,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Where the codes go: .csv, .npz or .parquet.", show_default=False),
    ],
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Write the codes of DATA to a file.

    A row of numbers for each row of DATA, with labels and names of rows where there are any.
    """
    from diabolo.cli import console, outputs
    from diabolo.cli.inputs import open_model, read_for
    from diabolo.estimators.autoencoder import Autoencoder
    from diabolo.jobs.embed import embed as embedded

    ending = outputs.ending(output, outputs.TABLES, data)
    trained = open_model("embed", model, data, device)
    reading = read_for(trained, data, label=label, id=id_, skip_broken=skip_broken)
    z = embedded(trained, reading.source, reading.labels)
    names = [str(n) for n in Autoencoder.from_trained(trained).get_feature_names_out()]
    own = trained.kind.wants
    beside = {id_ or own.id or "id": reading.ids, label or own.label or "label": reading.labels}
    outputs.write_table(
        output, ending, "Z", dict(zip(names, z.T, strict=True)), {k: v for k, v in beside.items() if v is not None}
    )
    if as_json:
        console.document(
            {"output": output, "rows": len(z), "columns": names, "beside": [k for k in beside if beside[k] is not None]}
        )
    else:
        console.result(f"{len(z)} codes of {z.shape[1]} numbers: {output}")
