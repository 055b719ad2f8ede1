"""Labels and when they are classes."""

import numpy as np
import pandas as pd
import pytest

from diabolo.errors import DataError
from diabolo.jobs.labels import class_names, classes_of, without_missing

MEASURED = [0.5, 1.5, 0.5, 1.5, 0.5, 1.5]


@pytest.mark.parametrize(
    "given",
    [
        [3, 4, 3, 4],
        np.array([3.0, 4.0, 3.0, 4.0]),
        ["3", "4", "3", "4"],
        ["3.0", "4.0", "3.0", "4.0"],
        np.array([3, 4.0, "3", "4"], dtype=object),
        pd.Series([3, 4, 3, 4], dtype="Int64").to_numpy(),
    ],
)
def test_whole_numbers_are_named_alike_however_they_came(given: object) -> None:
    found = classes_of(given, 4)
    assert found is not None
    assert found.tolist() == ["3", "4", "3", "4"]


def test_names_that_look_like_numbers_stay_names() -> None:
    found = classes_of(["007", "08", "007", "08"], 4)
    assert found is not None
    assert found.tolist() == ["007", "08", "007", "08"]


@pytest.mark.parametrize("none", [None, float("nan"), "", np.nan, pd.NA])
def test_a_row_without_a_label_is_empty(none: object) -> None:
    found = classes_of(np.array(["a", none, "a", "b", "b"], dtype=object), 5)
    assert found is not None
    assert found.tolist() == ["a", "", "a", "b", "b"]


def test_missing_among_numbers() -> None:
    found = classes_of([1.0, np.nan, 1.0], 3)
    assert found is not None
    assert found.tolist() == ["1", "", "1"]


@pytest.mark.parametrize(
    "labels", [None, "one for all", 3, MEASURED, [str(v) for v in MEASURED], [*MEASURED[:5], ""], list("abcdef"), [None] * 6]
)
def test_what_is_no_class(labels: object) -> None:
    assert classes_of(labels, 6) is None


def test_measurements_that_came_as_text_are_numbers_again() -> None:
    found = without_missing(np.array(["12.5", "", "-3", "nan"]))
    np.testing.assert_array_equal(found, [12.5, np.nan, -3.0, np.nan])
    assert class_names(["12.5", "3"]) is None
    assert without_missing(["b", "1.5"]).tolist() == ["b", "1.5"]


def test_another_number_of_labels() -> None:
    with pytest.raises(DataError, match="one label a row: there are 3 rows, y has 2"):
        classes_of(["a", "b"], 3)
    with pytest.raises(DataError, match=r"there are 2 rows, y has the shape \(2, 2\)"):
        classes_of(np.zeros((2, 2)), 2)
