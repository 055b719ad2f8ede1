"""``diabolo diagnose``: what is wrong with a model, and what to change."""

from __future__ import annotations

from typing import Annotated

import typer

from diabolo.cli import options


def diagnose(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="Rows it was not trained on. Default: the held-out rows of the data it was trained on.",
            show_default=False,
        ),
    ] = None,
    training: Annotated[
        str | None,
        typer.Option("--training", metavar="DATA", help="With DATA: rows it was trained on, to compare errors with."),
    ] = None,
    factors: Annotated[
        str | None,
        typer.Option(
            "--factors",
            metavar="COLUMNS|FILE",
            help="Known factors of DATA: columns of a table (a,b,c), or a file of numbers, a row a row. Adds MIG, DCI and SAP.",
            show_default=False,
        ),
    ] = None,
    label: options.Label = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Look for what is wrong with MODEL, and say what to change.

    Collapsed posteriors, dead and saturated units, exploding codes, under- and overfitting, a code too narrow or so wide that
    it copies, codes that noise moves, holes between codes. Each finding has its figure, its threshold and a remedy; what is in
    order is said too.
    """
    from diabolo.cli import console, diagnosing
    from diabolo.cli.inputs import open_model
    from diabolo.errors import ParameterError
    from diabolo.jobs.diagnosis.diagnose import diagnose as diagnosed

    if data is None and (training is not None or factors is not None):
        raise ParameterError(f"{'--training' if training is not None else '--factors'} goes with DATA: name the rows too.")
    trained = open_model("diagnose", model, data, device)
    patient = diagnosing.patient(trained, model, data, training, label=label, skip_broken=skip_broken)
    apart = None if factors is None or data is None else diagnosing.apart(trained, data, patient, factors)
    found = diagnosed(
        trained, patient.source, patient.labels, training=patient.training, training_labels=patient.training_labels
    )
    if as_json:
        separated = None if apart is None else apart.to_dict()
        console.document({"model": model, "data": patient.words, **found.to_dict(), "disentanglement": separated})
        return
    diagnosing.show(found, patient)
    if apart is not None:
        diagnosing.show_apart(apart)
