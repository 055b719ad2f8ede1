"""``diabolo report``: a page about a model, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def report(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Default: the held-out rows of the data it was trained on.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="An .html file. Default: report.html in MODEL.")
    ] = None,
    label: options.Label = None,
    target: options.Target = None,
    skip_broken: options.SkipBroken = False,
    lang: options.Lang = options.Language.en,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Write a page about MODEL, for people.

    Learning curves, reconstructions, the code space, every error beside PCA's; one file, no external request.
    """
    from diabolo.cli import console, outputs
    from diabolo.cli.inputs import known_data, known_target, open_model
    from diabolo.cli.judging import judged, report_on
    from diabolo.cli.results import show_verdict
    from diabolo.store.files import write_text

    trained = open_model("report", model, data, device)
    path = output or model / outputs.REPORT
    outputs.ending(path, (".html", ".htm"), data or "")
    rows = data or known_data(model)
    wanted = target if data is not None or target is not None else known_target(model)
    found = judged(trained, rows, wanted, held_out=data is None, label=label, skip_broken=skip_broken)
    made = report_on(model, trained, found, lang.value)
    if output is None:
        outputs.write_report(model, made)
    else:
        write_text(output, made.html)
    if as_json:
        console.document({"report": path, **made.to_dict()})
        return
    show_verdict(made)
    console.result(f"Report: {path}  (open it in a browser)")
