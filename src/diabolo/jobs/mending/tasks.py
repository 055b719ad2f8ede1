"""Tasks: what a model was trained to mend, and what to train where it was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from diabolo.errors import UnsupportedError
from diabolo.trained import Trained

DENOISE, UPSCALE, IMPUTE, UNSHUFFLE = "denoise", "upscale", "impute", "unshuffle"


@final
@dataclass(frozen=True)
class Task:
    """what: the model it needs, in words. recipe: one that makes such a model."""

    what: str
    recipe: str


TASKS: Mapping[str, Task] = {
    DENOISE: Task("trained on damaged inputs", "denoising"),
    UPSCALE: Task("that gives larger pictures than it takes", "upscaling"),
    IMPUTE: Task("that was shown rows with hidden cells", "masked"),
    UNSHUFFLE: Task("that was shown shuffled tiles", "jigsaw"),
}

_BY_DAMAGE = {"mask-patches": (IMPUTE, DENOISE), "shuffle": (UNSHUFFLE,), "downsample": (UPSCALE,)}


def tasks_of(trained: Trained) -> tuple[str, ...]:
    """The tasks a model was trained for, the likeliest first; none for most models."""
    if trained.target_kind is not None:
        before, after = trained.kind.layout.positions, trained.out_kind.layout.positions
        return (UPSCALE,) if before != after and enlargement(trained) else (DENOISE,) if before == after else ()
    corruption = trained.model.composition.corruption
    if corruption is None:
        return ()
    other = (DENOISE, IMPUTE) if corruption.hides else (DENOISE,)  # all other damage, a user's own too, is noise
    return _BY_DAMAGE.get(corruption.name, other)


def enlargement(trained: Trained) -> int:
    """How many times larger each side becomes; 0 where it is no whole number of times, or the same for all sides."""
    before, after = trained.kind.layout.positions, trained.out_kind.layout.positions
    factors = {b // a if b % a == 0 else 0 for a, b in zip(before, after, strict=False)}
    return factors.pop() if len(factors) == 1 and len(before) == len(after) else 0


def require(trained: Trained, task: str) -> None:
    """Raise UnsupportedError, with the recipe to train, where a model was not trained for a task."""
    if task in tasks_of(trained):
        return
    corruption = trained.model.composition.corruption
    given = "pairs" if trained.target_kind is not None else f"corruption {corruption.name!r}" if corruption else "no corruption"
    wanted = TASKS[task]
    pairs = ", or on pairs with target=" if task in (DENOISE, UPSCALE) else ""
    raise UnsupportedError(
        f"{task} needs a model {wanted.what}; this one is {trained.config.recipe!r} with {given}. Train one with the recipe "
        f"{wanted.recipe!r} (diabolo train DATA --recipe {wanted.recipe}){pairs}."
    )
