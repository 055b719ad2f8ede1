"""``diabolo finetune``: a classifier from few labels, beside the same network from scratch."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options


def finetune(
    model: options.Model,
    data: options.Data,
    label: options.Label = None,
    labels: Annotated[
        str, typer.Option("--labels", metavar="N,N,…", help="How many labels to train with; all: every row.")
    ] = "30,100,300,1000",
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="How often, each with other labels.")] = 5,
    test: Annotated[
        str | None,
        typer.Option("--test", metavar="DATA", help="Rows with labels that judge. Default: three tenths of DATA."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER|FILE",
            help="New folder for a classifier trained with every label of DATA; or every run's accuracy: .csv, .npz, .parquet.",
            show_default=False,
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="The curve: .png.", show_default=False)
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", min=1, metavar="N", help="Passes over the labels at most.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="For other labels and weights.")] = 0,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Train classifiers on MODEL's encoder with few labels of DATA.

    Prints how many test rows each gets right, beside the same network trained from scratch, and logistic regression on frozen
    codes and on the rows themselves. Test rows are never trained on. The curve is kept in MODEL, and its report shows it.
    """
    from diabolo import store
    from diabolo.cli import console, finetuning, outputs
    from diabolo.cli.inputs import open_model, read_for
    from diabolo.jobs.learning.finetune import Tuning
    from diabolo.jobs.learning.label_curve import label_curve

    counts = finetuning.counts(labels)
    ending = None if output is None else outputs.ending(output, outputs.TABLES, data, folder=True)
    if picture is not None:
        outputs.ending(picture, (".png",), data, option="--picture")
    trained = open_model("finetune", model, data, device)
    if output is not None and not ending:
        store.prepare(output)
    reading = read_for(trained, data, label=label, skip_broken=skip_broken)
    finetuning.require_labels(reading)
    judges = None if test is None else read_for(trained, test, label=label, skip_broken=skip_broken)
    if judges is not None:
        finetuning.require_labels(judges)
    options_of_each = Tuning(epochs=epochs or "auto", seed=seed)
    found = label_curve(
        trained,
        reading.source,
        reading.labels,
        counts=counts,
        seeds=seeds,
        options=options_of_each,
        test=None if judges is None else judges.source,
        test_y=None if judges is None else judges.labels,
        told=console.say,
    )
    found = dataclasses.replace(found, data=reading.name)
    if output is not None and ending:
        finetuning.write_runs(found, output, ending)
    elif output is not None:
        finetuning.keep_classifier(trained, reading, options_of_each, output)
    if picture is not None:
        finetuning.write_picture(found, picture)
    if not as_json:
        finetuning.show(reading, found)
        for what, path in (("Runs" if ending else "Classifier", output), ("Curve", picture)):
            if path is not None:
                console.result(f"{what}: {path}")
    kept = finetuning.keep_curve(model, trained, found)
    if as_json:
        console.document(
            {"model": model, "data": reading.name, "output": output, "picture": picture} | found.to_dict() | kept.to_dict()
        )
    else:
        finetuning.tell(model, kept)
