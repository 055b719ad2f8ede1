"""``diabolo train``: data -> a model folder."""

from __future__ import annotations

import typer

from diabolo.cli import options
from diabolo.cli import training_options as given


def train(
    ctx: typer.Context,
    data: options.Data,
    recipe: given.Recipe = "auto",
    network: given.Network = "auto",
    latent: given.Latent = None,
    size: given.Size = "m",
    bottleneck: given.Bottleneck = None,
    corruption: given.Corruption = None,
    likelihood: given.Likelihood = None,
    regularizer: given.Regularizer = None,
    set_: given.Set = None,
    epochs: given.Epochs = None,
    budget: given.Budget = None,
    batch_size: given.BatchSize = None,
    optimizer: given.Optimizer = "auto",
    learning_rate: given.LearningRate = None,
    validation: given.Validation = 0.1,
    seed: given.Seed = 0,
    device: given.Device = "auto",
    precision: given.Precision = "auto",
    compile_: given.Compile = None,
    threads: given.Threads = None,
    label: given.Label = None,
    ignore: given.Ignore = None,
    id_: options.Id = None,
    kind: given.Kind = "auto",
    image_shape: given.ImageShape = None,
    value_range: given.ValueRange = None,
    side: given.Side = None,
    patch: given.Patch = None,
    target: given.Target = None,
    skip_broken: options.SkipBroken = False,
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
    read_as = {
        "kind": kind,
        "image_shape": None if image_shape is None else options.image_shape(image_shape),
        "value_range": None if value_range is None else options.value_range(value_range),
        "label": label,
        "ignore": tuple(ignore or ()),
        "id": id_,
        "side": side,
        "patch": patch,
        "skip_broken": skip_broken,
    }
    train_as = {
        "recipe": recipe,
        "network": network,
        "latent_dim": latent,
        "size": size,
        "bottleneck": bottleneck,
        "corruption": corruption,
        "likelihood": likelihood,
        "regularizers": tuple(regularizer) if regularizer else None,
        "epochs": epochs or "auto",
        "time_budget": None if budget is None else options.seconds(budget),
        "batch_size": batch_size or "auto",
        "optimizer": optimizer,
        "learning_rate": "auto" if learning_rate is None else learning_rate,
        "validation_fraction": validation,
        "device": device,
        "precision": precision,
        "compile": "auto" if compile_ is None else compile_,
        "threads": threads or "auto",
        "seed": seed,
        "settings": options.settings(set_ or []),
    }
    make(Request(data, read_as, train_as, output, resume, lang.value, as_json, ctx.obj.text, target))
