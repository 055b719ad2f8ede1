"""Neighborhoods: what codes and maps keep of who is near whom, beside the data themselves and PCA with as many numbers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from diabolo.data.sources import Source
from diabolo.jobs.codes.maps import CodeMap
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.labels import classes_of
from diabolo.metrics.neighbors import knn_purity, trustworthiness
from diabolo.trained import Trained

ROWS = 2_000
CELLS = 25_000_000  # numbers of the data that are looked at, at most
FEWEST = 4  # rows that trustworthiness needs
PURITY_K, TRUST_K = 10, 5


@final
@dataclass(frozen=True)
class Neighborhood:
    """How well one space keeps neighbors.

    name: "data", "model", "pca", "map". numbers: of a row in that space. trustworthiness: whether rows that are near there are
    near in the data; None for the data. purity: share of the ten nearest rows with the row's label; None without classes.
    """

    name: str
    numbers: int
    trustworthiness: float | None
    purity: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self)


def neighborhoods(
    trained: Trained, source: Source, z: np.ndarray, labels: Any = None, found: CodeMap | None = None
) -> tuple[Neighborhood, ...]:
    """Trustworthiness (k = 5) and purity (k = 10) of the codes, beside the data, PCA with as many numbers, and the map.

    z: the codes (n, K) of all rows of ``source``. labels: (n,), rows without one count for trustworthiness only. found: a map
    of these codes. At most 2 000 rows are looked at, evenly spread, of those on the map. Empty for fewer than 4 rows.
    See :func:`diabolo.metrics.neighbors.trustworthiness` and :func:`diabolo.metrics.neighbors.knn_purity`.
    """
    on_map = np.arange(len(z)) if found is None else found.rows
    most = max(FEWEST, min(ROWS, CELLS // trained.kind.layout.cells))
    places = np.arange(len(on_map))[:: -(-len(on_map) // most)]
    rows = on_map[places]
    if len(rows) < FEWEST:
        return ()
    x = trained.kind.inside(source, rows).flatten(1).numpy()
    spaces = {"model": z[rows]}
    twin = linear_twin(trained)
    if twin is not None:
        spaces["pca"] = np.asarray(twin.transform(x))
    if found is not None and found.method != "direct":
        spaces["map"] = found.points[places]
    classes = classes_of(labels, len(z))
    y = None if classes is None else classes[rows]
    judged = [Neighborhood("data", x.shape[1], None, _purity(x, y))]
    for name, space in spaces.items():
        judged.append(Neighborhood(name, space.shape[1], trustworthiness(x, space, TRUST_K), _purity(space, y)))
    return tuple(judged)


def _purity(space: np.ndarray, y: np.ndarray | None) -> float | None:
    if y is None:
        return None
    known = y != ""
    return knn_purity(space[known], y[known], PURITY_K) if known.sum() > 1 else None
