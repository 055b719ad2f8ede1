"""Train: (data, options) -> Trained. The one place where data, recipe, plan and engine meet."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo import recipes
from diabolo.data import Reading, read, read_like
from diabolo.data.examples import Examples
from diabolo.data.kinds.base import Kind
from diabolo.data.split import split
from diabolo.errors import DataError, ParameterError, TrainingError, UnsupportedError
from diabolo.jobs.anomalies.seen import with_seen
from diabolo.jobs.companions import add_companions, without_judgment
from diabolo.jobs.diagnosis.copying import WIDE, wide_code
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.generation.code_prior import NAME as PRIOR
from diabolo.jobs.generation.code_prior import prior_seconds, too_few, training_budget
from diabolo.jobs.mending.pairs import SHRINKS, matched, shrinking, smaller, without_shrinking
from diabolo.model import Model
from diabolo.spec import is_number, is_whole
from diabolo.trained import Config, Trained, as_labels, has_fractions, one_hot, refuse_missing
from diabolo.training.engine import train as run_engine
from diabolo.training.events import Event, Finished, Notice
from diabolo.training.optimizers import Optimizer
from diabolo.training.plan import Plan, make_plan

SIZES = ("s", "m", "l")
START_ROWS, START_CELLS = 4096, 2**24
MOST_SEED = 2**63
GONE_ON_WITH = "the weights of the model that is gone on with"
Reader = Callable[[Event], None]
_PLANNED = (
    "epochs",
    "time_budget",
    "batch_size",
    "optimizer",
    "learning_rate",
    "device",
    "precision",
    "compile",
    "threads",
    "seed",
)


@final
@dataclass(frozen=True)
class Options:
    """What the user asks for; ``"auto"`` and None leave the choice to the recipe and the data.

    Names and meanings are those of :class:`diabolo.Autoencoder`. settings: ``(path, text)`` pairs of ``--set``.
    """

    recipe: str = "auto"
    network: Any = "auto"
    latent_dim: int | None = None
    size: str = "m"
    bottleneck: Any = None
    corruption: Any = None
    likelihood: Any = None
    regularizers: Any = None
    epochs: int | str = "auto"
    time_budget: float | None = None
    batch_size: int | str = "auto"
    optimizer: str | Optimizer = "auto"
    learning_rate: float | str = "auto"
    validation_fraction: float = 0.1
    device: str = "auto"
    precision: str = "auto"
    compile: bool | str = "auto"
    threads: int | str = "auto"
    seed: int = 0
    settings: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Raise ParameterError for what is wrong whatever the data are."""
        recipes.get(self.recipe)
        if self.size not in SIZES:
            raise ParameterError(f"size must be one of {', '.join(SIZES)}, got {self.size!r}.")
        if self.latent_dim is not None and not is_whole(self.latent_dim, 1):
            raise ParameterError(f"latent_dim must be a whole number of at least 1, or None, got {self.latent_dim!r}.")
        if not is_number(self.validation_fraction) or not 0 <= self.validation_fraction < 1:
            raise ParameterError(f"validation_fraction must be at least 0 and below 1, got {self.validation_fraction!r}.")
        if not is_whole(self.seed, 0) or self.seed >= MOST_SEED:
            raise ParameterError(f"The seed must be a whole number of at least 0 and below 2**63, got {self.seed!r}.")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; parts given as objects become their descriptions."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def train(
    data: Any,
    options: Options = Options(),
    *,
    y: Any = None,
    target: Any = None,
    start: Trained | None = None,
    readers: Sequence[Reader] = (),
    checkpoint_folder: Path | None = None,
    resume: bool = False,
) -> Trained:
    """Train a model on data.

    Args:
        data: anything :func:`diabolo.data.read` takes, or what it returned.
        options: what the user asked for.
        y: labels, one a row; needed by conditional recipes, kept for evaluation by the others.
        target: what should come out, a row for each row of the data (training on pairs).
        start: a trained model whose weights and scales to go on from, on data of the same kind.
        readers: called with every event.
        checkpoint_folder: where checkpoints go; resume: go on from the one there.

    Returns:
        The trained model, with its history, its codes and its linear twin as companions.
    """
    options.check()
    makes_pairs = start is not None and target is None and SHRINKS in start.config.data
    reading = _read(data, start and (start.target_kind if makes_pairs else start.kind))
    wanted = None
    if target is not None:
        reading, wanted = matched(reading, read_target(target, reading, start and start.target_kind))
    shrinks = None if start else shrinking(options.to_json(), (wanted or reading).kind)
    factor = start.config.data[SHRINKS] if start and makes_pairs else shrinks.factor if shrinks and wanted is None else None
    if factor is not None:
        small = smaller(reading, factor)
        reading, wanted = dataclasses.replace(small, kind=start.kind if start else small.kind), reading
    rows, validation = split(len(reading.source), options.validation_fraction, reading.groups)
    labels = _labels(reading, y, recipes.get(start.config.recipe if start else options.recipe).conditional)
    if start is None:
        asked, options = options, options if shrinks is None else without_shrinking(options)
        untrained, examples = _prepare(reading, wanted, labels, options, rows)
        about = dict(untrained.config.data) | ({} if factor is None else {SHRINKS: factor})
        config = dataclasses.replace(untrained.config, data=about, options=asked.to_json())
        untrained = dataclasses.replace(untrained, config=config)
        _start_at_mean(untrained, examples, rows)
    else:
        untrained, examples = _continue(start, reading, wanted, labels)
    plan = _plan(untrained, options, len(rows), goes_on=start is not None)
    untrained = dataclasses.replace(untrained, config=_with_reasons(untrained.config, plan, reading))
    finished = None
    wide = wide_code(untrained)
    if wide is not None:
        for reader in readers:
            reader(Notice(in_english(wide), about=WIDE))
    for event in run_engine(untrained, examples, rows, validation, plan, checkpoint_folder=checkpoint_folder, resume=resume):
        for reader in readers:
            reader(event)
        if isinstance(event, Finished):
            finished = event
    if finished is None:
        raise TrainingError("Training ended without a result.")
    left = prior_seconds(options.time_budget, finished.seconds)
    trained = add_companions(finished.trained, examples, rows, validation, labels, options.seed, reading.groups, left)
    trained = with_seen(trained, reading.source, rows, float(options.validation_fraction), before=start)
    few = too_few(trained)
    if few is not None:
        for reader in readers:
            reader(Notice(few, about=PRIOR))
    return trained


def untrained(data: Any, options: Options = Options(), *, y: Any = None) -> tuple[Trained, Examples]:
    """What :func:`train` begins with on these data: parts resolved, scales fitted, weights drawn; and the rows, ready for it.

    Not for recipes that make their own pairs of small and large pictures.
    """
    options.check()
    reading = _read(data, None)
    if shrinking(options.to_json(), reading.kind) is not None:
        raise UnsupportedError("Models that enlarge are trained on pairs; this takes recipes that restore their own input.")
    rows, _ = split(len(reading.source), options.validation_fraction, reading.groups)
    labels = _labels(reading, y, recipes.get(options.recipe).conditional)
    begun, examples = _prepare(reading, None, labels, options, rows)
    _start_at_mean(begun, examples, rows)
    return begun, examples


def _labels(reading: Reading, y: Any, conditional: bool) -> np.ndarray | None:
    """Labels (n,): y, or what came with the data. Those that a recipe reads must all be there."""
    given = reading.labels if y is None else y
    if given is None:
        return None
    values = np.asarray(given)
    if values.ndim == 0:
        hint = f" Give the column itself: y=frame[{given!r}]." if isinstance(given, str) else ""
        raise DataError(f"y are labels, one a row, shape (n,); got {given!r}.{hint}")
    if len(values) != len(reading.source):
        raise DataError(f"y must have one label a row: there are {len(reading.source)} rows, y has {len(values)}.")
    if conditional:
        refuse_missing(values)
    return as_labels(values)


def _prepare(
    reading: Reading,
    wanted: Reading | None,
    labels: np.ndarray | None,
    options: Options,
    rows: Tensor,
) -> tuple[Trained, Examples]:
    """An untrained model for these data, and the data ready for it."""
    kind = reading.kind.fit(reading.source, rows)
    target_kind = None if wanted is None else wanted.kind.fit(wanted.source, rows)
    out = target_kind or kind
    recipe = recipes.get(options.recipe)
    hints = recipes.Hints(kind.network, out.likelihood, out.layout.bounds, out.patches)
    maps = recipes.has_map(recipe.name, hints, options.network, options.settings)
    latent_dim = int(options.latent_dim or 0) or recipes.default_latent_dim(recipe.name, kind.layout.cells, maps=maps)
    given = {role: getattr(options, role) for role in ("network", "bottleneck", "corruption", "likelihood", "regularizers")}
    if wanted is not None and given["corruption"] is None:
        given["corruption"] = "none"  # pairs bring their own damage
    composition = recipes.compose(
        recipe.name, hints, kind.layout, out.layout, latent_dim, options.size, given, options.settings
    )
    classes = _classes(labels) if composition.conditional else ()
    if composition.conditional and labels is None:
        raise DataError(f"The recipe {recipe.name!r} is conditional: give labels y=, one a row.")
    config = Config(
        recipe=recipe.name,
        composition=composition,
        latent_dim=latent_dim,
        labels=classes,
        data=_about(reading, rows),
        options=options.to_json(),
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(options.seed)
        model = Model(composition, kind.layout, out.layout, latent_dim, len(classes))
    trained = Trained(model, kind, config, target_kind=target_kind)
    return trained, _examples(trained, reading, wanted, labels)


def _start_at_mean(untrained: Trained, examples: Examples, rows: Tensor) -> None:
    """Let the outputs start at the mean of the wanted rows, by up to 4096 of them, evenly spread; by fewer large ones."""
    most = max(1, min(START_ROWS, START_CELLS // max(untrained.model.source.cells, untrained.model.target.cells)))
    some = rows[:: -(-len(rows) // most)]
    untrained.model.start_at(examples.batch(some, torch.device("cpu")).aim.mean(0))


def _continue(start: Trained, reading: Reading, wanted: Reading | None, labels: np.ndarray | None) -> tuple[Trained, Examples]:
    """The model of ``start``, copied, and data that fit it."""
    if reading.kind is not start.kind:
        raise DataError("To go on with a trained model, read the data as that model does: read_like(trained.kind, data).")
    if (wanted is None) != (start.target_kind is None):
        raise UnsupportedError("A model trained on pairs goes on with pairs (target=), one trained without goes on without.")
    start = without_judgment(dataclasses.replace(start, studies={}))  # both are of the weights as they were
    copied = dataclasses.replace(start, model=copy.deepcopy(start.model))
    return copied, _examples(copied, reading, wanted, labels)


def _examples(trained: Trained, reading: Reading, wanted: Reading | None, labels: np.ndarray | None) -> Examples:
    condition = None
    if trained.config.labels:
        if labels is None:
            raise DataError(f"The recipe {trained.config.recipe!r} is conditional: give labels y=, one a row.")
        condition = one_hot(labels, trained.config.labels, len(reading.source))
    target = None if wanted is None else wanted.source
    return Examples(reading.source, trained.kind, target, trained.target_kind, condition)


def _read(data: Any, known: Kind | None) -> Reading:
    """Data as they are given, or read: by the kind of the model that is gone on with, where there is one."""
    if isinstance(data, Reading):
        return data
    return read(data) if known is None else read_like(known, data)


def read_target(target: Any, reading: Reading, known: Kind | None = None) -> Reading:
    """What should come out, read as what goes in was asked to be read; by the kind of a model where it is gone on with."""
    if isinstance(target, Reading):
        return target
    if known is not None:
        return read_like(known, target)
    asked: dict[str, Any] = {name: reading.asked.get(name) for name in ("image_shape", "value_range")}
    if isinstance(target, str | Path):
        asked |= {name: reading.asked.get(name) for name in ("side", "patch")}
        asked["skip_broken"] = bool(reading.asked.get("skip_broken"))
    return read(target, kind=reading.kind.name, **asked)


def _plan(trained: Trained, options: Options, rows: int, *, goes_on: bool) -> Plan:
    parts = trained.config.composition
    own = "custom" in (parts.network.name, parts.likelihood.name)
    budget, kept = training_budget(trained, options.time_budget)
    plan = make_plan(
        rows,
        products=trained.model.products,
        kernels=trained.model.has_kernels,
        matrices=not trained.model.has_kernels and not own,
        **{name: getattr(options, name) for name in _PLANNED} | {"time_budget": budget},
    )
    return dataclasses.replace(
        plan, reasons=(*plan.reasons, *kept, f"initialization: {_initialization(trained.model, goes_on)}")
    )


def _initialization(model: Model, goes_on: bool) -> str:
    parts = model.composition
    if goes_on:
        return GONE_ON_WITH
    if parts.network.name == "custom":
        return "your own modules as they come"
    if parts.likelihood.name == "custom":  # what its outputs mean is the user's own affair
        return "Glorot's weights"
    if model.decoder.gives_back:
        return "Glorot's weights, beside a path on which the untrained model gives back what it was given"
    return "Glorot's weights, outputs that start at the mean of the rows"


def _with_reasons(config: Config, plan: Plan, reading: Reading) -> Config:
    first = (reading.reason, f"recipe {config.recipe}, {config.latent_dim} code numbers", *reading.notes)
    return dataclasses.replace(config, reasons=(*first, *plan.reasons))


def _about(reading: Reading, rows: Tensor) -> dict[str, Any]:
    found = {"name": reading.name, "rows": len(reading.source), "kind": reading.kind.name, "reason": reading.reason}
    groups = {} if reading.groups is None else {"held_out": len(reading.source) - len(rows)}  # not by the rows' numbers alone
    return found | groups | {"asked": dict(reading.asked)}


def _classes(labels: np.ndarray | None) -> tuple[Any, ...]:
    if labels is None:
        return ()
    if has_fractions(labels):
        raise DataError(
            f"Labels of a conditional recipe are classes, and y holds {len(np.unique(labels))} numbers that are not whole. Cut "
            "them into bins first, such as numpy.digitize(y, edges)."
        )
    return tuple(np.unique(labels).tolist())


def plain(value: Any) -> Any:
    """A value as JSON holds it; parts become their descriptions, the user's own objects the names of their types."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (str, int, float, bool, type(None), Mapping)) else type(value).__name__
