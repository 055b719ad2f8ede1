"""Cluster: rows in groups by their codes, beside the same method on the data themselves and on PCA with as many numbers."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from diabolo.data.sources import Source
from diabolo.data.subset import at_most
from diabolo.errors import DataError, ParameterError, unknown
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.labels import classes_of, rows_and_labels
from diabolo.metrics.arrays import Floats, flat_codes
from diabolo.spec import is_whole
from diabolo.trained import Trained

METHODS = ("kmeans", "mixture")
MOST = 15
"""Clusters that are tried where none are asked for."""
ROWS, CELLS = 10_000, 50_000_000
"""Rows that clusters are fitted to; and numbers that the rows of the data themselves may hold: fewer of wide ones are taken."""
AT_ONCE = 1_024
SEARCH_ROWS, SILHOUETTE_ROWS = 5_000, 2_000
STARTS, MIXTURE_STARTS = 10, 3
FULL = 64
"""Numbers in a row up to which the Gaussians of a mixture are correlated; wider ones are diagonal."""
NARROWEST = 1e-2
"""Variance that a mixture gives every number more, as a share of their mean variance. Without it a few pixels that are nearly
always black decide: ten clusters of the digits' pixels had an NMI of 0.64 instead of 0.70, of their PCA 0.81 either way."""
MEMBERS = 8

Ints = NDArray[np.int64]


@final
@dataclass(frozen=True)
class Suggestion:
    """How the number of clusters was found.

    criterion: "silhouette" (k-means, the highest is best) or "bic" (mixture, the lowest). tried: numbers of clusters.
    values: the criterion at each. chosen: the best one.
    """

    criterion: str
    tried: tuple[int, ...]
    values: tuple[float, ...]
    chosen: int

    @property
    def at_the_edge(self) -> bool:
        """Whether the most clusters that were tried were best, so that more might be better."""
        return len(self.tried) > 1 and self.chosen == self.tried[-1]

    @property
    def reason(self) -> str:
        """One sentence."""
        best = self.values[self.tried.index(self.chosen)]
        how = "the highest silhouette" if self.criterion == "silhouette" else "the lowest BIC"
        edge = "; it is the most that was tried, more may be better" if self.at_the_edge else ""
        return f"{how} ({best:.4g}) of {self.tried[0]} to {self.tried[-1]} clusters{edge}"


@final
@dataclass(frozen=True)
class Grouping:
    """One line of the table: the method on one set of numbers.

    name: "model", "pca" or "data". numbers: in a row. silhouette: in [-1, 1], of up to 2 000 rows, in that space; higher where
    clusters lie apart. nmi: normalized mutual information with the labels, in [0, 1]. ari: Rand index, adjusted for chance,
    0 by chance and at most 1. None where they have no meaning. covariance: of a mixture, "full" or "diag".
    """

    name: str
    numbers: int
    silhouette: float | None
    nmi: float | None
    ari: float | None
    covariance: str | None = None


@final
@dataclass(frozen=True, eq=False)
class Clustering:
    """What :func:`cluster` finds about n rows in C clusters, the largest first.

    assignments: (n,), the cluster of each row, 0 to C - 1. centers: (C, K), in code space. sizes: (C,). distances: (n,), of
    each row's code to its center: Euclidean; for the mixture Mahalanobis, in standard deviations of the cluster. typical, odd:
    a few rows of each cluster, nearest to its center first, and farthest first. suggestion: None where the number was given.
    table: the model first, what is simpler after it, all with as many clusters and judged on the same rows. rows: how many rows
    the clusters were fitted to.
    commonest: each cluster's commonest label and its share; None without labels.
    """

    method: str
    assignments: Ints
    centers: Floats
    sizes: Ints
    distances: Floats
    typical: tuple[Ints, ...]
    odd: tuple[Ints, ...]
    suggestion: Suggestion | None
    table: tuple[Grouping, ...]
    rows: int
    commonest: tuple[tuple[Any, float], ...] | None = None

    @property
    def clusters(self) -> int:
        """C."""
        return len(self.sizes)

    @property
    def nmi(self) -> float | None:
        """The model's, with the labels; None without."""
        return self.table[0].nmi

    @property
    def ari(self) -> float | None:
        """The model's, with the labels; None without."""
        return self.table[0].ari

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        suggestion = (
            None if self.suggestion is None else dataclasses.asdict(self.suggestion) | {"reason": self.suggestion.reason}
        )
        arrays = {name: getattr(self, name).tolist() for name in ("assignments", "centers", "sizes", "distances")}
        members = {name: [rows.tolist() for rows in getattr(self, name)] for name in ("typical", "odd")}
        common = None if self.commonest is None else [{"label": label, "share": share} for label, share in self.commonest]
        table = [dataclasses.asdict(line) for line in self.table]
        whole = {"method": self.method, "clusters": self.clusters, "rows": self.rows, "suggestion": suggestion}
        return whole | arrays | members | {"table": table, "commonest": common}


def cluster(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    clusters: int | str = "auto",
    method: str = "kmeans",
    random_state: int = 0,
) -> Clustering:
    """Sort rows into clusters by their codes.

    Args:
        data: rows in the caller's own shape, or a source of such rows.
        y: labels (n,), which only NMI and ARI read (and conditional recipes); None for those that came with the data.
        clusters: how many. ``"auto"`` tries up to 15: for k-means the highest silhouette, for the mixture the lowest BIC.
        method: ``"kmeans"``, or ``"mixture"``: Gaussians with correlations of their own (diagonal where a row has more than 64
            numbers or rows are few). Fitted to at most 10 000 rows, drawn with ``random_state``; all rows are assigned.

    Raises:
        DataError for one row, for codes that are all alike, for more clusters than different codes, for another
        number of labels than rows; ParameterError for an unknown method or number.

    References: silhouette: Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7; BIC: Schwarz 1978,
    https://doi.org/10.1214/aos/1176344136; ARI: Hubert & Arabie 1985, https://doi.org/10.1007/BF01908075; NMI, with the
    arithmetic mean of the entropies: Vinh et al. 2010, https://jmlr.org/papers/v11/vinh10a.html
    """
    if method not in METHODS:
        raise unknown("method of clustering", method, METHODS)
    if clusters != "auto":
        if not is_whole(clusters, 1):
            raise ParameterError(f"clusters must be 'auto' or a whole number of at least 1, got {clusters!r}.")
        clusters = int(clusters)
    source, y = rows_and_labels(trained, data, y)
    z = flat_codes(embed(trained, source, y))
    labels = classes_of(y, len(z))
    rows = at_most(len(z), ROWS, random_state)
    searched = z[rows] if isinstance(clusters, int) else z[rows[at_most(len(rows), SEARCH_ROWS, random_state)]]
    _refuse(len(z), len(np.unique(searched, axis=0)), clusters)
    suggestion = None
    if not isinstance(clusters, int):
        suggestion = _suggested(searched, method, random_state)
        clusters = suggestion.chosen
    found = _Groups.fit(z[rows], clusters, method, random_state).by_size(z)
    seen = rows[at_most(len(rows), max(2, CELLS // trained.kind.layout.cells), random_state)]
    known = None if labels is None else labels[seen]
    table = [_judged("model", z[seen], found, known, random_state)]
    for name, x, judged in _beside(trained, source, rows, seen):
        if len(np.unique(x, axis=0)) >= clusters:
            groups = _Groups.fit(x, clusters, method, random_state)
            table.append(_judged(name, judged, groups, known, random_state))
    assignments = found.assign(z)
    distances = found.distances(z, assignments)
    members = [_members(assignments, distances, c) for c in range(clusters)]
    return Clustering(
        method=method,
        assignments=assignments,
        centers=found.centers,
        sizes=np.bincount(assignments, minlength=clusters),
        distances=distances,
        typical=tuple(near for near, _ in members),
        odd=tuple(far for _, far in members),
        suggestion=suggestion,
        table=tuple(table),
        rows=len(rows),
        commonest=None if labels is None else tuple(_commonest(labels[assignments == c]) for c in range(clusters)),
    )


@final
@dataclass(frozen=True, eq=False)
class _Groups:
    """Fitted clusters, whatever the method: their centers (C, K) in the caller's units, and scikit-learn's estimator.

    order: (C,) the estimator's number of each cluster. shift, scale: what it sees is ``(z - shift) / scale``.
    """

    model: Any
    order: Ints
    shift: Floats
    scale: Floats

    @classmethod
    def fit(cls, z: Floats, clusters: int, method: str, seed: int) -> _Groups:
        """z: (n, K) -> as many clusters."""
        if method == "kmeans":
            model = _fitted(KMeans(clusters, n_init=STARTS, random_state=seed), z)
            return cls(model, np.arange(clusters), np.zeros(z.shape[1]), np.ones(z.shape[1]))
        white, shift, scale = _scaled(z)
        return cls(_mixture(white, clusters, seed, MIXTURE_STARTS), np.arange(clusters), shift, scale)

    @property
    def centers(self) -> Floats:
        found = self.model.cluster_centers_ if isinstance(self.model, KMeans) else self.model.means_
        return np.asarray(found[self.order] * self.scale + self.shift, dtype=np.float64)

    @property
    def covariance(self) -> str | None:
        return None if isinstance(self.model, KMeans) else str(self.model.covariance_type)

    def assign(self, z: Floats) -> Ints:
        """z: (n, K) -> (n,)."""
        with threadpool_limits(1):
            given = self.model.predict((z - self.shift) / self.scale)
        return np.argsort(self.order)[given].astype(np.int64)

    def distances(self, z: Floats, assignments: Ints) -> Floats:
        """From each row (n, K) to the center of its cluster: Euclidean, or Mahalanobis of a mixture; (n,)."""
        away = z - self.centers[assignments]
        if not isinstance(self.model, KMeans):
            away = away / self.scale
            for c, own in enumerate(self.order):
                rows, factor = assignments == c, self.model.precisions_cholesky_[own]
                away[rows] = away[rows] @ factor if self.covariance == "full" else away[rows] * factor
        return np.asarray(np.sqrt(np.square(away).sum(axis=1)))

    def by_size(self, z: Floats) -> _Groups:
        """The same clusters, those with the most rows of z first."""
        sizes = np.bincount(self.assign(z), minlength=len(self.order))
        return dataclasses.replace(self, order=self.order[np.argsort(-sizes, kind="stable")])


def _fitted(model: Any, z: Floats) -> Any:
    # One thread: the matrices are small, and more threads wait for each other longer than they work.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # clusters stopped early are still clusters
        return model.fit(z)


def _scaled(z: Floats) -> tuple[Floats, Floats, Floats]:
    """z (n, K) -> (z of a mean variance of 1, all numbers scaled alike, shift (K,), scale (K,))."""
    shift, spread = z.mean(axis=0), float(np.sqrt(z.var(axis=0).mean()))
    scale = np.full(z.shape[1], spread if spread > 0 else 1.0)
    return (z - shift) / scale, shift, scale


def _mixture(white: Floats, clusters: int, seed: int, starts: int) -> GaussianMixture:
    """white: (n, K), scaled."""
    n, width = white.shape
    kind = "full" if width <= FULL and n >= (width + 1) * max(clusters, MOST) else "diag"
    options = {"covariance_type": kind, "reg_covar": NARROWEST, "n_init": starts, "random_state": seed}
    return _fitted(GaussianMixture(clusters, **options), white)


def _suggested(z: Floats, method: str, seed: int) -> Suggestion:
    """The number of clusters that suits codes z (n, K), n >= 3."""
    most = min(MOST, len(np.unique(z, axis=0)) - 1)
    values: list[float] = []
    if method == "kmeans":
        tried, criterion = range(2, most + 1), "silhouette"
        seen = at_most(len(z), SILHOUETTE_ROWS, seed)
        for c in tried:
            groups = _fitted(KMeans(c, n_init=MIXTURE_STARTS, random_state=seed), z)
            score = _silhouette(z[seen], groups.labels_[seen])
            values.append(-1.0 if score is None else score)
        return Suggestion(criterion, tuple(tried), tuple(values), tried[int(np.argmax(values))])
    white, _, _ = _scaled(z)
    tried = range(1, most + 1)
    values = [float(_mixture(white, c, seed, 1).bic(white)) for c in tried]
    return Suggestion("bic", tuple(tried), tuple(values), tried[int(np.argmin(values))])


def _judged(name: str, z: Floats, groups: _Groups, labels: NDArray[Any] | None, seed: int) -> Grouping:
    found = groups.assign(z)
    seen = at_most(len(z), SILHOUETTE_ROWS, seed)
    nmi, ari = (None, None) if labels is None else _shared(labels[labels != ""], found[labels != ""])
    return Grouping(name, z.shape[1], _silhouette(z[seen], found[seen]), nmi, ari, groups.covariance)


def _shared(labels: NDArray[Any], found: Ints) -> tuple[float, float] | tuple[None, None]:
    """NMI and ARI of clusters and labels; nothing where no row has a label."""
    if not len(labels):
        return None, None
    return float(normalized_mutual_info_score(labels, found)), float(adjusted_rand_score(labels, found))


def _silhouette(z: Floats, found: Ints) -> float | None:
    """None where there is one cluster only, or each row is its own."""
    if not 2 <= len(np.unique(found)) < len(z):
        return None
    with threadpool_limits(1):
        return float(silhouette_score(z, found))


def _beside(trained: Trained, source: Source, rows: Ints, seen: Ints) -> Iterator[tuple[str, Floats, Floats]]:
    """What the model is compared with: its name, what clusters are fitted to, and what they are judged on (the rows ``seen``).

    PCA with as many numbers as the code, fitted to all ``rows``; and the data as the model sees them.
    """
    twin = linear_twin(trained)
    if twin is not None:
        parts = [twin.transform(_inside(trained, source, part)) for part in _parts(rows)]
        linear = flat_codes(np.concatenate(parts))
        yield "pca", linear, linear[np.searchsorted(rows, seen)]
    x = flat_codes(np.concatenate([_inside(trained, source, part) for part in _parts(seen)]))
    yield "data", x, x


def _parts(rows: Ints) -> Iterator[Ints]:
    return (rows[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE))


def _inside(trained: Trained, source: Source, rows: Ints) -> NDArray[np.float32]:
    """Some rows as the model sees them, (m, cells)."""
    return trained.kind.inside(source, rows).flatten(1).numpy()


def _refuse(n: int, different: int, clusters: int | str) -> None:
    if n < 2:
        raise DataError(f"Clusters need at least 2 rows, got {n}.")
    if different < 2:
        raise DataError("All codes are alike: there is nothing to cluster. Look at the model's code first (evaluate).")
    if clusters == "auto" and different < 3:
        raise DataError(f"There are {different} different codes, too few to choose a number of clusters. Give clusters=2.")
    if isinstance(clusters, int) and clusters > n:
        raise DataError(f"There are {n} rows, too few for {clusters} clusters. Ask for {n} at most.")
    if isinstance(clusters, int) and clusters > different:
        raise DataError(f"There are {different} different codes, too few for {clusters} clusters. Ask for {different} at most.")


def _members(assignments: Ints, distances: Floats, c: int) -> tuple[Ints, Ints]:
    """Typical rows of a cluster, nearest first, and odd ones, farthest first; none is both."""
    rows = np.flatnonzero(assignments == c)
    order = rows[np.argsort(distances[rows], kind="stable")]
    near = order[: min(MEMBERS, -(-len(order) // 2))]
    return near, np.flip(order[len(near) :])[:MEMBERS].copy()


def _commonest(labels: NDArray[Any]) -> tuple[Any, float]:
    """The commonest label and its share of those there are; of no labels, an empty one."""
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    return (str(names[counts.argmax()]), float(counts.max() / counts.sum())) if len(names) else ("", 0.0)
