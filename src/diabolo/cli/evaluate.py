"""``diabolo eval``: how good a model is on data, beside what is simpler."""

from __future__ import annotations

from typing import Annotated

import typer

from diabolo.cli import options


def evaluate(
    model: options.Model,
    data: options.Data,
    label: options.Label = None,
    target: options.Target = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", help="Also log p(x) by importance sampling, with N codes a row; papers take 5000.", metavar="N", min=1
        ),
    ] = None,
    skip_broken: options.SkipBroken = False,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Judge MODEL on DATA, beside PCA and the mean.

    Errors, and why PCA's are smaller where they are; the ELBO where the recipe has one, the health of the code, and whether
    neighbors share their label.
    """
    from diabolo.cli import console
    from diabolo.cli.inputs import open_model, read_pair
    from diabolo.cli.results import show_details, show_errors, show_mending, show_why
    from diabolo.jobs.evaluation.likelihood import log_likelihood
    from diabolo.jobs.workshop import judge_rows

    trained = open_model("eval", model, data, device)
    reading, aim = read_pair(trained, data, target, label=label, skip_broken=skip_broken)
    judged = judge_rows(trained, reading.source, reading.labels, aim, name=reading.name, role="other")
    found = judged.evaluation.to_dict()
    likely = None if samples is None else log_likelihood(trained, reading.source, reading.labels, samples=samples)
    if as_json:
        console.document({"model": model, **found, "likelihood": None if likely is None else likely.to_dict()})
        return
    show_errors(found)
    if found["mending"] is not None:
        console.result()
        show_mending(found["mending"])
    console.result()
    if found["gain"] is not None:
        at = "PCA's squared error at as many bits" if found["discrete"] else "PCA's squared error"
        console.result(f"{at} is {found['gain']:.3g} times this model's.")
    show_why(found)
    show_details(found)
    if likely is not None:
        console.result(
            f"−log p(x) by importance sampling, {likely.samples} codes a row: {likely.negative:.5g} ± "
            f"{likely.standard_error:.2g} nats of {likely.about}."
        )
