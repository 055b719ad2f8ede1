"""Search: the items whose codes are nearest to a query's, and how often those have its label."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset, at_most
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.index import Index, check_made_by
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.labels import class_names, classes_of
from diabolo.maths.nearest import nearest
from diabolo.metrics.neighbors import precision_at_k
from diabolo.spec import is_whole
from diabolo.trained import Trained

JUDGED_QUERIES = 1_000
JUDGED_CELLS = 50_000_000
"""Numbers in the raw rows that are compared at most; of more rows some are drawn."""


@final
@dataclass(frozen=True, eq=False)
class Neighbors:
    """What :func:`search` finds for q queries, the nearest first.

    rows: (q, k), numbers of the items in the index, counted from 0. distances: (q, k), in the index's metric. names, labels:
    (q, k), of those items; labels None where the index has none.
    """

    rows: np.ndarray
    distances: np.ndarray
    names: np.ndarray
    labels: np.ndarray | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {f.name: None if (v := getattr(self, f.name)) is None else v.tolist() for f in dataclasses.fields(self)}


@final
@dataclass(frozen=True)
class Precision:
    """How good a search by labels is: of the k nearest items, the share with the query's label, a mean over the queries.

    shares: by what is searched: "model" (codes), "raw" (rows as the model sees them: pixels, standardized columns), "pca" (as
    many numbers as a code has; not for models trained on pairs), and "chance", items drawn at random. rows: how many items
    were searched. left_out: whether the queries were drawn from the items, each left out of its own search. themselves: how
    many queries are items themselves: all of those, and of given queries those with the raw row of an item of their label (or
    of none), which is left out of their search too.
    """

    k: int
    queries: int
    rows: int
    left_out: bool
    shares: Mapping[str, float]
    themselves: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self) | {"shares": dict(self.shares)}


def search(trained: Trained, index: Index | str | Path, queries: Any, k: int = 5, y: Any = None) -> Neighbors:
    """The k items of an index that are nearest to each query, exactly; fewer where the index holds fewer.

    index: what :func:`diabolo.jobs.codes.index.build_index` made, or the file that one was kept in. queries: rows in the
    caller's own shape, a path or a name. y: their labels, for conditional recipes.

    Raises DataError for queries of another size than the model takes, or an index made by another model; StoreError for a
    file that is no index.
    """
    _check_k(k)
    index = index if isinstance(index, Index) else Index.load(index)
    check_made_by(trained, index)
    z = torch.from_numpy(embed(trained, queries, y))
    rows, distances = nearest(z, torch.from_numpy(index.codes), k, index.metric)
    near = rows.numpy()
    return Neighbors(near, distances.numpy(), index.names[near], None if index.labels is None else index.labels[near])


def judge_search(
    trained: Trained,
    index: Index,
    items: Source,
    k: int = 5,
    queries: Source | None = None,
    y: Any = None,
    *,
    seed: int = 0,
) -> Precision | None:
    """Precision at k of the codes in an index, beside raw data and beside PCA with as many numbers.

    items: the rows that the index was made of. queries, y: other rows and their labels; without them up to 1 000 of the items
    are looked for among the others. So are given queries that are among the items: an item with a query's own raw row is no
    find. Raw data and PCA are searched by the index's metric too. Queries and items without a label (an empty text, NaN) are
    left out. None where the labels are no classes, where there are none, or nothing to compare.
    """
    _check_k(k)
    check_made_by(trained, index)
    _check_rows(index, items, queries, y)
    classes = classes_of(index.labels, len(items))
    asked_for = classes if y is None else class_names(y)
    if classes is None or asked_for is None:
        return None
    most = max(2, JUDGED_CELLS // trained.kind.layout.cells)
    there = np.flatnonzero(classes != "")
    kept = there[at_most(len(there), most, seed)]
    labels = classes[kept]
    wanted = labels if y is None else asked_for
    known = np.flatnonzero(wanted != "")
    asked = known[at_most(len(known), min(JUDGED_QUERIES, most), seed + 1)]
    if len(asked) == 0 or len(kept) < 2:
        return None
    searched = _views(trained, items, kept, index.codes[kept])
    if queries is None:
        own = asked
        sought = {name: rows[torch.from_numpy(asked)] for name, rows in searched.items()}
    else:
        assert y is not None  # checked above
        z = embed(trained, Subset(queries, torch.from_numpy(asked)), np.asarray(y).ravel()[asked])
        sought = _views(trained, queries, asked, z)
        own = _themselves(sought["raw"].numpy(), wanted[asked], searched["raw"].numpy(), labels)
    themselves = int((own >= 0).sum())
    left_out = torch.from_numpy(own) if themselves else None
    shares = {}
    for name, rows in searched.items():
        near = nearest(sought[name], rows, k, index.metric, left_out)[0].numpy()
        shares[name] = precision_at_k(labels[near], wanted[asked])
    shares["chance"] = _chance(labels, wanted[asked], own)
    return Precision(min(k, len(kept) - (themselves > 0)), len(asked), len(kept), queries is None, shares, themselves)


def _themselves(queries: np.ndarray, wanted: np.ndarray, items: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(q,) int64, the item that each query is: the first with the same raw row and the same label, or none; -1 for no item."""
    alike: dict[bytes, list[int]] = {}
    for i, row in enumerate(queries):
        alike.setdefault(row.tobytes(), []).append(i)
    own = np.full(len(queries), -1)
    for item, row in enumerate(items):
        for i in alike.get(row.tobytes(), ()):
            if own[i] < 0 and labels[item] in (wanted[i], ""):
                own[i] = item
    return own


def _check_rows(index: Index, items: Source, queries: Source | None, y: Any) -> None:
    if len(items) != len(index):
        raise DataError(f"Expected the {len(index)} items that the index was made of, got {len(items)} rows.")
    if (queries is None) != (y is None):
        raise DataError("queries and their labels y go together: give both, or neither.")
    if queries is not None and np.shape(y) != (len(queries),):
        raise DataError(f"y must have one label a query: there are {len(queries)} queries, y has the shape {np.shape(y)}.")


def _views(trained: Trained, source: Source, rows: np.ndarray, codes: np.ndarray) -> dict[str, Tensor]:
    """What is searched, or looked for, (n, d) each: codes, rows as the model sees them, and what PCA makes of those."""
    raw = trained.kind.inside(source, rows).flatten(1)
    twin = linear_twin(trained)
    beside = {} if twin is None else {"pca": torch.from_numpy(twin.transform(raw.numpy()))}
    return {"model": torch.from_numpy(codes), "raw": raw} | beside


def _check_k(k: int) -> None:
    if not is_whole(k, 1):
        raise ParameterError(f"k, how many nearest items, must be a whole number of at least 1, got {k!r}.")


def _chance(labels: np.ndarray, looked_for: np.ndarray, own: np.ndarray) -> float:
    """Precision of items drawn at random: the share of a query's label among the items, the item it is itself aside."""
    count, there = Counter(labels.tolist()), own >= 0
    same = np.array([count[label] for label in looked_for.tolist()]) - (there & (labels[own] == looked_for))
    return float(np.mean(same / (len(labels) - there)))
