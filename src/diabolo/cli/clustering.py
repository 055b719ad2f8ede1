"""What ``diabolo cluster`` found: as text, as a table of rows, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diabolo.cli import console, outputs
from diabolo.data import Reading
from diabolo.errors import ParameterError
from diabolo.jobs.codes.cluster import Clustering
from diabolo.jobs.codes.viewers import pictures_of
from diabolo.store.files import write_bytes
from diabolo.trained import Trained

NAMED = 4
"""Typical and odd rows that the table names."""
WORDS = {"model": "this model's codes", "pca": "PCA, as many numbers", "data": "the data themselves"}
METHODS = {"kmeans": "k-means", "mixture": "a mixture of Gaussians"}


def number(text: str) -> int | str:
    """``auto``, or a number of clusters. Raises ParameterError for anything else.

    >>> number("10"), number("auto")
    (10, 'auto')
    """
    if text == "auto" or (text.isdecimal() and int(text) > 0):
        return text if text == "auto" else int(text)
    raise ParameterError(f"--clusters expects auto or a whole number of at least 1, got {text!r}.")


def check_pictures(trained: Trained, path: Path | None) -> None:
    """ParameterError where there are no pictures to draw."""
    if path is not None and trained.kind.name != "image":
        raise ParameterError("--pictures draws pictures, and this model takes tables. -o FILE keeps the cluster of each row.")


def show(reading: Reading, found: Clustering) -> None:
    """The number of clusters and why, each cluster with its typical and odd rows, and what is simpler."""
    n = len(found.assignments)
    space = found.table[0]
    why = "" if found.suggestion is None else f" The number was suggested: {found.suggestion.reason}."
    few = "" if found.rows == n else f" Fitted to {found.rows} of them."
    what = f"{found.clusters} cluster{'s' * (found.clusters != 1)} of {n} rows"
    console.result(f"{what} by {METHODS[found.method]} on codes of {space.numbers} numbers.{few}{why}")
    names = [str(i) for i in range(n)] if reading.ids is None else [str(v) for v in reading.ids.tolist()]
    labeled = found.commonest is not None
    headings = ["cluster", "rows", *(["commonest label"] if labeled else []), "typical rows", "odd rows"]
    rows = []
    for c in range(found.clusters):
        common = [f"{found.commonest[c][0]} ({found.commonest[c][1]:.0%})"] if found.commonest is not None else []
        near, far = (", ".join(names[i] for i in members[c][:NAMED]) for members in (found.typical, found.odd))
        rows.append([str(c), str(found.sizes[c]), *common, near, far])
    console.table(headings, rows, numbers=(0, 1))
    table = [
        [WORDS[line.name], str(line.numbers), *(_figure(v) for v in (line.silhouette, line.nmi, line.ari))]
        for line in found.table
    ]
    title = f"Beside: {METHODS[found.method]}, as many clusters"
    wide = 5 if space.nmi is not None else 3
    headings = ["", "numbers", "silhouette", "NMI", "ARI"][:wide]
    console.table(headings, [line[:wide] for line in table], title=title, numbers=range(1, wide))


def write_assignments(found: Clustering, path: Path, ending: str, beside: Mapping[str, Any]) -> None:
    """The cluster of each row, how far it is from the center, and names and labels where there are any."""
    columns = {"cluster": found.assignments, "distance": found.distances}
    outputs.write_table(path, ending, "clusters", columns, {k: v for k, v in beside.items() if v is not None})


def write_pictures(trained: Trained, reading: Reading, found: Clustering, path: Path) -> None:
    """Typical and odd members of each cluster, a line a cluster, as PNG."""
    from diabolo.figures.clusters import members
    from diabolo.figures.export import to_png

    fig = members(found, lambda rows: pictures_of(trained, reading.source, rows), value_range=(0.0, 255.0))
    write_bytes(path, to_png(fig))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
