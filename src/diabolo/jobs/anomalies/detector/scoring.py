"""Scoring: one way to scores for whatever a model was trained on, rows of tables or pictures."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.data.sources import Source
from diabolo.jobs.anomalies.detector.scores import PREFIX, RULERS, Scores, fit_neighbors, fit_scores, score_rows, trusted_rows
from diabolo.jobs.anomalies.judge import Judge, flat
from diabolo.jobs.anomalies.rarity import with_rarity
from diabolo.jobs.anomalies.traits import Traits
from diabolo.trained import Trained

NAMES = {"pca": "linear", "code neighbors": "neighbors"}
"""What pictures are judged by, as the parts of tables' scores are called."""

LEAST_ROWS = 20


def is_table(trained: Trained) -> bool:
    """Whether rows have no positions."""
    return not trained.kind.layout.positions


def to_learn_from(kind: Kind, source: Source, rows: Tensor, *, novelty: bool, seed: int) -> Tensor:
    """Which of the rows a model is trained on, row numbers: of a table that may hold anomalies those that can be trusted.

    All where there are fewer than 20, and where those trusted are all alike, so that nothing could be learned from them. kind:
    not fitted yet.
    """
    if novelty or kind.name == "image" or len(rows) < LEAST_ROWS:
        return rows
    chosen = trusted_rows(kind.fit(source, rows), source, rows, seed=seed)
    cells = source.take(chosen)
    alike = (cells == cells[0]) | (cells.isnan() & cells[0].isnan())
    return rows if bool(alike.all()) else chosen


def with_scores(trained: Trained, source: Source, learning: Tensor, *, novelty: bool, seed: int) -> Trained:
    """A model with what its scores need, fitted to its training rows; pictures' comes with every training, but for the density
    of their codes."""
    if not is_table(trained):
        return with_rarity(trained)
    for name, companion in fit_scores(trained, source, learning, novelty=novelty, seed=seed).items():
        trained = trained.with_companion(name, companion)
    return trained


def among_all(trained: Trained, source: Source, *, seed: int) -> Trained:
    """The same with nearest neighbors looked for among all rows of the source; of pictures those of the codes stay."""
    if not is_table(trained):
        return trained
    for name, companion in fit_neighbors(trained, source, seed=seed).items():
        trained = trained.with_companion(name, companion)
    return trained


def neighbor_places(trained: Trained) -> np.ndarray:
    """The places of the rows of a table that others are compared with, (k,) int64; none of pictures."""
    if not is_table(trained):
        return np.empty(0, dtype=np.int64)
    return np.unique(np.concatenate([trained.companions[f"{PREFIX}{name}-neighbors"].arrays["places"] for name in RULERS]))


def score(trained: Trained, source: Source, *, training: bool = False) -> Scores:
    """How strange rows are, higher is stranger. training: they are those that neighbors are looked for among, in order."""
    if is_table(trained):
        return score_rows(trained, source, training=training)
    judge, traits = Judge.of(trained), Traits.of(trained, source, None)
    total = judge.scores(traits)
    beside = judge.beside(traits.codes, flat(trained, source))
    return Scores(total, {"autoencoder": total} | {NAMES[name]: values for name, values in beside.items() if name in NAMES})
