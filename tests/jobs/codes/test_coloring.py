"""Colors of a map: labels, errors, any column of a table, or values of the caller's."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from diabolo.data import read, read_like
from diabolo.errors import DataError
from diabolo.jobs.codes.coloring import coloring
from diabolo.jobs.codes.reconstruct import reconstruction_error
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

X = low_rank(40, 3)
CLASS = np.arange(40) % 3
FRAME = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "kind": CLASS, "place": [f"p{i % 2}" for i in range(40)]})


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(read(FRAME, label="kind", ignore=["place"]), epochs=1)


def color(trained: Trained, what: object, labels: object = CLASS) -> object:
    return coloring(trained, FRAME, read_like(trained.kind, FRAME).source, labels, what)


def test_labels(trained: Trained) -> None:
    for what in (None, "label"):
        found = color(trained, what)
        assert (found.values.tolist(), found.continuous, found.name) == (CLASS.tolist(), False, "label")
    assert color(trained, None, None) is None
    with pytest.raises(DataError, match=r"came without labels. Give them, or color by 'error'"):
        color(trained, "label", None)


def test_errors(trained: Trained) -> None:
    found = color(trained, "error")
    np.testing.assert_array_equal(found.values, reconstruction_error(trained, FRAME))
    assert found.continuous


def test_columns_whether_features_or_not(trained: Trained) -> None:
    found = color(trained, "b")
    np.testing.assert_allclose(found.values, FRAME["b"])
    assert (found.name, found.continuous) == ("b", True)
    assert color(trained, "place").values.tolist() == FRAME["place"].to_list()
    assert color(trained, "kind").values.tolist() == CLASS.tolist()
    assert found.of(np.array([3, 1])).tolist() == [found.values[3], found.values[1]]


def test_a_column_that_is_not_there(trained: Trained) -> None:
    with pytest.raises(
        DataError, match=r"no column 'plase'. Did you mean 'place'.*It was asked for as the color, which may also be 'label'"
    ):
        color(trained, "plase")
    with pytest.raises(DataError, match="no column 'd'"):
        coloring(trained, read_like(trained.kind, FRAME).source, read_like(trained.kind, FRAME).source, None, "d")
    images = little_images(20)
    model = quick(images, epochs=1)
    with pytest.raises(DataError, match="Pictures have no column 'b'"):
        coloring(model, images, model.kind.read(images), None, "b")


def test_values_of_the_callers(trained: Trained) -> None:
    assert not color(trained, np.arange(40) % 20).continuous
    assert color(trained, np.arange(40)).continuous
    assert color(trained, np.where(np.arange(40) < 5, np.nan, 1.0)).continuous is False
    assert color(trained, ["", *"ab" * 19, "c"]).values[:2].tolist() == [None, "a"]  # an empty cell is no label
    assert color(trained, np.array([None, *"ab" * 19, "c"], dtype=object)).values[:2].tolist() == [None, "a"]
    with pytest.raises(DataError, match=r"40 rows, the values have the shape \(3,\)"):
        color(trained, [1, 2, 3])
