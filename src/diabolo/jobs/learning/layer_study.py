"""Layer study: a deep network trained layer by layer, beside a random start and what made that unnecessary."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np

from diabolo import recipes
from diabolo.data import Reading, read
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.companions import linear_rival
from diabolo.jobs.evaluation.contenders import square_error
from diabolo.jobs.kept_rows import kept_rows, shown_rows
from diabolo.jobs.learning.layerwise import train_layerwise
from diabolo.jobs.set_apart import SHOWN, refuse_unlike, set_apart
from diabolo.jobs.train import Options, Reader, train, untrained
from diabolo.parts.networks import Mlp
from diabolo.parts.networks.mlp import chosen_widths
from diabolo.spec import is_whole
from diabolo.trained import Companion, Trained

WAYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "layers": (),
    "random": (),
    "batch": (("network.normalization", "batch"),),
    "skip": (("network.skip", "true"),),
}
"""How the network is trained: layers one by one first, from a random start, with batch normalization, with shortcuts."""
ACTIVATIONS = ("sigmoid", "silu")
"""One that saturates, as in 2006, and one of today."""
DEPTH = 4
"""Hidden layers, where nobody says."""
EPOCHS, MOST_EPOCHS, SEEN = 20, 60, 60_000
"""Passes where nobody says: 20, over few rows as many more as let the network see 60 000 rows, at most 60."""
_OWN = ("network.activation", "network.normalization", "network.skip")

Telling = Callable[[int, int, str, str], None]


@final
@dataclass(frozen=True)
class Training:
    """One of the trainings. way: "layers", "random", "batch" or "skip". seconds: of all its passes.

    error: mean squared, of held-out rows inside the model's scale.
    """

    way: str
    activation: str
    error: float
    seconds: float


@final
@dataclass(frozen=True, eq=False)
class LayerStudy:
    """What :func:`layer_study` finds. trainings: a line each, every way with the first activation, then with the next.

    widths: of the encoder's hidden layers, the decoder mirrors them. numbers: in the code. epochs: passes over ``rows`` rows
    for every way; layer by layer, ``stage_epochs`` of them go to each layer alone. variance: of the ``held_out`` rows that
    judge, a mean over ``cells`` cells: the error of their mean. pca: their error through PCA with as many numbers.

    originals: (m, F, *P), a few held-out rows inside the model's scale. pictures: one array like it for each training.
    value_range: of pixels, None for tables.
    """

    recipe: str
    data: str
    trainings: tuple[Training, ...]
    widths: tuple[int, ...]
    numbers: int
    epochs: int
    stage_epochs: int
    rows: int
    held_out: int
    cells: int
    variance: float
    pca: float | None
    originals: np.ndarray
    pictures: tuple[np.ndarray, ...]
    value_range: tuple[float, float] | None

    @property
    def activations(self) -> tuple[str, ...]:
        """In the order of the trainings."""
        return tuple(dict.fromkeys(t.activation for t in self.trainings))

    def at(self, way: str, activation: str) -> Training:
        """One line."""
        return next(t for t in self.trainings if (t.way, t.activation) == (way, activation))

    @property
    def best_at_once(self) -> Training:
        """The best of those that are trained in one go, as ``fit`` and ``diabolo train`` do."""
        return min((t for t in self.trainings if t.way != "layers"), key=lambda t: t.error)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, without the pictures."""
        shown = [f.name for f in dataclasses.fields(self) if f.name not in ("originals", "pictures", "value_range")]
        plain = {name: getattr(self, name) for name in shown}
        return plain | {"widths": list(self.widths), "trainings": [dataclasses.asdict(t) for t in self.trainings]}

    def kept(self) -> Companion:
        """As a model folder keeps it: every figure; of pictures also a few rows, as bytes."""
        data = self.to_dict() | {"value_range": self.value_range and list(self.value_range)}
        return Companion(data, kept_rows([self.originals, *self.pictures], self.value_range))

    @classmethod
    def from_kept(cls, kept: Companion) -> Self:
        """The inverse of :meth:`kept`, but for rows of tables and what bytes round off. KeyError, ValueError: a damaged one."""
        trainings = tuple(Training(**line) for line in kept.data["trainings"])
        bounds = None if kept.data["value_range"] is None else (kept.data["value_range"][0], kept.data["value_range"][1])
        originals, pictures = shown_rows(kept.arrays, 1 + len(trainings), bounds)
        plain = [f.name for f in dataclasses.fields(cls) if f.name not in ("originals", "pictures")]
        known: dict[str, Any] = {name: kept.data[name] for name in plain}
        known |= {"trainings": trainings, "widths": tuple(kept.data["widths"]), "value_range": bounds}
        return cls(**known, originals=originals, pictures=pictures)


def layer_study(
    data: Any,
    options: Options,
    *,
    y: Any = None,
    activations: Sequence[str] = ACTIVATIONS,
    readers: Sequence[Reader] = (),
    tell: Telling | None = None,
) -> LayerStudy:
    """Train one deep network in four ways with each activation, in as many passes, and judge them on rows none has seen.

    Layer by layer (:func:`diabolo.jobs.learning.layerwise.train_layerwise`) half of the passes go to single layers, alike,
    the rest to the whole. A fifth of the rows, by a hash of their numbers, is kept from all trainings and judges them.

    Args:
        data: anything :func:`diabolo.data.read` takes, or what it returned.
        options: of the trainings. Hidden layers that are not given: four, each half as wide as the one before.
            ``epochs="auto"`` is 20, of few rows up to 60. Activation, normalization and shortcuts are what is compared: not
            to be set.
        activations: names that ``Mlp`` knows. y: labels, which no recipe here may read. readers: called with the events of the
            trainings. tell: called before each with its number from 1, how many there are, its way and its activation.

    Raises:
        UnsupportedError for networks that are not fully connected and recipes that read labels or restore something else,
        ParameterError for too few epochs and for options that are not to be set, DataError for too few rows.

    Bengio et al. 2007, https://papers.nips.cc/paper/3048; Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167;
    He et al. 2016, https://arxiv.org/abs/1512.03385
    """
    options.check()
    _check(options, activations)
    reading = data if isinstance(data, Reading) else read(data)
    conditional = recipes.get(options.recipe).conditional
    if conditional:
        raise UnsupportedError(
            f"Layers are trained one by one without a condition, and the recipe {options.recipe} is told labels."
        )
    apart = set_apart(reading, y, conditional=False, what="Trainings layer by layer")
    asked = _deep(options, apart.part)
    begun = untrained(apart.part, asked)[0]
    widths = tuple(begun.config.composition.network.widths)  # type: ignore[attr-defined]
    stages = len(widths) + 1
    epochs = _passes(len(apart.rows)) if options.epochs == "auto" else int(options.epochs)
    alone = max(1, epochs // (2 * stages))
    if epochs <= alone * stages:
        raise ParameterError(
            f"A network of {stages} layers needs at least {stages + 1} epochs, one for each layer alone and one for the whole; "
            f"got {epochs}."
        )
    trainings: list[Training] = []
    pictures: list[np.ndarray] = []
    last: Trained | None = None
    every = [(way, activation) for activation in activations for way in WAYS]
    for number, (way, activation) in enumerate(every, 1):
        if tell is not None:
            tell(number, len(every), way, activation)
        given = with_way(asked, way, activation)
        started = time.perf_counter()
        if way == "layers":
            shorter = dataclasses.replace(given, epochs=epochs - alone * stages)
            last = train_layerwise(apart.part, shorter, stage_epochs=alone, readers=readers)
        else:
            last = train(apart.part, dataclasses.replace(given, epochs=epochs), readers=readers)
        seconds = time.perf_counter() - started
        refuse_unlike(last, "A study of layers")
        trainings.append(Training(way, activation, apart.error(last, apart.judged), seconds))
        pictures.append(apart.restored(last, apart.judged[:SHOWN]))
    assert last is not None  # there is at least one activation
    rival, x = linear_rival(last), apart.inside(last, apart.judged).reshape(len(apart.judged), -1)
    return LayerStudy(
        recipe=last.config.recipe,
        data=reading.name,
        trainings=tuple(trainings),
        widths=widths,
        numbers=last.model.latent_dim,
        epochs=epochs,
        stage_epochs=alone,
        rows=len(apart.rows),
        held_out=len(apart.judged),
        cells=apart.cells,
        variance=apart.variance(last),
        pca=None if rival is None else square_error(last.kind.layout, x, rival.reconstruct(x)),
        originals=apart.inside(last, apart.judged[:SHOWN]),
        pictures=tuple(pictures),
        value_range=last.kind.layout.bounds,
    )


def with_way(options: Options, way: str, activation: str) -> Options:
    """The options of a training in one go, or of the whole after its layers, of a way with an activation."""
    plain = (("network.activation", activation), ("network.normalization", "none"), ("network.skip", "false"))
    network = "mlp" if options.network == "auto" else options.network
    return dataclasses.replace(options, network=network, settings=(*options.settings, *plain, *WAYS[way]))


def kept_as(options: Options, found: LayerStudy) -> Options:
    """The options of the best of the trainings in one go, to train it on all rows."""
    best = found.best_at_once
    widths = (("network.widths", ",".join(map(str, found.widths))),)
    asked = dataclasses.replace(options, settings=(*options.settings, *widths), epochs=found.epochs)
    return with_way(asked, best.way, best.activation)


def _passes(rows: int) -> int:
    """Over so many rows, where nobody says.

    >>> [_passes(rows) for rows in (60_000, 1_500, 100)]
    [20, 40, 60]
    """
    return min(MOST_EPOCHS, max(EPOCHS, SEEN // rows))


def _deep(options: Options, part: Reading) -> Options:
    """The options with a fully connected network, four hidden layers deep where its widths are not given."""
    network = Mlp() if options.network in ("auto", *(Mlp.name, *Mlp.aliases)) else options.network
    widths = network.get("widths") if isinstance(network, Mapping) else getattr(network, "widths", None)
    if widths is not None or any(path == "network.widths" for path, _ in options.settings):
        return options
    shallow = untrained(part, with_way(options, "random", ACTIVATIONS[0]))[0]
    latent_dim, cells = shallow.model.latent_dim, shallow.kind.layout.cells
    first = chosen_widths(cells, latent_dim, "s")[0]
    chosen = ",".join(str(max(first // 2**i, latent_dim)) for i in range(DEPTH))
    return dataclasses.replace(options, settings=(*options.settings, ("network.widths", chosen)))


def _check(options: Options, activations: Sequence[str]) -> None:
    network = options.network
    name = network.get("name") if isinstance(network, Mapping) else network if isinstance(network, str) else network.name
    if name not in ("auto", Mlp.name, *Mlp.aliases):
        raise UnsupportedError(
            f"Layers are trained one by one in fully connected networks: network='mlp'. This is the network {name!r}."
        )
    if isinstance(activations, str) or not len(activations) or len(set(activations)) < len(activations):
        raise ParameterError(f"activations must be one or several different names, such as {ACTIVATIONS}, got {activations!r}.")
    for activation in activations:
        Mlp().with_text("activation", activation).check()
    set_too = [path for path, _ in options.settings if path in _OWN]
    if set_too:
        raise ParameterError(f"{', '.join(set_too)}: that is what is compared. Leave it out; activations= names functions.")
    if options.time_budget is not None:
        raise ParameterError("Trainings layer by layer are compared in passes, not in time: give epochs, and no time_budget.")
    if options.epochs != "auto" and not is_whole(options.epochs, 1):
        raise ParameterError(f"epochs must be 'auto' or a whole number of at least 1, got {options.epochs!r}.")
