"""``diabolo classify``: a fine-tuned classifier applied to rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def classify(
    classifier: Annotated[
        Path, typer.Argument(metavar="CLASSIFIER", help="A folder that `diabolo finetune -o` made.", show_default=False)
    ],
    data: options.Data,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Class and probabilities of all rows: .csv, .npz or .parquet.",
            show_default=False,
        ),
    ] = None,
    label: options.Label = None,
    id_: options.Id = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Say which class each row of DATA is of.

    Prints how many rows each class gets, and how many are right where DATA come with labels. -o keeps the class of every row
    and the probability of each class.
    """
    from diabolo.cli import classifying, console, outputs
    from diabolo.cli.inputs import read_for

    ending = None if output is None else outputs.ending(output, outputs.TABLES, data)
    tuned = classifying.open_classifier(classifier, device)
    reading = read_for(tuned.base, data, label=label, id=id_, skip_broken=skip_broken)
    found = classifying.classified(tuned, reading)
    if output is not None and ending is not None:
        classifying.write(tuned, reading, found, output, ending)
    if as_json:
        console.document({"classifier": classifier, "data": reading.name, "output": output} | found.to_dict())
        return
    classifying.show(reading, found)
    if output is not None:
        console.result(f"Classes: {output}")
