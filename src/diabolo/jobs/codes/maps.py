"""Maps: codes brought to two dimensions, to be looked at."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from diabolo.baselines.pca import fit_pca
from diabolo.errors import MissingExtraError, ParameterError, unknown
from diabolo.metrics.arrays import flat_codes

METHODS = ("auto", "pca", "tsne", "umap")
ROWS = 1000
ITERATIONS = 500  # of t-SNE; half of scikit-learn's, which for ROWS rows moves no point visibly any more
UMAP_NEIGHBORS = 15
PERPLEXITY = 30.0
FEWEST = 10  # rows below which t-SNE has nothing to arrange
NAMES = {"direct": "the code itself", "pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@final
@dataclass(frozen=True)
class CodeMap:
    """Codes in the plane.

    method: "direct" (the code's own two numbers, or its one number), "pca", "tsne" or "umap". points: (m, 2), or (m, 1) for a
    code of one number. rows: (m,) which of the codes they are. shares: of the codes' variance on the two axes, for PCA only.
    """

    method: str
    points: NDArray[np.float64]
    rows: NDArray[np.int64]
    shares: tuple[float, ...] | None = None

    @property
    def plane(self) -> NDArray[np.float64]:
        """The points as (m, 2): a code of one number lies on a line, at 0."""
        return np.pad(self.points, ((0, 0), (0, 2 - self.points.shape[1])))


def map_codes(z: Any, method: str = "auto", *, rows: int = ROWS, random_state: int = 0) -> CodeMap:
    """Bring codes z (n, K, *L) to the plane, at most ``rows`` of them, drawn with ``random_state`` and kept in order.

    method: "auto" takes a code of one or two numbers as it is, and t-SNE for a longer one (PCA where there are fewer than
    10 rows); "pca", "tsne" and "umap" are what they say. The last two keep neighbors together; distances between their clusters
    and the sizes of these mean little (Wattenberg et al. 2016, https://doi.org/10.23915/distill.00002).

    Raises ParameterError for an unknown method and where there is nothing to arrange, MissingExtraError for "umap" without
    umap-learn.

    References: van der Maaten & Hinton 2008, https://www.jmlr.org/papers/v9/vandermaaten08a.html; begun from PCA, as Kobak &
    Berens 2019 advise, https://doi.org/10.1038/s41467-019-13056-x; McInnes et al. 2018, https://arxiv.org/abs/1802.03426
    """
    if method not in METHODS:
        raise unknown("method of mapping codes", method, METHODS)
    flat = flat_codes(z)
    chosen = np.arange(len(flat))
    if len(flat) > rows:
        chosen = np.sort(np.random.default_rng(random_state).choice(len(flat), rows, replace=False))
    points = flat[chosen]
    if method == "auto":
        method = "direct" if points.shape[1] <= 2 else "tsne" if can_arrange(points) else "pca"
    if method == "direct":
        return CodeMap("direct", points, chosen)
    if method == "pca":
        return _pca(points, chosen)
    if not can_arrange(points):
        raise ParameterError(
            f"{NAMES[method]} needs at least {FEWEST} codes of two numbers or more that differ, got {len(points)} of "
            f"{points.shape[1]}. Use method='pca'."
        )
    return CodeMap(method, _tsne(points, random_state) if method == "tsne" else _umap(points, random_state), chosen)


def can_arrange(points: NDArray[np.float64]) -> bool:
    """Whether there is anything for t-SNE or UMAP to arrange: enough rows, and codes that differ."""
    return len(points) >= FEWEST and points.shape[1] > 1 and bool(points.std(axis=0).max() > 0)


def _pca(points: NDArray[np.float64], chosen: NDArray[np.int64]) -> CodeMap:
    pca = fit_pca(points, 2)
    found = pca.transform(points)
    width = found.shape[1]
    shares = tuple(pca.shares.tolist()) + (0.0,) * (2 - width)
    return CodeMap("pca", np.pad(found, ((0, 0), (0, 2 - width))), chosen, shares)


def _tsne(points: NDArray[np.float64], random_state: int) -> NDArray[np.float64]:
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    with threadpool_limits(1):  # threads wait for each other more than they work at this size
        steps = ITERATIONS if len(points) <= ROWS else 2 * ITERATIONS
        found = TSNE(2, perplexity=perplexity, init="pca", max_iter=steps, random_state=random_state).fit_transform(points)
    return np.asarray(found, dtype=np.float64)


def _umap(points: NDArray[np.float64], random_state: int) -> NDArray[np.float64]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # that a part of it would need TensorFlow, which is not asked for
            from umap import UMAP
    except ImportError as error:
        raise MissingExtraError.of("umap", "umap-learn", "A map by UMAP") from error
    neighbors = min(UMAP_NEIGHBORS, len(points) - 1)
    # A seed makes UMAP run in one thread; it warns of that unless it is told to.
    model = UMAP(n_components=2, n_neighbors=neighbors, random_state=random_state, n_jobs=1)
    return np.asarray(model.fit_transform(points.astype(np.float32)), dtype=np.float64)
