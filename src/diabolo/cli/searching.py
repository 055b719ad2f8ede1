"""What ``diabolo search`` searches, and what it found: as text, as a table, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from diabolo.cli import console, outputs
from diabolo.cli.inputs import read_for, say_notes
from diabolo.data import Reading
from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError, StoreError
from diabolo.jobs.codes.index import ENDING, Index, build_index, check_made_by
from diabolo.jobs.codes.search import Neighbors, Precision, judge_search
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

SHOWN = 10
"""Queries whose nearest items are printed."""
WORDS = {"model": "this model's codes", "raw": "raw data", "pca": "PCA, as many numbers", "chance": "drawn at random"}


def check_places(data: str, query: str, strip: Path | None, keep_index: Path | None) -> None:
    """Look at the files that are to be written before any work is done."""
    if is_index(query):
        raise ParameterError(f"{query} is an index, and QUERY should be what is looked for: diabolo search MODEL INDEX QUERY.")
    for option, path, ending in (("--strip", strip, ".png"), ("--keep-index", keep_index, ENDING)):
        if path is not None:
            outputs.ending(path, (ending,), data, option=option)
    if keep_index is not None and is_index(data):
        raise ParameterError(f"{data} is an index already: leave --keep-index out.")


def is_index(data: str) -> bool:
    """Whether this is the name of a kept index."""
    return Path(data).suffix.lower() == ENDING


def is_same(query: str, index: Index) -> bool:
    """Whether what is looked for is what is searched."""
    return index.data in (query, str(Path(query).resolve()))


def check_strip(trained: Trained, strip: Path | None) -> None:
    """ParameterError where pictures are asked for and there are none."""
    if strip is not None and trained.kind.name != "image":
        raise ParameterError("--strip shows pictures, and this model takes tables. -o FILE keeps which rows were found.")
    if strip is not None and trained.kind.layout.fields not in (1, 3, 4):
        raise ParameterError(f"--strip shows pictures of 1, 3 or 4 channels, these have {trained.kind.layout.fields}.")


def indexed(
    trained: Trained, data: str, metric: str | None, read: dict[str, Any], *, rows_too: bool
) -> tuple[Index, Source | None]:
    """The index, and the items it is of: None where it was kept before and they are not needed."""
    if not is_index(data):
        reading = read_for(trained, data, **read)
        say_notes(data, reading)
        place = str(Path(data).resolve()) if Path(data).exists() else data
        index = build_index(trained, reading.source, reading.labels, reading.ids, metric or "euclidean", place=place)
        return index, reading.source
    index = Index.load(data)
    check_made_by(trained, index)
    if metric not in (None, index.metric):
        raise ParameterError(
            f"The index {data} was made with the metric {index.metric}: leave --metric out, or search the data."
        )
    return index, _items_again(trained, index, data, read) if rows_too else None


def _items_again(trained: Trained, index: Index, data: str, read: dict[str, Any]) -> Source:
    """The items of a kept index, read from where they were. DataError where they are no longer the same."""
    if not index.data:
        raise StoreError(
            f"The index {data} does not say where its pictures are from: leave --strip out, or search them themselves."
        )
    reading = read_for(trained, index.data, **read)
    names = np.arange(len(index)).astype(str) if reading.ids is None else reading.ids
    if len(reading.source) != len(index) or not np.array_equal(names, index.names):
        raise DataError(
            f"{index.data} has changed since the index {data} was made: it held {len(index)} items, now {len(reading.source)}. "
            "Make the index again with --keep-index."
        )
    return reading.source


def judged(trained: Trained, index: Index, items: Source, wanted: Reading, k: int, *, same: bool) -> Precision | None:
    """Precision at k of labeled queries; of the items themselves where the queries have no labels, or are the items."""
    if wanted.labels is None or same:
        return judge_search(trained, index, items, k)
    return judge_search(trained, index, items, k, wanted.source, wanted.labels)


def names_of(wanted: Reading) -> list[str]:
    """What the queries are called: files, ids, or row numbers."""
    return [str(i) for i in range(len(wanted.source))] if wanted.ids is None else [str(v) for v in wanted.ids.tolist()]


def plain(wanted: Reading, found: Neighbors) -> list[dict[str, Any]]:
    """An object a query, ready for JSON."""
    given = wanted.labels
    return [
        {"query": name, **({} if given is None else {"label": given[i]}), "nearest": _nearest(found, i)}
        for i, name in enumerate(names_of(wanted))
    ]


def _nearest(found: Neighbors, i: int) -> list[dict[str, Any]]:
    columns = {"row": found.rows[i], "name": found.names[i], "distance": found.distances[i]}
    columns |= {} if found.labels is None else {"label": found.labels[i]}
    return [dict(zip(columns, values, strict=True)) for values in zip(*(c.tolist() for c in columns.values()), strict=True)]


def show(index: Index, wanted: Reading, found: Neighbors, judged: Precision | None) -> None:
    """The nearest items of the first queries, and how often labels agree."""
    names, labels = names_of(wanted), found.labels
    rows = [
        [names[i] if j == 0 else "", found.names[i, j], f"{found.distances[i, j]:.4g}"]
        + ([] if labels is None else [str(labels[i, j])])
        for i in range(min(len(names), SHOWN))
        for j in range(found.rows.shape[1])
    ]
    n = len(names)
    more = f"; the first {SHOWN} of {n} queries, -o FILE keeps all" if n > SHOWN else ""
    headings = ["query", "nearest", "distance", *([] if labels is None else ["label"])]
    console.table(headings, rows, title=f"Nearest of {len(index)} items by code, {index.metric} distance{more}", numbers=(2,))
    if judged is None:
        return
    if judged.left_out:
        asked = f"{judged.queries} items, each looked for among the others"
    else:
        asked = f"{judged.queries} queries" if judged.queries == n else f"{judged.queries} of the {n} queries"
        if judged.themselves:
            asked += f", {judged.themselves} of them among the items, each looked for among the others"
    figures = [[WORDS[name], f"{share:.1%}"] for name, share in judged.shares.items()]
    title = f"Of the {judged.k} nearest of {judged.rows} items have the label of what was looked for ({asked})"
    console.table(["searched", "precision"], figures, title=title, numbers=(1,))


def write_found(wanted: Reading, found: Neighbors, path: Path, ending: str) -> None:
    """A line for each query and each of its nearest: rank from 1, row, distance, and names and labels beside them."""
    q, k = found.rows.shape
    numbers = {"rank": np.tile(np.arange(1, k + 1), q), "row": found.rows.ravel(), "distance": found.distances.ravel()}
    beside = {"query": np.repeat(np.array(names_of(wanted)), k), "name": found.names.ravel()}
    if wanted.labels is not None:
        beside["query_label"] = np.repeat(wanted.labels, k)
    if found.labels is not None:
        beside["label"] = found.labels.ravel()
    outputs.write_table(path, ending, "neighbors", numbers, beside)


def write_strip(trained: Trained, wanted: Reading, items: Source, found: Neighbors, path: Path) -> None:
    """A PNG: the first queries, each with its nearest beside it."""
    from diabolo.figures.export import to_png
    from diabolo.figures.neighbors import LINES, neighbors

    shown = found.rows[:LINES]
    if len(found.rows) > LINES:
        console.warn(f"The strip shows the first {LINES} of {len(found.rows)} queries.")
    near = Subset(items, torch.from_numpy(shown.ravel()))
    x, y = (
        trained.kind.inside(source, torch.arange(n)).numpy() for source, n in ((wanted.source, len(shown)), (near, shown.size))
    )
    bounds = trained.kind.layout.bounds or (0.0, 1.0)
    fig = neighbors(x, y.reshape(*shown.shape, *y.shape[1:]), found.distances[:LINES], value_range=bounds)
    write_bytes(path, to_png(fig))
