"""Maps of codes: short codes as they are, PCA as scikit-learn's, t-SNE that keeps neighbors."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from sklearn.decomposition import PCA

from diabolo.errors import MissingExtraError, ParameterError
from diabolo.jobs.codes.maps import map_codes
from diabolo.metrics.neighbors import knn_purity

RANDOM = np.random.default_rng(0)
CENTERS = 10 * RANDOM.normal(size=(4, 6))
LABELS = np.repeat(np.arange(4), 30)
Z = CENTERS[LABELS] + RANDOM.normal(size=(120, 6))


@pytest.mark.parametrize("width", [1, 2])
def test_short_codes_are_shown_as_they_are(width: int) -> None:
    found = map_codes(Z[:, :width])
    assert found.method == "direct"
    assert np.array_equal(found.points, Z[:, :width])


def test_pca_is_pca() -> None:
    found, expected = map_codes(Z, "pca"), PCA(2).fit(Z)
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected.transform(Z)), rtol=1e-6)
    np.testing.assert_allclose(found.shares, expected.explained_variance_ratio_)


def test_tsne_keeps_clusters_together_and_repeats_itself() -> None:
    found = map_codes(Z)
    assert found.method == "tsne"
    assert found.points.shape == (120, 2)
    assert knn_purity(found.points, LABELS, k=5) > 0.99
    assert np.array_equal(found.points, map_codes(Z, "tsne").points)


def test_many_codes_are_thinned_out_alike_for_every_method() -> None:
    pca, tsne = map_codes(Z, "pca", rows=50), map_codes(Z, "tsne", rows=50)
    assert len(pca.rows) == 50
    assert np.array_equal(pca.rows, tsne.rows)
    assert (np.diff(pca.rows) > 0).all()


def test_codes_without_anything_to_arrange() -> None:
    assert map_codes(Z[:5]).method == "pca"
    same = map_codes(np.ones((30, 4)))
    assert same.method == "pca"
    assert not same.points.any()
    assert map_codes(Z[:1, :3]).points.shape == (1, 2)
    with pytest.raises(ParameterError, match="Use method='pca'"):
        map_codes(np.ones((30, 4)), "tsne")


def test_points_on_a_line_have_a_place_in_the_plane() -> None:
    found = map_codes(Z[:, :1])
    assert np.array_equal(found.plane, np.column_stack([Z[:, 0], np.zeros(120)]))
    assert map_codes(Z, "pca").plane.shape == (120, 2)


def test_umap_or_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("umap") is not None:
        assert knn_purity(map_codes(Z, "umap").points, LABELS, k=5) > 0.99
    monkeypatch.setitem(sys.modules, "umap", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"UMAP needs umap-learn.*pip install 'diabolo\[umap\]'"):
        map_codes(Z, "umap")
    with pytest.raises(ParameterError, match="UMAP needs at least 10 codes"):
        map_codes(Z[:5], "umap")


def test_an_unknown_method() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'tsne'"):
        map_codes(Z, "tsn")
