"""Data frames of several libraries, in and back."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
import torch

from diabolo.data import aligned, read
from diabolo.errors import DataError, ParameterError

COLUMNS = {"a": [1, 2, 3, 4], "b": [1.5, 2, 3, 2.5], "c": [True, False, True, True], "y": ["u", "v", "w", "u"]}
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def back(data, **options):
    """Data through a fitted kind and back."""
    reading = read(data, **options)
    rows = torch.arange(len(reading.source))
    kind = reading.kind.fit(reading.source, rows)
    return kind.decode(kind.encode(reading.source.take(rows)))


@pytest.mark.parametrize("library", LIBRARIES)
def test_frames_come_back_as_they_were(library):
    frame = LIBRARIES[library](COLUMNS)
    made = back(frame, ignore=["y"])
    assert type(made) is type(frame)
    if library == "polars":
        pl.testing.assert_frame_equal(made, frame.drop("y"))
        return
    before = frame.drop(columns="y") if library == "pandas" else frame.drop_columns("y")
    if library == "pyarrow":
        assert made.schema == before.schema
        made, before = made.to_pandas(), before.to_pandas()
    pd.testing.assert_frame_equal(made, before)


@pytest.mark.parametrize("library", LIBRARIES)
def test_labels_and_ids_stand_beside(library):
    reading = read(LIBRARIES[library](COLUMNS), label="a", id="y")
    assert reading.labels.tolist() == [1, 2, 3, 4]
    assert reading.ids.tolist() == ["u", "v", "w", "u"]
    assert reading.kind.names == ("b", "c")


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "boolean", "int16[pyarrow]", "float32", "uint8"])
def test_pandas_dtypes_come_back(dtype):
    frame = pd.DataFrame({"a": pd.array([1, 0, 1], dtype=dtype), "b": [3.5, 2, 1]})
    pd.testing.assert_frame_equal(back(frame), frame, atol=1e-6)


def test_pandas_columns_that_are_numbers_come_back():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(4, 3)))
    assert back(frame).columns.tolist() == [0, 1, 2]


def test_lazy_frames_are_collected():
    assert read(pl.DataFrame(COLUMNS).lazy(), ignore=["y"]).kind.names == ("a", "b", "c")


def test_decimals_and_objects_that_are_numbers():
    frame = pd.DataFrame({"a": [Decimal("1.5"), Decimal(2)], "b": np.array([1, 2.5], dtype=object)})
    np.testing.assert_array_equal(read(frame).source.take(torch.arange(2)).numpy(), [[1.5, 1], [2, 2.5]])
    np.testing.assert_array_equal(
        read(pl.DataFrame({"a": [Decimal("1.5"), Decimal(2)]})).source.take(torch.arange(2)), [[1.5], [2]]
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_missing_cells_are_noted_and_are_none_for_a_model_of_complete_numbers(library):
    gaps = LIBRARIES[library]({"a": [1, None, None], "b": [1.5, 2, None]})
    assert "3 cells are missing (2 in 'a', 1 in 'b')" in read(gaps).notes[-1]
    whole = read(LIBRARIES[library]({"a": [1, 2, 3], "b": [1.5, 2, 3]}))
    with pytest.raises(DataError, match=r"NaN .*: 2 in column 'a', 1 in column 'b'"):
        whole.kind.fit(whole.source, torch.arange(3)).read(gaps)


@pytest.mark.parametrize("library", LIBRARIES)
def test_columns_of_text_are_named_with_an_example_to_a_model_of_numbers(library):
    numbers = {"a": COLUMNS["a"], "b": COLUMNS["b"], "c": COLUMNS["c"], "y": [1, 2, 3, 4]}
    whole = read(LIBRARIES[library](numbers))
    kind = whole.kind.fit(whole.source, torch.arange(4))
    with pytest.raises(DataError, match=r"Column 'y' \(category such as 'u'\).*label=.*--ignore"):
        kind.read(LIBRARIES[library](COLUMNS))
    with pytest.raises(DataError, match=r"Column 'y' \(category such as 'u'\) holds no numbers, and an image takes"):
        read(LIBRARIES[library](COLUMNS), image_shape=(2, 2))


def test_a_stray_cell_is_told_from_a_column_of_text():
    with pytest.raises(DataError, match=r"Row 2, counted from 0: 'abc' in column 'a' is no number, and 3 of 4 cells"):
        read(pd.DataFrame({"a": [1, 2.5, "abc", "-4"], "b": 1}))
    assert read(pd.DataFrame({"a": ["-0.132", "u", "v"], "b": 1})).kind.sorts[0].levels == ("-0.132", "u", "v")


def test_columns_of_cells_of_which_nothing_can_be_made():
    for values in ([1, "v"], [[1], [2]], [pd.Timedelta(1, "D")] * 2, [pd.Timestamp(0), pd.Timestamp(0).date()]):
        with pytest.raises(DataError, match=r"Column 'a' \(such as .*--ignore"):
            read(pd.DataFrame({"a": values, "b": [1, 2]}))
    with pytest.raises(DataError, match="Complex data not supported: column 'a'"):
        read(pd.DataFrame({"a": [1 + 2j, 2]}))


def test_columns_need_names_of_their_own():
    for names in (["a", "a"], [1, "1"]):
        with pytest.raises(DataError, match="name of its own"):
            read(pd.DataFrame(np.eye(2), columns=names))
    with pytest.raises(DataError, match="text or whole numbers"):
        read(pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])))


def test_names_of_features_are_all_text_or_all_numbers():
    X = pd.DataFrame(np.eye(3), columns=["a", 1, "b"])
    with pytest.raises(DataError, match=r"'a' is text and 1 is a number.*astype\(str\)"):
        read(X)
    assert read(X, ignore=["1"]).kind.names == ("a", "b")


def test_a_column_that_is_not_there_gives_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'y'"):
        read(pd.DataFrame(COLUMNS), label="y_")


def test_an_index_is_put_back_where_rows_match():
    given = pd.DataFrame({"a": [1.0, 2]}, index=["r", "s"])
    made = pd.DataFrame({"a": [1.1, 2.1]})
    assert aligned(made, given).index.tolist() == ["r", "s"]
    assert made.index.tolist() == [0, 1]
    assert aligned(made, given.iloc[:1]) is made
    array = np.ones(2)
    assert aligned(array, given) is array
