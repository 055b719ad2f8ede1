"""Named features: each is what it says, and says what it needs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.reconstruct import encode_all
from diabolo.jobs.generation.features import features_of
from diabolo.trained import Trained
from tests.helpers import low_rank, quick

ROWS = low_rank(300)
LABELS = (ROWS[:, 0] > ROWS[:, 0].mean()).astype(int)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(ROWS, latent_dim=4, epochs=3)


@pytest.fixture(scope="module")
def cells(trained: Trained) -> np.ndarray:
    return encode_all(trained, trained.kind.read(ROWS)).numpy()


def test_cells_are_the_rows(trained: Trained, cells: np.ndarray) -> None:
    found = features_of(trained, "cells")
    assert (found.name, found.width) == ("cells", 12)
    np.testing.assert_array_equal(found.take(cells), cells)


def test_principal_components_are_those_of_the_training_rows(trained: Trained, cells: np.ndarray) -> None:
    found = features_of(trained, "pca-3", cells)
    expected = PCA(3).fit_transform(cells)
    np.testing.assert_allclose(np.abs(found.take(cells)), np.abs(expected), atol=1e-3)
    assert features_of(trained, "pca-64", cells).name == "pca-12"  # no row has more
    twin = features_of(trained, "pca-4")  # the PCA that travels with the model
    assert (twin.width, twin.take(cells).shape) == (4, (300, 4))
    with pytest.raises(ParameterError, match="principal components of the training rows: give these too"):
        features_of(trained, "pca-5")


def test_a_probe_knows_the_labels_and_says_how_well(trained: Trained, cells: np.ndarray) -> None:
    found = features_of(trained, "probe", cells, LABELS)
    assert found.accuracy is not None
    assert found.accuracy > 0.8
    assert found.about.key == "samples.features.mlp"
    assert found.about.values["accuracy_share"] == found.accuracy
    assert (found.about.values["rows"], found.about.values["n"]) == (270, 30)
    assert found.take(cells).shape == (300, found.width)
    some = [None if i < 100 else y for i, y in enumerate(LABELS.tolist())]
    assert features_of(trained, "probe", cells, some).about.values["rows"] == 180  # those without a label are left out


def test_a_probe_needs_labels(trained: Trained, cells: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="give training rows that have some"):
        features_of(trained, "probe")
    with pytest.raises(DataError, match="came without any"):
        features_of(trained, "probe", cells)
    with pytest.raises(DataError, match="measurements"):
        features_of(trained, "probe", cells, ROWS[:, 1])


def test_codes_are_the_models_own(trained: Trained, cells: np.ndarray) -> None:
    found = features_of(trained, "codes")
    np.testing.assert_allclose(found.take(cells), embed(trained, ROWS), atol=1e-6)
    with pytest.raises(UnsupportedError, match="conditional"):
        features_of(quick(ROWS, "cvae", y=LABELS, epochs=1), "codes")


def test_an_unknown_name_gets_the_nearest(trained: Trained) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'codes'"):
        features_of(trained, "code")
