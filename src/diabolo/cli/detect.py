"""``diabolo detect``: which rows are unlike the training data, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def detect(
    model: options.Model,
    data: options.Data,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Scores of all rows: .csv, .npz or .parquet.", show_default=False),
    ] = None,
    heatmap: Annotated[
        Path | None,
        typer.Option("--heatmap", metavar="FOLDER", help="New folder for the pictures, red where unlike.", show_default=False),
    ] = None,
    quantile: Annotated[
        float, typer.Option("--quantile", metavar="Q", help="Share of usual rows that stay below the threshold.")
    ] = 0.99,
    normal: Annotated[
        list[str] | None,
        typer.Option("--normal", metavar="LABEL", help="Label that is normal; may be repeated. Then AUCs are printed."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="DATA", help="Normal rows, as the training data, to compare pixels with."),
    ] = None,
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Find what in DATA is unlike the data MODEL was trained on.

    A score a row (higher is stranger), the share of held-out rows that are as strange, and a threshold from those. A model
    of squares of photographs (--patch) takes whole photographs of any size; other models crop and scale pictures to their own.
    """
    from diabolo.cli import console, detecting, outputs
    from diabolo.cli.inputs import open_model, read_for
    from diabolo.jobs.mending.given_photographs import photographs_of

    ending = None if output is None else outputs.ending(output, outputs.TABLES, data)
    trained = open_model("detect", model, data, device)
    detecting.check_folder(trained, heatmap)
    rows = None if reference is None else read_for(trained, reference, skip_broken=skip_broken).source
    photographs = photographs_of(trained.kind, data)
    if photographs is not None:
        judged = detecting.photographs(trained, photographs, normal, quantile, rows, heatmap, skip_broken=skip_broken)
    else:
        reading = read_for(trained, data, label=label, id=id_, skip_broken=skip_broken)
        judged = detecting.rows(trained, reading, normal, quantile, rows, heatmap)
    if output is not None and ending is not None:
        detecting.write_scores(trained, judged, output, ending)
    files = 0 if heatmap is None else len(judged.found.scores)
    if as_json:
        named = {"names": None if judged.ids is None else [str(v) for v in judged.ids.tolist()], "notes": judged.notes}
        console.document(
            {"model": model, "data": judged.name, "output": output, "files": files, **judged.found.to_dict(), **named}
        )
        return
    detecting.show(judged)
    if output is not None:
        console.result(f"Scores: {output}")
    if heatmap is not None:
        console.result(f"{files} pictures, red where unlike: {heatmap}")
