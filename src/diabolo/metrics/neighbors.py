"""What a code keeps of who is near whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.neighbors import NearestNeighbors

from diabolo.errors import DataError, ParameterError
from diabolo.metrics.arrays import Floats, flat_codes, labels_of, on_host


def knn_purity(z: Any, labels: Any, k: int = 10) -> float:
    """The share of a row's k nearest rows (Euclidean, itself left out) that have its label, a mean over the rows.

    z: codes (n, K, *L). labels: (n,). In [0, 1]; labels thrown at random give ``Σ share(label)²``. k is cut to n - 1.
    """
    flat = flat_codes(z)
    y = labels_of(labels, len(flat))
    return float((y[_neighbors(flat, k)] == y[:, None]).mean())


def knn_accuracy(z: Any, labels: Any, k: int = 5) -> float:
    """Leave-one-out accuracy of the majority vote among a row's k nearest rows; a tie goes to the nearer label.

    z: codes (n, K, *L). labels: (n,). In [0, 1]. k is cut to n - 1.
    Reference: Cover & Hart, 1967, https://doi.org/10.1109/TIT.1967.1053964.
    """
    flat = flat_codes(z)
    _, y = np.unique(labels_of(labels, len(flat)), return_inverse=True)
    return float((_vote(y[_neighbors(flat, k)]) == y).mean())


def precision_at_k(found: Any, wanted: Any) -> float:
    """The share of what was found that has the label of what was looked for, a mean over the queries.

    found: (q, k), labels of the k nearest items of each query. wanted: (q,), its own label. In [0, 1].
    Reference: Manning, Raghavan & Schütze, 2008, Introduction to Information Retrieval, section 8.4 (precision at k).

    >>> precision_at_k([["cat", "dog"], ["dog", "dog"]], ["cat", "dog"])
    0.75
    """
    labels = on_host(found)
    if labels.ndim != 2 or 0 in labels.shape:
        raise DataError(f"Expected labels of what was found, (q, k) with at least one of each, got shape {labels.shape}.")
    return float((labels == labels_of(wanted, len(labels))[:, None]).mean())


def trustworthiness(x: Any, z: Any, k: int = 5, *, rows: int = 2000, random_state: int | None = None) -> float:
    """Whether rows that are near in the code are near in the data: 1 where all are, about 0.5 by chance.

    x: data (n, ...). z: codes (n, K, *L). Time and memory grow with n², so at most ``rows`` rows are used, drawn with
    ``random_state``. k is cut to below half of the rows, where the measure ends.
    Reference: Venna & Kaski, 2001, https://doi.org/10.1007/3-540-44668-0_68; scikit-learn computes it.
    """
    data, codes = on_host(x), on_host(z)
    if data.ndim == 0 or codes.ndim == 0 or len(data) != len(codes):
        raise DataError(f"Expected one code a row, got data of shape {data.shape} and codes of shape {codes.shape}.")
    if len(data) < 4:
        raise DataError(f"Trustworthiness needs at least 4 rows, got {len(data)}.")
    if len(data) > rows:
        chosen = np.sort(np.random.default_rng(random_state).choice(len(data), rows, replace=False))
        data, codes = data[chosen], codes[chosen]
    data, codes = flat_codes(data), flat_codes(codes)
    return float(sklearn_trustworthiness(data, codes, n_neighbors=min(_at_least_one(k), (len(data) - 1) // 2)))


def _neighbors(flat: Floats, k: int) -> NDArray[np.int64]:
    if len(flat) < 2:
        raise DataError(f"Neighbors need at least 2 rows, got {len(flat)}.")
    found = NearestNeighbors(n_neighbors=min(_at_least_one(k), len(flat) - 1)).fit(flat)
    return np.asarray(found.kneighbors(return_distance=False))  # (n, k), nearest first


def _vote(near: NDArray[Any]) -> NDArray[Any]:
    votes = (near[:, :, None] == near[:, None, :]).sum(axis=2)  # (n, k): how many neighbors share this one's label
    return near[np.arange(len(near)), votes.argmax(axis=1)]


def _at_least_one(k: int) -> int:
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    return k
