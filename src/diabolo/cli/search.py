"""``diabolo search``: the items of a collection that are most like a query, by their codes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def search(
    model: options.Model,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="What is searched: data, or an index kept before (.safetensors).", show_default=False
        ),
    ],
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="What is looked for: a picture, a folder, rows of a table.", show_default=False),
    ],
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many nearest items of each query.")] = 5,
    metric: Annotated[
        str | None, typer.Option("--metric", metavar="NAME", help="euclidean (the default) or cosine.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="What was found: .csv, .npz or .parquet.", show_default=False),
    ] = None,
    strip: Annotated[
        Path | None,
        typer.Option("--strip", metavar="PNG", help="A picture: each query, its nearest beside it.", show_default=False),
    ] = None,
    keep_index: Annotated[
        Path | None,
        typer.Option("--keep-index", metavar="FILE", help="Keep the codes of DATA as .safetensors.", show_default=False),
    ] = None,
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Find what in DATA is most like QUERY.

    The items whose codes are nearest. With labels, how many of the nearest have the query's, beside raw data and PCA.
    """
    from diabolo.cli import console, outputs, searching
    from diabolo.cli.inputs import open_model, read_for, say_notes
    from diabolo.jobs.codes.search import search as searched

    ending = None if output is None else outputs.ending(output, outputs.TABLES, data)
    searching.check_places(data, query, strip, keep_index)
    trained = open_model("search", model, data, device)
    searching.check_strip(trained, strip)
    read = {"label": label, "id": id_, "skip_broken": skip_broken}
    index, items = searching.indexed(trained, data, metric, read, rows_too=strip is not None)
    if keep_index is not None:
        index.save(keep_index)
    wanted = read_for(trained, query, **read, may_lack=True)  # type: ignore[arg-type]
    same = searching.is_same(query, index)
    if items is None or not same:
        say_notes(query, wanted)
    found = searched(trained, index, wanted.source, k, wanted.labels)
    judged = None if items is None else searching.judged(trained, index, items, wanted, k, same=same)
    if output is not None and ending is not None:
        searching.write_found(wanted, found, output, ending)
    if strip is not None and items is not None:
        searching.write_strip(trained, wanted, items, found, strip)
    if as_json:
        files = {"output": output, "strip": strip, "index": keep_index}
        about = {"model": model, "data": index.data, "items": len(index), "query": query, "k": k, "metric": index.metric}
        console.document(about | {"queries": searching.plain(wanted, found), "precision": judged} | files)
        return
    searching.show(index, wanted, found, judged)
    for what, path in (("Neighbors", output), ("Strip", strip), ("Index", keep_index)):
        if path is not None:
            console.result(f"{what}: {path}")
