"""New rows to look at: drawn as a model draws them, beside real ones and beside the nearest rows of the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.codes.embed import made_of
from diabolo.jobs.codes.reconstruct import encode_all
from diabolo.jobs.generation.holes import HOLES, find_holes
from diabolo.jobs.generation.judge_samples import SampleJudgment, judge_samples
from diabolo.jobs.generation.sample import sample_codes
from diabolo.jobs.generation.sample_verdict import hollow_line
from diabolo.maths.nearest import nearest
from diabolo.trained import Trained, as_labels


@final
@dataclass(frozen=True, eq=False)
class Nearest:
    """New rows and the training rows nearest to them, by Euclidean distance inside the model's scale.

    made: (n, F, *P). near: (n, F, *P), of ``rows`` training rows. distances: (n,).
    """

    made: Tensor
    near: Tensor
    distances: np.ndarray
    rows: int


@final
@dataclass(frozen=True, eq=False)
class NewRows:
    """What :func:`look_at_new_rows` finds.

    judgment: every origin of codes beside PCA. real: (n, F, *P), real rows. made: (n, F, *P) by the usual origin. better: the
    same by the best one, None where that is the usual one. nearest: of ``made``, None without training rows. labels: of all of
    them, or None. hollow: where codes often fall into holes, what they are drawn from, and what comes out of the emptiest of
    these; None where they do not.
    """

    judgment: SampleJudgment
    real: Tensor
    made: Tensor
    better: Tensor | None
    nearest: Nearest | None
    labels: tuple[Any, ...] | None
    hollow: tuple[str, Tensor] | None = None

    @property
    def usual(self) -> str:
        """The origin that ``sample`` takes."""
        return self.judgment.usual

    @property
    def best(self) -> str:
        """The origin of the model with the least Fréchet distance."""
        return self.judgment.own[0].origin

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        found = self.nearest
        near = None
        if found is not None:
            near = {"distances": found.distances.tolist(), "rows": found.rows, "usual": self.judgment.near}
        return {"judgment": self.judgment.to_dict(), "usual": self.usual, "best": self.best, "nearest": near}


def look_at_new_rows(
    trained: Trained, source: Source, y: np.ndarray | None = None, training: Source | None = None, *, n: int = 8, seed: int = 0
) -> NewRows:
    """Judge new rows beside the real ones of ``source`` (20 at least), and draw n to look at.

    y: labels, for conditional recipes, which draw new rows with those of the real ones. training: rows of the training, to look
    for copies. seed: of all that is drawn.
    """
    judgment = judge_samples(trained, source, y, training=training, seed=seed)
    usual, best = judgment.usual, judgment.own[0].origin
    rows = np.random.default_rng(seed).permutation(len(source))[:n]
    shown = Subset(source, torch.from_numpy(rows))
    labels = as_labels(y)[rows] if y is not None and trained.config.labels else None
    made = drawn(trained, len(rows), usual, labels, seed)
    return NewRows(
        judgment=judgment,
        real=encode_all(trained, shown),
        made=made,
        better=None if best == usual else drawn(trained, len(rows), best, labels, seed),
        nearest=None if training is None else nearest_rows(trained, made, training),
        labels=None if labels is None else tuple(labels.tolist()),
        hollow=_hollow(trained, source, y, judgment, len(rows), seed),
    )


def _hollow(
    trained: Trained, source: Source, y: np.ndarray | None, judgment: SampleJudgment, n: int, seed: int
) -> tuple[str, Tensor] | None:
    """What comes out of the emptiest places that codes are drawn from; None where holes are few."""
    line = hollow_line(judgment)
    if line.holes is None or line.holes <= HOLES:
        return None
    found = find_holes(trained, source, y, n, origin=line.origin, seed=seed)
    return line.origin, made_of(trained, found.codes.astype(np.float32), found.labels, seed=seed)


def drawn(trained: Trained, n: int, density: str, y: Any, seed: int | None) -> Tensor:
    """n new rows inside the model's scale, (n, F, *P). y: the label of all, or n of them, for conditional recipes."""
    return made_of(trained, sample_codes(trained, n, density=density, random_state=seed), y, seed=seed)


def nearest_rows(trained: Trained, made: Tensor, training: Any) -> Nearest:
    """The training row nearest to each of the new rows, (n, F, *P)."""
    source = training if isinstance(training, Source) else trained.out_kind.read(training)
    rows = encode_all(trained, source)
    near, distances = nearest(made.flatten(1), rows.flatten(1), 1)
    return Nearest(made, rows[near[:, 0]], distances[:, 0].numpy(), len(source))
