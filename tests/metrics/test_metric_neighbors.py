"""Neighborhoods against scikit-learn and cases that can be counted by hand."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.manifold import trustworthiness as reference
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from diabolo.errors import DataError, ParameterError
from diabolo.metrics.neighbors import knn_accuracy, knn_purity, precision_at_k, trustworthiness


def test_purity_by_hand():
    z = np.array([[0.0], [1.0], [2.1], [10.0]])
    labels = ["a", "a", "b", "b"]
    assert knn_purity(z, labels, k=1) == 0.75  # 2.1 is nearer to 1.0 than to 10.0
    assert knn_purity(z, labels, k=99) == pytest.approx(1 / 3)  # all others: one of three has the same label


def test_accuracy_against_leave_one_out():
    z, labels = load_iris(return_X_y=True)
    z = z + np.random.default_rng(0).normal(scale=1e-6, size=z.shape)  # no ties between distances
    scores = cross_val_score(KNeighborsClassifier(1), z, labels, cv=LeaveOneOut())
    assert knn_accuracy(z, labels, k=1) == scores.mean()


def test_a_tie_goes_to_the_nearer_label():
    z = np.array([[0.0], [1.0], [-3.0]])
    assert knn_accuracy(z, [0, 0, 1], k=2) == pytest.approx(2 / 3)


def test_a_row_is_not_its_own_neighbor_though_it_has_a_twin():
    z = np.array([[0.0], [0.0], [5.0], [5.0]])
    assert knn_accuracy(z, ["a", "b", "a", "b"], k=1) == 0.0


def test_trustworthiness_is_scikit_learns():
    x = load_digits().images[:300]
    z = x.reshape(300, -1)[:, 20:24]
    assert trustworthiness(x, z, k=7) == reference(x.reshape(300, -1), z, n_neighbors=7)


def test_trustworthiness_of_many_rows_is_estimated_the_same_way_for_a_seed():
    x = load_digits().data
    z = x[:, 20:24]
    found = [trustworthiness(x, z, rows=200, random_state=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found[0] == pytest.approx(reference(x, z), abs=0.05)


def test_trustworthiness_of_very_few_rows():
    x = np.arange(6.0)[:, None]
    assert trustworthiness(x, x, k=5) == 1.0
    with pytest.raises(DataError, match="at least 4 rows"):
        trustworthiness(x[:3], x[:3])


def test_rows_and_labels_must_fit():
    with pytest.raises(DataError, match="one label a row"):
        knn_purity(np.zeros((3, 2)), [1, 2])
    with pytest.raises(DataError, match="one code a row"):
        trustworthiness(np.zeros((5, 2)), np.zeros((6, 2)))
    with pytest.raises(DataError, match="at least 2 rows"):
        knn_accuracy(np.zeros((1, 2)), [1])
    with pytest.raises(ParameterError, match="k must be at least 1"):
        knn_accuracy(np.zeros((3, 2)), [1, 2, 3], k=0)


def test_precision_at_k_against_scikit_learn():
    x, labels = load_digits(return_X_y=True)
    items, queries, known, wanted = x[:1000], x[1000:1200], labels[:1000], labels[1000:1200]
    near = NearestNeighbors(n_neighbors=7).fit(items).kneighbors(queries, return_distance=False)
    classifier = KNeighborsClassifier(7).fit(items, known)  # the share of votes for a class is the precision for its queries
    votes = classifier.predict_proba(queries)[np.arange(200), wanted]
    assert precision_at_k(known[near], wanted) == pytest.approx(votes.mean())


def test_precision_at_k_needs_something_found():
    with pytest.raises(DataError, match="what was found"):
        precision_at_k(np.zeros((3, 0)), [1, 2, 3])
    with pytest.raises(DataError, match="one label a row"):
        precision_at_k([["a"], ["b"]], ["a"])
