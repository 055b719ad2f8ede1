"""``diabolo train``: data -> a model folder."""

from __future__ import annotations

import typer

from diabolo.cli import options
from diabolo.cli import training_options as given


@given.takes_training()
def train(
    ctx: typer.Context,
    data: options.Data,
    asked: given.Asked,
    target: given.Target = None,
    output: given.Output = None,
    resume: given.Resume = False,
    lang: options.Lang = options.Language.en,
    as_json: options.Json = False,
) -> None:
    """Train a model on DATA and keep it in a folder, with a report.

    \b
    diabolo train demo:digits
    diabolo train sensors.csv --recipe vae --latent 8 --label machine --budget 2m
    diabolo train photos/ --network conv --side 64 -o photos-model
    diabolo train photos/ --patch 48 --recipe denoising
    diabolo train noisy/ --target clean/ --patch 48 --recipe denoising   (pairs, by file name)
    diabolo train digits-plain/run.toml   (the same training again)
    """
    from diabolo.cli.making import Request, make
    from diabolo.cli.rerun import is_run, rerun

    if is_run(data):
        make(rerun(ctx, data, output, resume, lang.value, as_json))
        return
    make(Request(data, asked.read_as, asked.train_as, output, resume, lang.value, as_json, ctx.obj.text, target))
