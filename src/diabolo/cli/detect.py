"""``diabolo detect``: which rows are unlike the training data, where they are so, and what was expected there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli import options
from diabolo.cli import training_options as training

FIRST = "While training on DATA, without MODEL: "
GIVEN_HELP = f"A folder that this command or `diabolo train` made, and what to judge: {options.DATA_HELP}"


def detect(
    ctx: typer.Context,
    given: Annotated[list[str], typer.Argument(metavar="[MODEL] DATA", help=GIVEN_HELP, show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Scores of all rows: .csv, .npz or .parquet.", show_default=False),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Of tables: the cells to blame, what was expected there, and how sure that is.")
    ] = False,
    alpha: Annotated[
        float | None,
        typer.Option("--alpha", metavar="A", help="Of tables: such a share of usual rows may stand out.", show_default=False),
    ] = None,
    fdr: Annotated[
        float | None,
        typer.Option("--fdr", metavar="Q", help="Of tables: such a share of the alarms may be false.", show_default=False),
    ] = None,
    drift: Annotated[
        bool, typer.Option("--drift", help="Of tables: whether DATA as a whole are still like the training data, by column.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Of tables: a page about all this, an .html file.", show_default=False),
    ] = None,
    heatmap: Annotated[
        Path | None,
        typer.Option("--heatmap", metavar="FOLDER", help="New folder for the pictures, red where unlike.", show_default=False),
    ] = None,
    quantile: Annotated[
        float | None,
        typer.Option("--quantile", metavar="Q", help="Share of usual rows that stay below the threshold.", show_default="0.99"),
    ] = None,
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
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="COLUMN", help=f"{FIRST}a column to leave out. Repeatable.", show_default=False),
    ] = None,
    novelty: Annotated[bool, typer.Option("--novelty", help=f"{FIRST}its normal rows are known to be normal.")] = False,
    contamination: Annotated[
        float | None,
        typer.Option("--contamination", metavar="C", help=f"{FIRST}the share of anomalies in it.", show_default=False),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", "-m", metavar="FOLDER", help=f"{FIRST}where the model goes. Default: DATA-detector, beside -o."),
    ] = None,
    epochs: training.Epochs = None,
    seed: training.Seed = 0,
    skip_broken: options.SkipBroken = False,
    lang: options.Lang = options.Language.en,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Find what in DATA is unlike the data MODEL was trained on.

    Without MODEL one is trained on DATA first and kept: then what is unlike the rest.

    \b
    diabolo detect data.csv --label Class --explain -o scores.csv    (trains on it first, and keeps the model)
    diabolo detect data-detector new.csv --explain --drift           (tomorrow)
    diabolo detect model new-photos/ --heatmap out

    A score a row (higher is stranger), the share of held-out rows that are as strange, and a threshold from those; beside it
    what PCA and nearest neighbors say. A model of squares of photographs (--patch) takes whole photographs of any size; other
    models crop and scale pictures to their own.
    """
    from diabolo.cli import detecting, detectors, outputs, screening
    from diabolo.cli.inputs import open_model

    model, data = detectors.model_and_data(given)
    first = detectors.First(
        ignore=tuple(ignore or ()), novelty=novelty, contamination=contamination, keep=keep, epochs=epochs, seed=seed
    )
    asked = screening.Asked(alpha, fdr, quantile, explain, drift, report, tuple(normal or ()), lang.value, ctx.obj.text)
    ending = None if output is None else outputs.ending(output, outputs.TABLES, data)
    if report is not None:
        outputs.ending(report, (".html", ".htm"), data, option="--report")
    asked.check(trains=model is None)
    if model is None:
        made = detectors.make(data, first, asked, beside=output, label=label, id=id_, device=device, skip_broken=skip_broken)
        trained, folder = made.trained, made.folder
    else:
        first.refuse(model)
        made, folder, trained = None, model, open_model("detect", model, data, device)
    detecting.check_folder(trained, heatmap)
    if detectors.takes_tables(trained):
        batch = screening.batch(trained, folder, data, made, label=label, id=id_)
        screening.run(batch, asked, output, ending, reference, as_json=as_json)
        return
    asked.refuse_for_pictures()
    detecting.run(
        trained,
        folder,
        data,
        output,
        ending,
        normal=normal,
        quantile=quantile,
        reference=reference,
        heatmap=heatmap,
        label=label,
        id=id_,
        skip_broken=skip_broken,
        as_json=as_json,
    )
