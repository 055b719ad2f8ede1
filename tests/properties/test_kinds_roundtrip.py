"""decode∘encode is the identity, for images and tables of any shape, dtype, range and library."""

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diabolo.data import read
from diabolo.data.kinds import KINDS

LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def there_and_back(reading):
    """Through a fitted kind that was stored and loaded on the way."""
    rows = torch.arange(len(reading.source))
    kind = reading.kind.fit(reading.source, rows)
    data, tensors = kind.to_json()
    kind = KINDS[kind.name].from_json(json.loads(json.dumps(data)), tensors)
    x = kind.encode(reading.source.take(rows))
    assert x.shape[1:] == kind.layout.shape
    assert torch.isfinite(x).all()
    return kind.decode(x)


@st.composite
def image_shapes(draw):
    n, h, w, c = draw(st.integers(1, 4)), draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.sampled_from([1, 3, 4]))
    return draw(st.sampled_from([(n, h, w), (n, h, w, c), (n, c, h, w)]))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), dtype=st.sampled_from(["bool", "uint8", "uint16"]), value_range=st.sampled_from([None, (0, 1), (-1, 1)]))
def test_images_of_whole_numbers_come_back_exactly(data, dtype, value_range):
    X = data.draw(arrays(dtype, data.draw(image_shapes())))
    made = there_and_back(read(X, value_range=value_range, kind="image"))
    assert made.dtype == X.dtype
    np.testing.assert_array_equal(made, X)


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    dtype=st.sampled_from(["float16", "float32", "float64"]),
    scale=st.sampled_from([(0, 1), (-1, 1), (0, 255), (-40, 60)]),
)
def test_images_of_floats_come_back_closely(data, dtype, scale):
    width = np.finfo(dtype).bits
    X = data.draw(arrays(dtype, data.draw(image_shapes()), elements=st.floats(*scale, width=width)))
    made = there_and_back(read(X, value_range=scale, kind="image"))
    assert made.dtype == X.dtype
    assert made.shape == X.shape
    np.testing.assert_allclose(made, X, atol=2e-6 * (scale[1] - scale[0]) if dtype != "float16" else 0.05, rtol=1e-6)


@settings(deadline=None, max_examples=40)
@given(data=st.data(), h=st.integers(1, 6), w=st.integers(1, 6), c=st.integers(1, 5))
def test_flat_images_come_back(data, h, w, c):
    X = data.draw(arrays("uint8", (3, h * w * c)))
    np.testing.assert_array_equal(there_and_back(read(X, image_shape=(h, w, c))), X)


def varies(X):
    """Whether some column is not constant."""
    return bool((X[0] != X).any())


def assert_close_by_column(made, X):
    """Within what float32 keeps of a column's spread."""
    spread = np.ptp(X.astype(np.float64), axis=0)
    np.testing.assert_array_less(
        np.abs(made.astype(np.float64) - X.astype(np.float64)), 2e-6 * spread + 1e-9 * np.abs(X) + 1e-300
    )


@settings(deadline=None, max_examples=60)
@given(data=st.data(), n=st.integers(2, 6), d=st.integers(1, 5))
def test_tables_of_floats_come_back_closely(data, n, d):
    X = data.draw(arrays("float64", (n, d), elements=st.floats(-1e12, 1e12)))
    assume(varies(X))
    assert_close_by_column(there_and_back(read(X)), X)


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    n=st.integers(2, 6),
    d=st.integers(1, 5),
    dtype=st.sampled_from(["int8", "uint8", "int16", "uint16", "int64"]),
)
def test_tables_of_whole_numbers_come_back_exactly(data, n, d, dtype):
    limit = min(np.iinfo(dtype).max, 50_000)
    X = data.draw(arrays(dtype, (n, d), elements=st.integers(0, limit)))
    assume(varies(X))
    made = there_and_back(read(X))
    assert made.dtype == X.dtype
    np.testing.assert_array_equal(made, X)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=5, unique=True), library=st.sampled_from(sorted(LIBRARIES)))
def test_frames_come_back_with_names_and_dtypes(data, names, library):
    dtypes = [data.draw(st.sampled_from(["bool", "int32", "int64", "float32", "float64"])) for _ in names]
    columns = {n: data.draw(arrays(t, 4, elements=_cells(t))) for n, t in zip(names, dtypes, strict=True)}
    frame = LIBRARIES[library](columns)
    assume(any(map(varies, columns.values())))
    made = there_and_back(read(frame))
    assert type(made) is type(frame)
    for name, dtype in zip(names, dtypes, strict=True):
        column = np.asarray(made[name])
        assert column.dtype == dtype
        assert_close_by_column(column[:, None], columns[name][:, None])


def _cells(dtype):
    return {"b": st.booleans(), "i": st.integers(-1000, 1000), "f": st.floats(-1000, 1000, width=32)}[np.dtype(dtype).kind]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=6).filter(lambda t: not _is_number(t))
CELLS = {
    "number": st.floats(-1000, 1000, width=32),
    "whole": st.integers(-1000, 1000),
    "text": TEXTS,
    "boolean": st.booleans(),
    "date": st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
}


@settings(deadline=None, max_examples=40)
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=5, unique=True), library=st.sampled_from(sorted(LIBRARIES)))
def test_mixed_frames_come_back_with_what_is_missing(data, names, library):
    sorts = [data.draw(st.sampled_from(sorted(CELLS))) for _ in names]
    columns = {n: data.draw(st.lists(st.none() | CELLS[s], min_size=6, max_size=6)) for n, s in zip(names, sorts, strict=True)}
    assume(any(len({v for v in cells if v is not None}) > 1 for cells in columns.values()))
    frame = LIBRARIES[library](columns)
    made = there_and_back(read(frame, kind="mixed"))
    assert type(made) is type(frame)
    for name, sort in zip(names, sorts, strict=True):
        got, wanted = plain(made[name]), plain(frame[name])
        assert [v is None for v in got] == [v is None for v in wanted]
        if sort == "number":
            wanted, got = ([0 if v is None else v for v in cells] for cells in (wanted, got))
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=2e-5 * (1 + np.ptp(wanted)))
        else:
            assert got == wanted


def plain(column):
    """The cells as Python's own objects, None where they are missing."""
    cells = (
        column.to_pylist() if hasattr(column, "to_pylist") else column.tolist() if hasattr(column, "tolist") else list(column)
    )
    return [None if pd.isna(v) else v for v in cells]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


@settings(deadline=None, max_examples=40)
@given(data=st.data(), n=st.integers(2, 8), d=st.integers(1, 4))
def test_arrays_with_missing_cells_come_back_closely(data, n, d):
    X = data.draw(arrays("float64", (n, d), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
    assume(any(len(np.unique(column[~np.isnan(column)])) > 1 for column in X.T))
    made = there_and_back(read(X, kind="mixed"))
    np.testing.assert_array_equal(np.isnan(made), np.isnan(X))
    spread = np.nan_to_num(np.nanmax(X, 0, initial=-np.inf) - np.nanmin(X, 0, initial=np.inf), neginf=0)
    np.testing.assert_array_less(np.abs(np.nan_to_num(made - X)), np.broadcast_to(1e-5 * spread + 1e-9, X.shape))
