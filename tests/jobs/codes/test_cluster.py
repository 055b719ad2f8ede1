"""Clusters of codes: found where they are, measured as the formulas say, beside PCA and the data, and refused in words."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes import cluster as job
from diabolo.jobs.codes.cluster import METHODS, MOST, Clustering, cluster
from diabolo.jobs.codes.embed import embed
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

RANDOM = np.random.default_rng(0)
SIZES = (90, 60, 45, 30)
LABELS = np.repeat(["a", "b", "c", "d"], SIZES)
CENTERS = 8.0 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
X = ((np.repeat(CENTERS, SIZES, axis=0) + RANDOM.normal(size=(225, 3))) @ RANDOM.normal(size=(3, 6))).astype(np.float32)
ORDER = RANDOM.permutation(225)
X, LABELS = X[ORDER], LABELS[ORDER]


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(X, latent_dim=3, epochs=30)


@pytest.fixture(scope="module", params=METHODS)
def found(request: pytest.FixtureRequest, trained: Trained) -> Clustering:
    return cluster(trained, X, LABELS, method=request.param)


def test_clusters_are_found_where_they_are(found: Clustering) -> None:
    assert found.clusters == 4
    assert found.sizes.tolist() == list(SIZES)  # the largest first
    assert found.sizes.tolist() == np.bincount(found.assignments).tolist()
    assert found.nmi == pytest.approx(1, abs=0.02)
    assert found.ari == pytest.approx(1, abs=0.02)
    assert [label for label, _ in found.commonest or ()] == list("abcd")


def test_the_number_is_suggested_with_its_reason(found: Clustering) -> None:
    hint = found.suggestion
    assert hint is not None
    assert hint.chosen == 4
    assert not hint.at_the_edge
    best = max if hint.criterion == "silhouette" else min
    assert hint.values[hint.tried.index(4)] == best(hint.values)
    assert hint.tried == tuple(range(2 if found.method == "kmeans" else 1, MOST + 1))
    assert {"kmeans": "highest silhouette", "mixture": "lowest BIC"}[found.method] in hint.reason


def test_pca_and_the_data_stand_beside(found: Clustering, trained: Trained) -> None:
    assert [(line.name, line.numbers) for line in found.table] == [("model", 3), ("pca", 3), ("data", 6)]
    assert all(line.nmi is not None and line.nmi > 0.9 for line in found.table)
    assert found.table[0].covariance == (None if found.method == "kmeans" else "full")
    bare = cluster(trained, X, clusters=3, method=found.method)
    assert (bare.nmi, bare.ari, bare.commonest, bare.suggestion) == (None, None, None, None)
    assert bare.clusters == 3
    assert found.rows == 225


def test_distances_and_the_order_of_members(found: Clustering, trained: Trained) -> None:
    z = embed(trained, X).astype(np.float64)
    for c in range(found.clusters):
        rows = np.flatnonzero(found.assignments == c)
        if found.method == "kmeans":
            np.testing.assert_allclose(found.centers[c], z[rows].mean(axis=0), atol=1e-4)
            expected = np.linalg.norm(z[rows] - found.centers[c], axis=1)
        else:
            # The mixture's clusters are apart here, so that its covariances are those of their own rows, and a hundredth
            # of the mean variance of all.
            covariance = np.cov(z[rows].T, bias=True) + 0.01 * z.var(axis=0).mean() * np.eye(3)
            away = z[rows] - found.centers[c]
            expected = np.sqrt(np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away))
        np.testing.assert_allclose(found.distances[rows], expected, rtol=0.02)
        near, far = found.typical[c], found.odd[c]
        assert near.tolist() == rows[np.argsort(found.distances[rows])][:8].tolist()
        assert far.tolist() == rows[np.argsort(-found.distances[rows])][:8].tolist()
        assert not set(near) & set(far)


def test_the_figures_are_those_of_the_formulas(trained: Trained) -> None:
    found = cluster(trained, X, LABELS, clusters=3)
    line, given = found.table[0], found.assignments
    assert line.nmi == pytest.approx(information(LABELS, given), rel=1e-9)
    assert line.ari == pytest.approx(pairs_index(LABELS, given), rel=1e-9)
    assert line.silhouette == pytest.approx(silhouette(embed(trained, X).astype(np.float64), given), rel=1e-6)


def information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information over the mean of the two entropies."""
    joint = np.array([[((a == u) & (b == v)).mean() for v in np.unique(b)] for u in np.unique(a)])
    p, q = joint.sum(axis=1), joint.sum(axis=0)
    seen = joint > 0
    mutual = (joint[seen] * np.log(joint[seen] / np.outer(p, q)[seen])).sum()
    return float(2 * mutual / -((p * np.log(p)).sum() + (q * np.log(q)).sum()))


def pairs_index(a: np.ndarray, b: np.ndarray) -> float:
    """Of all pairs of rows: how many are together in both, over what chance gives."""
    pairs = list(combinations(range(len(a)), 2))
    one = np.array([a[i] == a[j] for i, j in pairs])
    two = np.array([b[i] == b[j] for i, j in pairs])
    chance = one.sum() * two.sum() / len(pairs)
    return float(((one & two).sum() - chance) / ((one.sum() + two.sum()) / 2 - chance))


def silhouette(z: np.ndarray, given: np.ndarray) -> float:
    away = np.linalg.norm(z[:, None] - z[None], axis=2)
    values = []
    for i in range(len(z)):
        own = given == given[i]
        inside = away[i][own].sum() / (own.sum() - 1)
        outside = min(away[i][given == c].mean() for c in set(given) - {given[i]})
        values.append((outside - inside) / max(inside, outside))
    return float(np.mean(values))


def test_the_same_seed_gives_the_same_clusters(trained: Trained) -> None:
    one, same = (cluster(trained, X, clusters=5, random_state=3) for _ in range(2))
    assert np.array_equal(one.assignments, same.assignments)
    assert one.table == same.table


def test_plain_values(found: Clustering) -> None:
    data = json.loads(json.dumps(found.to_dict()))
    assert data["clusters"] == 4
    assert data["suggestion"]["chosen"] == 4
    assert len(data["assignments"]) == 225
    assert len(data["typical"]) == len(data["odd"]) == 4


def test_pictures_a_conditional_recipe_and_one_cluster() -> None:
    images, y = little_images(60), np.arange(60) % 2
    found = cluster(quick(images, "cvae", y=y, epochs=1), images, y, clusters=1, method="mixture")
    assert found.sizes.tolist() == [60]
    assert found.table[0].silhouette is None
    assert found.nmi == 0


def test_wide_data_are_compared_on_fewer_rows(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "CELLS", 6 * 80)  # rows of six numbers
    few = cluster(trained, X, LABELS, clusters=4)
    assert few.rows == 225
    assert [line.name for line in few.table] == ["model", "pca", "data"]
    assert all(line.ari is not None and line.ari > 0.9 for line in few.table)
    monkeypatch.setattr(job, "ROWS", 50)
    assert cluster(trained, X, LABELS, clusters=4).rows == 50
    assert [line.nmi for line in cluster(trained, X, LABELS, clusters=4).table] == pytest.approx([1, 1, 1], abs=0.05)


def test_measurements_are_no_classes(trained: Trained) -> None:
    assert cluster(trained, X, RANDOM.normal(size=225), clusters=2).nmi is None


def test_rows_without_a_label_are_left_out_of_the_figures(trained: Trained) -> None:
    some = [None if i % 3 == 0 else label for i, label in enumerate(LABELS)]
    found = cluster(trained, X, some, clusters=3)
    known = np.arange(len(X)) % 3 > 0
    assert found.table[0].nmi == pytest.approx(information(LABELS[known], found.assignments[known]), rel=1e-9)
    assert found.table[0].ari == pytest.approx(pairs_index(LABELS[known], found.assignments[known]), rel=1e-9)
    assert found.commonest is not None
    assert {name for name, _ in found.commonest} <= {"a", "b", "c", "d"}


def test_few_rows(trained: Trained) -> None:
    found = cluster(trained, X[:3], clusters=3)
    assert found.sizes.tolist() == [1, 1, 1]
    assert [len(rows) for rows in found.odd] == [0, 0, 0]
    assert found.table[0].silhouette is None


def test_what_cannot_be_clustered_is_refused_in_words(trained: Trained) -> None:
    with pytest.raises(DataError, match="at least 2 rows, got 1"):
        cluster(trained, X[:1], clusters=1)
    with pytest.raises(DataError, match=r"There are 3 rows, too few for 4 clusters. Ask for 3 at most"):
        cluster(trained, X[:3], clusters=4)
    with pytest.raises(DataError, match="2 different codes, too few for 3"):
        cluster(trained, X[[0, 0, 0, 1]], clusters=3)
    with pytest.raises(DataError, match=r"too few to choose a number of clusters. Give clusters=2"):
        cluster(trained, X[[0, 0, 0, 1]])
    with pytest.raises(DataError, match="All codes are alike"):
        cluster(trained, X[[0, 0, 0]])
    with pytest.raises(DataError, match="one label a row: there are 225 rows, y has 3"):
        cluster(trained, X, ["a", "b", "c"])
    with pytest.raises(ParameterError, match="Did you mean 'kmeans'"):
        cluster(trained, X, method="kmean")
    for number in (0, 2.5, "ten", True):
        with pytest.raises(ParameterError, match="'auto' or a whole number of at least 1"):
            cluster(trained, X, clusters=number)


def test_models_of_pairs_have_no_pca_beside_them() -> None:
    x = low_rank(60)
    found = cluster(quick(x, target=x + 1, epochs=1), x, clusters=2)
    assert [line.name for line in found.table] == ["model", "data"]
