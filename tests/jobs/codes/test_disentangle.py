"""Factors beside codes of a model and of PCA: found where each is a column of its own, in any form they come."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from diabolo.errors import DataError
from diabolo.jobs.codes import disentangle as job
from diabolo.jobs.codes.disentangle import disentangle
from diabolo.jobs.codes.embed import embed
from diabolo.metrics.disentanglement import separation
from diabolo.trained import Trained
from tests.helpers import little_images, quick

RANDOM = np.random.default_rng(0)
FACTORS = {"height": RANDOM.uniform(size=200), "wood": np.array(["ash", "oak"])[RANDOM.integers(0, 2, 200)]}
X = np.stack([FACTORS["height"], FACTORS["wood"] == "oak", RANDOM.normal(size=200)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(X, latent_dim=2, epochs=2)


def test_the_figures_are_those_of_the_codes(trained: Trained) -> None:
    found = disentangle(trained, X, FACTORS)
    expected = separation(embed(trained, X), list(FACTORS.values()), ["height", "wood"])
    assert found.model.names == ("height", "wood")
    assert (found.model.mig, found.model.sap) == pytest.approx((expected.mig, expected.sap))
    assert found.pca is not None
    assert found.pca.rows == 200
    assert json.loads(json.dumps(found.to_dict()))["model"]["names"] == ["height", "wood"]


def test_frames_dicts_and_arrays_say_the_same(trained: Trained) -> None:
    found = disentangle(trained, X, FACTORS)
    assert disentangle(trained, X, pl.DataFrame(FACTORS)) == found
    assert (
        disentangle(trained, X, {k: [str(v) for v in values] for k, values in FACTORS.items()}) == found
    )  # as files have them
    array = np.column_stack([FACTORS["height"], FACTORS["wood"] == "oak"])
    assert disentangle(trained, X, array, names=["height", "wood"]).model.mig == pytest.approx(found.model.mig)


def test_some_of_many_rows(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "ROWS", 60)
    assert disentangle(trained, X, FACTORS).model.rows == 60


def test_pairs_have_no_pca_and_labels_are_read() -> None:
    images, y = little_images(60), np.arange(60) % 2
    assert disentangle(quick(images, target=images, epochs=1), images, y).pca is None
    assert disentangle(quick(images, "cvae", y=y, epochs=1), images, {"top": y}, y).model.rows == 60


def test_other_numbers_of_rows_are_refused(trained: Trained) -> None:
    with pytest.raises(DataError, match="there are 200 rows, the factors have 3"):
        disentangle(trained, X, {"a": [1, 2, 3]})
    with pytest.raises(DataError, match="there are 200 rows, the factors have 3"):
        disentangle(trained, X, np.zeros((3, 2)))
