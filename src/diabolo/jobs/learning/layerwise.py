"""Layer-wise: a deep autoencoder whose layers are first trained one after the other, each on the codes of the one before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor, nn

from diabolo.composition import Composition
from diabolo.data import Reading, read
from diabolo.data.examples import Examples
from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.table import TableKind
from diabolo.data.sources import ArraySource, Source
from diabolo.data.split import split
from diabolo.errors import ParameterError, TrainingError, UnsupportedError
from diabolo.jobs.inference import codes
from diabolo.jobs.train import Options, Reader, train, untrained
from diabolo.model import Model
from diabolo.parts.bottlenecks import Plain
from diabolo.parts.likelihoods import Gaussian
from diabolo.parts.networks import Custom
from diabolo.parts.networks.mlp import MlpDecoder, MlpEncoder
from diabolo.spec import is_whole
from diabolo.trained import Config, Trained
from diabolo.training.engine import train as run_engine
from diabolo.training.events import Finished
from diabolo.training.plan import make_plan

STAGE_EPOCHS = 5
_USUAL = Options()
_PLANNED = ("batch_size", "optimizer", "learning_rate", "device", "precision", "threads", "seed")


@final
@dataclass(frozen=True, eq=False)
class _Stage:
    """One layer of the encoder with the layer of the decoder that undoes it, as an autoencoder of its own.

    encoder, decoder: modules of the whole model. composition: what it is made of beside them. kind: of what goes in.
    """

    encoder: nn.Module
    decoder: nn.Module
    composition: Composition
    kind: Kind
    latent_dim: int


def train_layerwise(
    data: Any,
    options: Options = _USUAL,
    *,
    y: Any = None,
    stage_epochs: int = STAGE_EPOCHS,
    readers: Sequence[Reader] = (),
) -> Trained:
    """:func:`diabolo.jobs.train.train` of a model whose layers were trained greedily before, then of all layers together.

    Stage i trains the encoder's i-th layer and the decoder's layer opposite, alone, to restore what the layers below, trained
    already, make of the rows. The first restores the rows themselves by the recipe's likelihood from inputs damaged as the
    recipe damages them; the last makes the code by the recipe's bottleneck; those between restore hidden layers by squared
    error. Once this was the way to train deep networks at all. With today's activations, normalization and shortcuts it is
    not needed: see docs/building.md.

    data: as ``train`` takes them. stage_epochs: passes a stage. readers: called with the events of the last training. What the
    stages came to stands in ``config.data["stages"]``: a dict a stage, with its numbers and its best loss.

    Raises UnsupportedError for networks that are not fully connected, and for conditional recipes.

    Bengio et al. 2007, https://papers.nips.cc/paper/3048; Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647
    """
    if not is_whole(stage_epochs, 1):
        raise ParameterError(f"stage_epochs must be a whole number of at least 1, got {stage_epochs!r}.")
    reading = data if isinstance(data, Reading) else read(data)
    begun, examples = untrained(reading, options, y=y)
    rows, validation = split(len(reading.source), options.validation_fraction, reading.groups)
    told = []
    source: Source = examples.source
    stages = _stages(begun.model, begun.kind)
    for stage in stages:
        trained = _train_stage(stage, source, rows, validation, options, stage_epochs)
        _put_back(trained.model, stage)
        told.append({"inputs": stage.kind.layout.cells, "code": stage.latent_dim, "epochs": stage_epochs, **_best(trained)})
        if stage is not stages[-1]:
            source = ArraySource(codes(trained, source))
    config = replace(begun.config, data={**begun.config.data, "stages": told})
    return train(replace(reading, kind=begun.kind), options, y=y, start=replace(begun, config=config), readers=readers)


def _stages(model: Model, kind: Kind) -> list[_Stage]:
    """From the rows to the code."""
    encoder, decoder, whole = model.encoder, model.decoder, model.composition
    if not isinstance(encoder, MlpEncoder) or not isinstance(decoder, MlpDecoder) or whole.conditional:
        raise UnsupportedError(
            "Layers are trained one by one in fully connected networks without a condition: network='mlp', and no recipe that "
            f"is told labels. This is the network {whole.network.name!r}{', told labels' * whole.conditional}."
        )
    widths = [_width(layer) for layer in encoder.stages]
    if not widths:
        raise UnsupportedError(
            "This network has no hidden layers that could be trained one by one. Give it: network=Mlp(widths=…)."
        )
    down, up = [*encoder.stages, encoder.head], [*decoder.stages, decoder.head]
    alone = replace(whole, bottleneck=Plain(), corruption=None, regularizers=())
    inner = replace(alone, likelihood=Gaussian(output="linear"))
    first = _Stage(
        nn.Sequential(encoder.flatten, down[0]),
        nn.Sequential(up[-1], decoder.unflatten),
        replace(alone, corruption=whole.corruption),
        kind,
        widths[0],
    )
    between = [_Stage(down[i], up[-1 - i], inner, _as_they_are(a), b) for i, (a, b) in enumerate(itertools.pairwise(widths), 1)]
    last = replace(inner, bottleneck=whole.bottleneck)
    return [first, *between, _Stage(down[-1], up[0], last, _as_they_are(widths[-1]), model.latent_dim)]


def _train_stage(stage: _Stage, source: Source, rows: Tensor, validation: Tensor, options: Options, epochs: int) -> Trained:
    composition = replace(stage.composition, network=Custom(stage.encoder, stage.decoder))
    layout = stage.kind.layout
    with torch.random.fork_rng([]):
        torch.manual_seed(options.seed)  # of parts with weights of their own
        model = Model(composition, layout, layout, stage.latent_dim)
    begun = Trained(model, stage.kind, Config("plain", composition, stage.latent_dim))
    plan = make_plan(
        len(rows),
        products=model.products,
        matrices=True,
        epochs=epochs,
        **{name: getattr(options, name) for name in _PLANNED},
    )
    for event in run_engine(begun, Examples(source, stage.kind), rows, validation, plan):
        if isinstance(event, Finished):
            return event.trained
    raise TrainingError("The training of a layer ended without a result.")


def _put_back(model: Model, stage: _Stage) -> None:
    """The trained copies' weights into the whole model's own layers."""
    for own, trained in ((stage.encoder, model.encoder), (stage.decoder, model.decoder)):
        own.load_state_dict({name.removeprefix("module."): value for name, value in trained.state_dict().items()})


def _best(trained: Trained) -> dict[str, float]:
    column = "validation_loss" if "validation_loss" in trained.history[0] else "train_loss"
    return {"loss": min(row[column] for row in trained.history)}


def _as_they_are(width: int) -> TableKind:
    """Hidden numbers as a table whose columns are not scaled."""
    zeros = torch.zeros(width, dtype=torch.float64)
    return TableKind(width, "float32", mean=zeros, scale=zeros + 1, constant=zeros.bool())


def _width(layer: nn.Module) -> int:
    """How many numbers a hidden layer gives."""
    return int([m for m in layer.modules() if isinstance(m, nn.Linear)][-1].out_features)
