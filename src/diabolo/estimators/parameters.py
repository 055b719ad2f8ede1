"""The parameters a model was made with: what a loaded estimator gets, and what must stay where a training goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from diabolo.composition import FAMILIES, as_part
from diabolo.data import Reading, read
from diabolo.errors import ParameterError
from diabolo.jobs.mending.pairs import SHRINKS
from diabolo.jobs.train import Options, plain
from diabolo.parts.corruptions import Downsample
from diabolo.spec import Part, is_whole
from diabolo.trained import Trained
from diabolo.training.plan import as_optimizer

READ_AS = ("image_shape", "value_range", "patch")
OF_MODEL = ("recipe", *FAMILIES, "latent_dim", "size", "kind", *READ_AS)
"""What a model is, for good: another value needs a new one."""

OF_TRAINING = tuple(f.name for f in dataclasses.fields(Options) if f.name not in (*OF_MODEL, "seed", "settings"))


def asked_of(estimator: Any, seed: int) -> Options:
    """What an estimator with the parameters of :class:`diabolo.Autoencoder` asks of a training."""
    names = {f.name for f in dataclasses.fields(Options)} - {"seed", "settings"}
    return Options(**{name: getattr(estimator, name) for name in names}, seed=seed)


def made_with(trained: Trained) -> dict[str, Any]:
    """The parameters of an estimator that makes such a model again: choices resolved, parts as copies of the model's."""
    config = trained.config
    parts = {role: _parts(role, getattr(config.composition, role)) for role in FAMILIES}
    asked = config.data.get("asked", {})
    known = {name: config.options[name] for name in ("size", *OF_TRAINING) if name in config.options}
    known |= {n: tuple(asked[n]) if isinstance(asked[n], Sequence) else asked[n] for n in READ_AS if n in asked}
    if known.get("optimizer", "auto") != "auto":
        known["optimizer"] = as_optimizer(known["optimizer"])
    return (
        parts
        | known
        | {
            "recipe": config.recipe,
            "corruption": Downsample(config.data[SHRINKS]) if SHRINKS in config.data else parts["corruption"] or "none",
            "latent_dim": config.latent_dim,
            "kind": trained.kind.name,
            "random_state": config.options.get("seed"),
        }
    )


def options_of(trained: Trained) -> Options:
    """What was asked for when the model was made, for more trainings like that one; the user's own code is the model's."""
    config = trained.config
    asked = {f.name: config.options[f.name] for f in dataclasses.fields(Options) if f.name in config.options}
    asked["settings"] = tuple((path, text) for path, text in asked.get("settings", ()))
    for role in ("network", "likelihood"):
        part = getattr(config.composition, role)
        asked |= {role: part} if part.name == "custom" else {}
    if isinstance(asked.get("optimizer"), Mapping):
        asked["optimizer"] = as_optimizer(asked["optimizer"])
    return Options(**asked)


def read_again(trained: Trained, X: Any) -> Reading:
    """Data for more trainings, read as those of the model were asked to be read, with scales of their own."""
    asked = trained.config.data.get("asked", {})
    known: dict[str, Any] = {n: tuple(asked[n]) if isinstance(asked[n], list) else asked[n] for n in READ_AS if n in asked}
    return read(X, kind=trained.kind.name, **known)


def seed_of(random_state: Any) -> int:
    """A seed from a whole number, None (a new one) or a generator of NumPy's; ParameterError for anything else."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if not is_whole(random_state, 0):
        raise ParameterError(
            f"random_state must be a whole number of at least 0, None or a generator of NumPy's, got {random_state!r}."
        )
    return int(random_state)


def refuse_another_model(given: Mapping[str, Any], trained: Trained) -> None:
    """Raise ParameterError where parameters ask for another model than ``trained``, which a training is to go on with.

    Each may be what was asked for when the model was made, or what came of it.
    """
    before = Options().to_json() | dict.fromkeys(READ_AS) | {"kind": "auto"}
    asked = {**before, **trained.config.options, **trained.config.data.get("asked", {})}
    made = made_with(trained)
    changed = [name for name in OF_MODEL if not _same(name, given[name], asked[name], made.get(name))]
    if changed:
        raise ParameterError(
            f"{', '.join(changed)} changed since this model was made, and to go on with a model keeps what it is made of. "
            "Set back what changed, or fit anew: with warm_start=False, or on sklearn.base.clone(estimator)."
        )


def _same(name: str, given: Any, asked: Any, made: Any) -> bool:
    if name not in FAMILIES or given in (None, "auto", "none"):
        return plain(given) in (plain(asked), plain(made))
    parts = _parts(name, given)
    if isinstance(parts, Part) and parts.name == "custom":  # code, which a description does not tell apart
        return bool(parts == made)
    several = parts if isinstance(parts, tuple) else (parts,)
    return plain(given) == plain(asked) or plain(parts) == plain(made) or plain(several) == plain(made)


def _parts(role: str, given: Any) -> Any:
    """A part, or several regularizers, as objects of their own; None as it is."""
    if isinstance(given, (tuple, list)):
        return tuple(_parts(role, one) for one in given)
    return given if given is None else as_part(role, given)
