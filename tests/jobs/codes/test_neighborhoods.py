"""Who is near whom: the codes, PCA and the map against scikit-learn, and what has no figure."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.maps import map_codes
from diabolo.jobs.codes.neighborhoods import neighborhoods
from tests.helpers import low_rank, quick

X = low_rank(120)
LABELS = np.where(X[:, 0] > np.median(X[:, 0]), "up", "down")


def purity(space: np.ndarray) -> float:
    near = NearestNeighbors(n_neighbors=10).fit(space).kneighbors(return_distance=False)
    return float((LABELS[near] == LABELS[:, None]).mean())


def test_the_figures_are_scikit_learns() -> None:
    trained = quick(X, latent_dim=3, epochs=2, validation_fraction=0.0)
    z = embed(trained, X)
    drawn = map_codes(z, "pca")
    found = {line.name: line for line in neighborhoods(trained, trained.kind.read(X), z, LABELS, drawn)}
    inside = (X - X.mean(axis=0)) / X.std(axis=0)
    spaces = {"model": z, "pca": PCA(3).fit_transform(inside), "map": drawn.points}
    assert list(found) == ["data", *spaces]
    assert (found["data"].trustworthiness, found["data"].numbers) == (None, 12)
    assert found["data"].purity == pytest.approx(purity(inside), abs=0.01)
    for name, space in spaces.items():
        assert found[name].trustworthiness == pytest.approx(trustworthiness(inside, space, n_neighbors=5), abs=0.002)
        assert found[name].purity == pytest.approx(purity(space), abs=0.01)
    assert found["model"].to_dict()["numbers"] == 3


def test_what_has_no_figure() -> None:
    trained = quick(X, latent_dim=2, epochs=1)
    source, z = trained.kind.read(X), embed(trained, X)
    names = [line.name for line in neighborhoods(trained, source, z, None, map_codes(z))]
    assert names == ["data", "model", "pca"]  # a code of two numbers is its own map
    for labels in (None, "up", np.arange(120), X[:, 0]):
        assert {line.purity for line in neighborhoods(trained, source, z, labels)} == {None}
    some = np.where(np.arange(120) < 20, None, LABELS.astype(object))
    known = neighborhoods(trained, trained.kind.read(X[20:]), z[20:], LABELS[20:])
    for line, same in zip(neighborhoods(trained, source, z, some), known, strict=True):
        assert line.purity == pytest.approx(same.purity)
    few = trained.kind.read(X[:3])
    assert neighborhoods(trained, few, z[:3]) == ()
