"""``diabolo embed``: the codes of the rows, as a file, as a map, and for programs that show codes."""

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
    map_: Annotated[
        str | None,
        typer.Option(
            "--map", metavar="HOW", help="auto, tsne, pca or umap: two columns x, y beside the codes.", show_default=False
        ),
    ] = None,
    map_rows: Annotated[
        int | None,
        typer.Option(
            "--map-rows", min=4, metavar="N", help="Rows on the map at most. Default: 5000 by tsne and umap, else all."
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="The map drawn: .png or .svg.", show_default=False)
    ] = None,
    color: Annotated[
        str | None,
        typer.Option("--color", metavar="WHAT", help="label, error, or a column of a table. Default: label if there is one."),
    ] = None,
    projector: Annotated[
        Path | None,
        typer.Option(
            "--projector", metavar="FOLDER", help="New folder for TensorFlow's Embedding Projector.", show_default=False
        ),
    ] = None,
    atlas: Annotated[
        Path | None,
        typer.Option("--atlas", metavar="FILE", help="A .parquet file for Apple's Embedding Atlas.", show_default=False),
    ] = None,
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Write the codes of DATA to a file, and draw them as a map.

    A row of numbers for each row of DATA, with labels and names of rows where there are any. With a map, how well the codes
    keep neighbors is printed beside the data themselves and PCA.
    """
    from diabolo import store
    from diabolo.cli import console, mapping, outputs
    from diabolo.cli.inputs import open_model, read_for, say_notes
    from diabolo.estimators.autoencoder import Autoencoder
    from diabolo.jobs.codes.coloring import coloring
    from diabolo.jobs.codes.embed import embed as embedded

    ending = outputs.ending(output, outputs.TABLES, data)
    asked = mapping.Asked(map_, map_rows, picture, color, projector, atlas)
    asked.check(output, data)
    trained = open_model("embed", model, data, device)
    if projector is not None:
        store.prepare(projector)
    reading = read_for(trained, data, label=label, id=id_, skip_broken=skip_broken)
    say_notes(data, reading)
    z = embedded(trained, reading.source, reading.labels)
    shown = coloring(trained, data, reading.source, reading.labels, color) if asked.shows else None
    found = mapping.drawn_from(asked, z)
    names = [str(n) for n in Autoencoder.from_trained(trained).get_feature_names_out()]
    own = trained.kind.wants
    named = {id_ or own.id or "id": reading.ids, label or own.label or "label": reading.labels}
    beside = {k: v for k, v in named.items() if v is not None}
    columns = dict(zip(names, z.T, strict=True))
    outputs.write_table(output, ending, "Z", columns, beside | mapping.coordinates(found, len(z), {*beside, *names}))
    written = mapping.write(asked, trained, reading, z, found, shown, beside)
    document = {"output": output, "rows": len(z), "columns": names, "beside": list(beside)}
    if not as_json:
        console.result(f"{len(z)} codes of {z.shape[1]} numbers: {output}")
    judged = None if found is None else mapping.judged(trained, reading, z, found)
    if as_json:
        console.document(document | mapping.document(found, judged, written))
    else:
        mapping.show(found, judged, written)
