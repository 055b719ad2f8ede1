"""Uses: what a code is good for besides restoring rows, each beside what is simpler, on few enough rows to take seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset, at_most
from diabolo.jobs.codes.cluster import MOST, Clustering, cluster
from diabolo.jobs.codes.discrete import quantizer
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.index import build_index
from diabolo.jobs.codes.search import Precision, judge_search
from diabolo.jobs.codes.ways import Ways, look_at_ways
from diabolo.jobs.companions import CODES, linear_twin
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.new_rows import NewRows, look_at_new_rows
from diabolo.jobs.generation.spread import WIDEST
from diabolo.jobs.labels import classes_of
from diabolo.maths.nearest import nearest
from diabolo.trained import Trained, as_labels

ROWS, CELLS = 500, 10_000_000
"""Rows that are looked at, and numbers they may hold: fewer of wide ones."""
TRAINING = 4_000
"""Training rows that new ones are held to."""
FEWEST = 20
QUERIES, NEAREST = 6, 5


@final
@dataclass(frozen=True, eq=False)
class Found:
    """A search among the rows themselves.

    queries: (q,), numbers of rows that are looked for. near: (q, k), of the rows nearest to them by code. precision: with
    labels, None without. agreement: of a row's k nearest in the data, the share that is among the k nearest by "model" (codes)
    and by "pca" (as many numbers), a mean over all rows.
    """

    queries: np.ndarray
    near: np.ndarray
    precision: Precision | None
    agreement: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        precision = None if self.precision is None else self.precision.to_dict()
        return {"k": self.near.shape[1], "precision": precision, "agreement": dict(self.agreement)}


@final
@dataclass(frozen=True, eq=False)
class Uses:
    """What :func:`find_uses` finds. rows: (m,), which rows of the source were looked at; all other numbers are places in these.

    new_rows and ways are what was found, or why there is nothing. profiles: (C, F), means of each
    cluster's rows of a table, from the mean of all and in their standard deviations; None for pictures.
    """

    rows: np.ndarray
    clusters: Clustering
    profiles: np.ndarray | None
    search: Found
    new_rows: NewRows | Finding
    ways: Ways | Finding

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "rows": len(self.rows),
            "clusters": _clusters(self.clusters),
            "search": self.search.to_dict(),
            "new_rows": self.new_rows.to_dict(),
            "ways": self.ways.to_dict(),
        }


def find_uses(
    trained: Trained,
    source: Source,
    y: np.ndarray | None = None,
    *,
    training: Source | None = None,
    seed: int = 0,
) -> Uses | Finding:
    """Cluster, search, generate and walk through up to 500 rows of a source, drawn with ``seed``; or why not.

    Args:
        y: labels (n,), of conditional recipes, or those that came with the data. Where they are classes, there are as many
            clusters, and search is judged by them.
        training: rows of the training, to look for copies; of more than 4 000 so many are drawn.

    A finding for fewer than 20 rows, and for models whose rows or codes are parts of something larger: squares of photographs,
    codes that are maps of more than 256 numbers, unless these are discrete.
    """
    shape = trained.model.code_shape
    if trained.kind.patches or (len(shape) > 1 and math.prod(shape) > WIDEST and quantizer(trained) is None):
        return Finding("uses.parts")
    if len(source) < FEWEST:
        return Finding("uses.few", {"n": len(source), "least": FEWEST})
    most = max(FEWEST, min(ROWS, CELLS // trained.kind.layout.cells))
    rows = at_most(len(source), most, seed)
    some, classes = Subset(source, torch.from_numpy(rows)), classes_of(y, len(source))
    need = as_labels(y).ravel()[rows] if y is not None and trained.config.labels else None
    known = None if classes is None else classes[rows]
    z = embed(trained, some, need)
    if len(np.unique(z, axis=0)) < 3:
        return Finding("uses.alike")
    if training is not None:
        kept = at_most(len(training), max(FEWEST, min(TRAINING, 2 * CELLS // trained.kind.layout.cells)), seed)
        training = Subset(training, torch.from_numpy(kept))
    clusters = _clustered(trained, some, known, need, z, seed)
    return Uses(
        rows=rows,
        clusters=clusters,
        profiles=_profiles(trained, some, clusters),
        search=_found(trained, some, z, known, need),
        new_rows=_new_rows(trained, some, need, training, seed),
        ways=_ways(trained, some, known if need is None else need, training, seed),
    )


def _clustered(
    trained: Trained, some: Source, known: np.ndarray | None, need: np.ndarray | None, z: np.ndarray, seed: int
) -> Clustering:
    count = 0 if known is None else len(np.unique(known[known != ""]))
    different = len(np.unique(z, axis=0))
    number: int | str = count if 2 <= count <= min(MOST, different) else "auto"
    return cluster(trained, some, known if need is None else need, clusters=number, random_state=seed)


def _profiles(trained: Trained, some: Source, found: Clustering) -> np.ndarray | None:
    if trained.kind.layout.positions:
        return None
    x = _inside(trained, some).double().numpy()
    spread = x.std(axis=0)
    apart = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.stack([apart[found.assignments == c].mean(axis=0) for c in range(found.clusters)])


def _found(trained: Trained, some: Source, z: np.ndarray, known: np.ndarray | None, need: np.ndarray | None) -> Found:
    index = build_index(trained, some, known if need is None else need)
    precision = None if known is None else judge_search(trained, index, some, NEAREST)
    n = len(some)
    own, k = torch.arange(n), min(NEAREST, n - 1)
    codes, x = torch.from_numpy(z), _inside(trained, some)
    spaces = {"model": codes}
    twin = linear_twin(trained)
    if twin is not None:
        spaces["pca"] = torch.from_numpy(twin.transform(x.numpy()))
    near = {name: nearest(space, space, k, own=own)[0] for name, space in spaces.items()}
    true = nearest(x, x, k, own=own)[0]
    queries = np.linspace(0, n - 1, min(QUERIES, n)).round().astype(np.int64)
    agreement = {name: _shared(rows, true) for name, rows in near.items()}
    return Found(queries, near["model"][torch.from_numpy(queries)].numpy(), precision, agreement)


def _shared(found: Tensor, true: Tensor) -> float:
    """The share of the true neighbors (n, k) that were found (n, k)."""
    return float((true[:, :, None] == found[:, None, :]).any(2).double().mean())


def _new_rows(trained: Trained, some: Source, need: np.ndarray | None, training: Source | None, seed: int) -> NewRows | Finding:
    if trained.target_kind is not None:
        return Finding("generation.pairs")
    numbers = int(np.prod(trained.model.code_shape))
    if numbers > WIDEST and quantizer(trained) is None:  # the prior of discrete codes travels with the model
        return Finding("generation.wide", {"n": numbers, "most": WIDEST})
    if CODES not in trained.companions or len(trained.companions[CODES].arrays["z"]) < FEWEST:
        return Finding("generation.few", {"least": FEWEST})
    return look_at_new_rows(trained, some, need, training, seed=seed)


def _ways(trained: Trained, some: Source, y: np.ndarray | None, training: Source | None, seed: int) -> Ways | Finding:
    if trained.target_kind is not None:
        return Finding("interpolation.pairs")
    found = look_at_ways(trained, some, y, training, seed=seed)
    return Finding("interpolation.none") if found is None else found


def _clusters(found: Clustering) -> dict[str, Any]:
    """Without what is there a row."""
    long = ("assignments", "distances", "centers")
    return {name: value for name, value in found.to_dict().items() if name not in long}


def _inside(trained: Trained, some: Source) -> Tensor:
    """Rows as the model sees them, (m, cells), on the host."""
    return trained.kind.inside(some).flatten(1)
