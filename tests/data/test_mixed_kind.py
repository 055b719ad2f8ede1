"""Mixed tables: blocks of fields that say what is missing, levels never seen, and back in the caller's columns and dtypes."""

import datetime
import json

import numpy as np
import pandas as pd
import polars as pl
import polars.testing
import pyarrow as pa
import pytest
import torch

from diabolo.data import read, read_like
from diabolo.data.kinds import KINDS, MixedTableKind, TableKind, mixed
from diabolo.data.kinds.states import MOST_KEPT
from diabolo.errors import DataError

RNG = np.random.default_rng(0)
BORN = [datetime.date(2020, 2, 29), None, datetime.date(1999, 12, 31), datetime.date(1969, 7, 20)]
FRAME = {
    "height": [1.5, 2.25, None, 1.75],
    "age": [39, 50, 38, 7],
    "color": ["red", "blue", None, "red"],
    "smokes": [True, None, False, True],
    "born": BORN,
}
LIBRARIES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def fitted(data, rows=None, **options):
    reading = read(data, **options)
    rows = torch.arange(len(reading.source)) if rows is None else torch.as_tensor(rows)
    return reading.kind.fit(reading.source, rows), reading.source


def inside(kind, source):
    return kind.encode(source.take(torch.arange(len(source))))


def back(data, **options):
    """Data through a fitted kind, that was stored and loaded on the way, and back."""
    kind, source = fitted(data, **options)
    data, tensors = kind.to_json()
    kind = KINDS["mixed"].from_json(json.loads(json.dumps(data)), tensors)
    return kind.decode(inside(kind, source))


def test_a_column_is_a_block_of_fields():
    kind, source = fitted(pl.DataFrame(FRAME))
    assert isinstance(kind, MixedTableKind)
    columns = [(c.name, c.start, c.stop, c.levels) for c in kind.layout.columns]
    assert columns == [("height", 0, 2, 0), ("age", 2, 4, 0), ("color", 4, 8, 3), ("smokes", 8, 12, 3), ("born", 12, 14, 0)]
    assert kind.layout.names[4:8] == ("color=red", "color=blue", "color: never seen", "color: missing")
    x = inside(kind, source)
    assert x.dtype == torch.float32
    assert x[:, 4:8].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    assert x[:, 8:12].tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    assert x[:, 1].tolist() == [0, 0, 1, 0]
    assert x[2, 0] == 0
    assert x[1, 12:].tolist() == [0, 1]


def test_what_is_missing_is_not_real():
    kind, source = fitted(pl.DataFrame(FRAME))
    real = kind.layout.real(inside(kind, source))
    assert real[2].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 0]


@pytest.mark.parametrize("library", LIBRARIES)
def test_frames_come_back_as_they_were(library):
    frame = LIBRARIES[library](FRAME)
    made = back(frame)
    if library == "pandas":
        pd.testing.assert_frame_equal(made, frame)
    elif library == "polars":
        pl.testing.assert_frame_equal(made, frame)
    else:
        assert made.schema == frame.schema
        pd.testing.assert_frame_equal(made.to_pandas(), frame.to_pandas())


CATEGORIES = pd.Categorical.from_codes([0, 2, -1, 0], categories=["s", "m", "l"], ordered=True)
TIMES = pd.to_datetime(["2020-01-01 12:30", None, "2021-06-01 00:00", "2020-03-29 01:00"])
MOMENTS = [None if pd.isna(time) else time.to_pydatetime() for time in TIMES]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(CATEGORIES, id="ordered"),
        pytest.param(pd.Categorical([3, 1, None, 3]), id="categories of numbers"),
        pytest.param(pd.array([1, None, 3, 4], dtype="Int64"), id="Int64"),
        pytest.param(pd.array([1, None, 3, 4], dtype="UInt8"), id="UInt8"),
        pytest.param(pd.array([1.5, None, 3, 4], dtype="Float32"), id="Float32"),
        pytest.param(pd.array([True, None, False, True], dtype="boolean"), id="boolean"),
        pytest.param(pd.array(["a", None, "b", "a"], dtype="string"), id="string"),
        pytest.param(pd.Series(["a", None, "b", "a"], dtype=object), id="object"),
        pytest.param(pd.Series([1, None, 3, 4], dtype="int64[pyarrow]"), id="int64[pyarrow]"),
        pytest.param(pd.Series(["a", None, "b", "a"], dtype="string[pyarrow]"), id="string[pyarrow]"),
        pytest.param(TIMES.astype("datetime64[ns]"), id="datetime64[ns]"),
        pytest.param(TIMES.astype("datetime64[s]"), id="datetime64[s]"),
        pytest.param(TIMES.tz_localize("Europe/Berlin"), id="Europe/Berlin"),
        pytest.param(TIMES.tz_localize("America/New_York").as_unit("s"), id="America/New_York"),
        pytest.param(pd.Series(BORN, dtype=object), id="dates"),
    ],
)
def test_pandas_dtypes_come_back(values):
    frame = pd.DataFrame({"a": values, "b": [3.5, 2, 1, 5]})
    made = back(frame)
    pd.testing.assert_frame_equal(made, frame, rtol=1e-6)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series(["s", "l", None, "s"], dtype=pl.Enum(["s", "m", "l"])),
        pl.Series(["s", "l", None, "s"], dtype=pl.Categorical),
        pl.Series([True, None, False, True]),
        pl.Series([1, None, 3, 4], dtype=pl.Int8),
        pl.Series(MOMENTS, dtype=pl.Datetime("us")),
        pl.Series(MOMENTS, dtype=pl.Datetime("ms", "Asia/Tokyo")),
    ],
    ids=lambda series: str(series.dtype),
)
def test_polars_dtypes_come_back(series):
    frame = pl.DataFrame({"a": series, "b": [3.5, 2, 1, 5]})
    pl.testing.assert_frame_equal(back(frame), frame, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["s", "l", None, "s"], pa.dictionary(pa.int8(), pa.string())),
        (["s", "l", None, "s"], pa.large_string()),
        ([True, None, False, True], pa.bool_()),
        ([1, None, 3, 4], pa.uint16()),
        (BORN, pa.date32()),
        (MOMENTS, pa.timestamp("ms", tz="Europe/Berlin")),
        (MOMENTS, pa.timestamp("ns")),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value),
)
def test_pyarrow_types_come_back(values, dtype):
    table = pa.table({"a": pa.array(values, type=dtype), "b": [3.5, 2, 1, 5]})
    made = back(table)
    assert made.schema == table.schema
    assert made["a"].to_pylist() == table["a"].to_pylist()


def test_arrays_with_missing_cells_come_back():
    X = RNG.normal(size=(30, 3)).astype(np.float32)
    X[3, 1] = X[7, 2] = np.nan
    made = back(X)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, X, atol=1e-5)


def test_complete_numbers_are_mixed_where_that_is_asked():
    X = RNG.lognormal(0, 2, (50, 3))
    assert isinstance(read(X, kind="table").kind, TableKind)
    kind, source = fitted(X, kind="mixed")
    assert isinstance(kind, MixedTableKind)
    np.testing.assert_allclose(kind.decode(inside(kind, source)), X, rtol=1e-5, atol=1e-6)
    assert back((X * 10).astype(np.int64), kind="mixed").dtype == np.int64


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_dates_far_from_any_stay_inside_their_dtype(unit, zone):
    at = pd.Series(pd.date_range("2020-01-01", periods=30).as_unit(unit).tz_localize(zone))
    kind, _ = fitted(pd.DataFrame({"at": at, "n": range(30)}))
    far = torch.zeros(2, kind.layout.fields)
    far[:, 0] = torch.tensor([-1e9, 1e9])
    made = kind.decode(far)["at"]
    assert made.dtype == at.dtype
    assert made[0] < at[0] < made[1]


def test_the_step_between_dates_is_that_of_all_rows(monkeypatch):
    monkeypatch.setattr(mixed, "_SAMPLE_ROWS", 10)
    at = np.array(["2020-01-01"], dtype="M8[us]") + np.arange(100).astype("m8[D]")
    at[57] += np.timedelta64(90, "m")
    frame = pd.DataFrame({"at": at, "n": range(100)})
    reading = read(frame)
    kind = reading.kind.fit(reading.source, torch.arange(100))
    assert kind.grains.tolist() == [1 / 1440, 0]
    pd.testing.assert_series_equal(kind.decode(kind.inside(reading.source))["at"], frame["at"])


def test_dates_in_text_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        "born;seen;ok;x\n31.12.1999;2020-01-01 10:30;true;1,5\n01.02.2003;2020-05-06 11:45;false;2,5\n?;-;NA;3,25\n"
    )
    reading = read(path)
    assert [sort.name for sort in reading.kind.sorts] == ["date", "date", "boolean", "number"]
    assert "read as missing: '?' in 1 cell, '-' in 1 cell, 'NA' in 1 cell" in reading.notes
    made = back(path)
    assert made.with_columns(pl.col("x").round(5)).to_dict(as_series=False) == {
        "born": ["31.12.1999", "01.02.2003", None],
        "seen": ["2020-01-01 10:30", "2020-05-06 11:45", None],
        "ok": [True, False, None],
        "x": [1.5, 2.5, 3.25],
    }


def test_further_files_are_read_as_the_first_was(tmp_path):
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    first.write_text("day,code,x\n12/31/2020,a1,1\n01/02/2021,07,2\n03/04/2021,7,4\n,b2,5\n")
    later.write_text("code,x,day\n07,2,05/06/2021\n7,3,02/03/2021\n")
    kind, _ = fitted(first)
    rows = kind.read(later).take(torch.arange(2)).numpy()
    assert rows[:, 0].tolist() == [18_753, 18_661]
    levels = kind.sorts[1].levels
    assert [levels[int(i)] for i in rows[:, 1]] == ["07", "7"]


def test_sheets_are_read_with_their_dates_and_words(tmp_path):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet()
        for column, (name, values) in enumerate({"a": [1.5, None, 2], "b": ["u", "v", "?"], "c": BORN[:3]}.items()):
            sheet.write(0, column, name)
            for row, value in enumerate(values, 1):
                sheet.write_datetime(row, column, value) if name == "c" and value else sheet.write(row, column, value)
    reading = read(path)
    assert [sort.name for sort in reading.kind.sorts] == ["number", "category", "date"]
    assert np.isnan(reading.array()).sum(0).tolist() == [1, 1, 1]
    path = tmp_path / "table.parquet"
    pl.DataFrame(FRAME).write_parquet(path)
    pl.testing.assert_frame_equal(back(path), pl.DataFrame(FRAME))


def test_levels_that_were_never_seen_have_a_state_of_their_own_and_are_noted():
    kind, _ = fitted(pd.DataFrame({"color": ["red", "blue", "red"], "x": [1.0, 2, 3]}))
    reading = read_like(kind, pd.DataFrame({"color": ["green", "red", "gray", "green", None], "x": 1.0}))
    assert reading.notes == ("column 'color': 3 cells of 2 levels never seen in training: 'gray', 'green'",)
    x = inside(kind, reading.source)
    assert x[:, :4].tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert kind.decode(x)["color"].tolist()[:2] == ["red", "red"], "never seen is never chosen"


def test_levels_of_held_out_rows_alone_were_never_seen():
    kind, source = fitted(pd.DataFrame({"color": ["red", "blue", "red", "green"], "x": [1.0, 2, 3, 4]}), rows=[0, 1, 2])
    assert inside(kind, source)[3, :4].tolist() == [0, 0, 1, 0]


def test_very_many_levels_are_capped_and_noted():
    n = 100_000
    places = np.r_[np.arange(n), np.repeat(np.arange(300), np.arange(300, 0, -1))]
    frame = pl.DataFrame({"city": [f"c{i}" for i in places], "x": RNG.normal(size=len(places))})
    kind, source = fitted(frame)
    assert kind.layout.columns[0].levels == MOST_KEPT + 2
    note = next(note for note in read(frame).notes if "levels" in note)
    assert note == "column 'city' has 100000 levels: the 255 most frequent are told apart, the others are one, 'other'"
    x = inside(kind, source.__class__(source.take(torch.tensor([0, 254, 255, 99_999]))))
    assert x[:, : MOST_KEPT + 3].argmax(1).tolist() == [0, 254, 255, 255]
    assert kind.decode(x)["city"].to_list()[:2] == ["c0", "c254"]


def test_columns_of_texts_that_mostly_differ_are_noted():
    names = [f"name {i}" for i in range(40)]
    notes = read(pd.DataFrame({"name": names, "x": np.arange(40.0)})).notes
    assert notes == (
        "column 'name' has 40 different texts in 40 cells: if it names the rows or is free text, say so with id= or ignore= "
        "(--id name, --ignore name)",
    )


def test_empty_and_constant_columns_are_noted_and_given_back_as_they_are():
    frame = pd.DataFrame(
        {"a": np.nan, "b": ["u"] * 4, "c": [7.0] * 4, "d": [1.0, 2, 3, 5], "e": pd.array([None] * 4, "string")}
    )
    reading = read(frame)
    assert reading.notes == (
        "every cell is missing in 2 columns: 'a', 'e'; nothing is learned of such a column, and it is given back empty",
        "2 columns are constant: 'b', 'c'",
    )
    kind, source = fitted(frame)
    x = inside(kind, source)
    pd.testing.assert_frame_equal(kind.decode(x), frame)
    noisy = kind.settled(x + torch.randn(x.shape, generator=torch.Generator().manual_seed(0)))
    columns = {column.name: column for column in kind.layout.columns}
    assert (noisy[:, columns["c"].start] == 0).all()
    assert noisy[:, columns["b"].start : columns["b"].stop].tolist() == [[1, 0, 0]] * 4
    assert (noisy[:, [c.flag for c in kind.layout.columns]] == 0).all()
    with pytest.raises(DataError, match="Every column is constant or empty in the training rows"):
        fitted(frame[["a", "b", "c"]])


def test_columns_may_be_reordered_and_are_named_where_they_are_others():
    frame = pd.DataFrame(FRAME)
    kind, source = fitted(frame)
    again = kind.read(frame[["born", "age", "color", "height", "smokes"]])
    np.testing.assert_array_equal(again.take(torch.arange(4)), source.take(torch.arange(4)))
    with pytest.raises(DataError, match=r"Feature names unseen at fit time:\n- hue\n.*yet now missing:\n- color"):
        kind.read(frame.rename(columns={"color": "hue"}))
    with pytest.raises(DataError, match="yet now missing:\n- age"):
        kind.read(frame.drop(columns="age"))
    with pytest.raises(DataError, match="X has 3 features, but the model is expecting 5 features"):
        kind.read(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("age", ["x", "y", "z", "x"], r"Column 'age' holds categories such as 'x', but the model was trained on numbers there"),
        ("born", [1, 2, 3, 4], r"Column 'born' holds numbers, but the model was trained on dates there"),
        ("color", pd.to_datetime(["2020-01-01"] * 4), r"Column 'color' holds dates, but .* trained on categories"),
        ("height", [1.0, np.inf, 3, -np.inf], r"inf \(infinite cells\): 2 in column 'height'\. Mend these cells"),
        ("height", [1.0, 1e300, 3, 4], r"more than 1e\+19 spreads .*: 1 in column 'height'"),
    ],
)
def test_cells_of_another_sort_are_named(column, values, message):
    frame = pd.DataFrame(FRAME)
    kind, _ = fitted(frame)
    with pytest.raises(DataError, match=message):
        kind.read(frame.assign(**{column: values}))


def test_columns_that_are_now_empty_or_numbers_are_taken_for_what_they_were():
    frame = pd.DataFrame(FRAME).assign(code=["1", "2", "x", "x"])
    kind, _ = fitted(frame)
    rows = kind.read(frame.assign(born=None, age=None, code=[2, 1, 2, 3], smokes=[0, 1, 1, 0])).take(torch.arange(4)).numpy()
    assert np.isnan(rows[:, [1, 4]]).all()
    assert rows[:, 5].tolist() == [1, 0, 1, -1]
    assert rows[:, 3].tolist() == [0, 1, 1, 0]


def test_a_stray_word_among_dates_is_named():
    with pytest.raises(DataError, match=r"Row 1, counted from 0: '31\.02\.2020' in column 'a' is no date, and 2 of 3 cells"):
        read(pd.DataFrame({"a": ["30.01.2020", "31.02.2020", "01.01.2020"], "b": [1, 2, 3]}))


def test_infinity_is_named_with_its_column():
    with pytest.raises(DataError, match=r"inf \(infinite cells\): 1 in column 'b'"):
        read(pd.DataFrame({"a": ["u", "v"], "b": [1.0, np.inf]}))


def test_the_scale_in_nats_is_that_of_the_cells_that_are_there():
    """log p(v) = log p(x) + log |dx/dv|, summed over the numbers; the derivative by autograd."""
    X = np.c_[RNG.normal(5, 3, 300), RNG.lognormal(0, 2, 300), np.full(300, 4.0)]
    X[0, 0] = X[1, 1] = np.nan
    kind, source = fitted(pd.DataFrame(X, columns=["a", "b", "c"]).assign(d=["u", "v", "w"] * 100))
    x = inside(kind, source)
    v = torch.from_numpy(X[:, :2]).requires_grad_(True)
    robust = kind.robust
    u = (v - robust.center[:2]) / robust.spread[:2]
    assert robust.bent.tolist() == [False, True, False]
    y = torch.stack([u[:, 0], u[:, 1].asinh()], dim=1) / robust.factor[:2]
    (slope,) = torch.autograd.grad(y[~y.isnan()].sum(), v)
    wanted = torch.where(torch.isnan(v), 0.0, slope.log()).sum(1)
    torch.testing.assert_close(kind.log_scales(x).double(), wanted, rtol=1e-5, atol=1e-5)
    at_rest = -(robust.spread * robust.factor).log()[:2].sum() - torch.cosh(robust.shift[1]).log()
    assert kind.log_scale == pytest.approx(float(at_rest), rel=1e-5)


def test_natural_units_are_the_columns_own():
    kind, source = fitted(pl.DataFrame(FRAME))
    natural = kind.natural(inside(kind, source))
    assert natural.dtype == torch.float64
    np.testing.assert_allclose(natural[:, 2], FRAME["age"], rtol=1e-5)
    assert natural[:, 4:8].tolist() == inside(kind, source)[:, 4:8].tolist()


def test_cells_are_shown_as_people_read_them():
    kind, source = fitted(pl.DataFrame(FRAME))
    rows = kind.shown(kind.cells(inside(kind, source)))
    assert rows[0][2:] == ["red", True, datetime.date(2020, 2, 29)]
    assert rows[1][2:] == ["blue", None, None]
    assert rows[2][0] is None
    assert rows[0][1] == pytest.approx(39)


def test_the_scaling_is_a_module():
    kind, source = fitted(pl.DataFrame(FRAME))
    torch.testing.assert_close(kind.scaling()(source.take(torch.arange(4))), inside(kind, source))


def test_a_kind_that_was_not_fitted_says_so():
    with pytest.raises(DataError, match="not been fitted"):
        read(pl.DataFrame(FRAME)).kind.encode(torch.ones(1, 5))


def test_the_kind_is_kept_as_json_and_tensors():
    kind, source = fitted(pd.DataFrame(FRAME), ignore=["age"])
    data, tensors = kind.to_json()
    again = MixedTableKind.from_json(json.loads(json.dumps(data)), tensors)
    assert again.to_json()[0] == data
    assert again.layout == kind.layout
    assert again.aside == kind.aside
    torch.testing.assert_close(inside(again, source), inside(kind, source), rtol=0, atol=0)


def test_descriptions_that_do_not_fit_together_are_refused():
    data, tensors = fitted(pd.DataFrame(FRAME))[0].to_json()
    for change, kept in (
        ({"sorts": data["sorts"][1:]}, tensors),
        ({"sorts": [{"name": "number", "other": 1}]}, tensors),
        ({}, {"empty": tensors["empty"]}),
        ({}, tensors | {"more": tensors["empty"]}),
        ({}, tensors | {"states.table": tensors["states.table"][1:]}),
        ({"dtype": "nothing"}, tensors),
        ({"columns": {"names": ["a"]}}, tensors),
    ):
        with pytest.raises(DataError, match="description of the table"):
            MixedTableKind.from_json(data | change, kept)


def test_labels_and_ids_of_mixed_tables_stand_beside():
    frame = pd.DataFrame(FRAME)
    reading = read(frame, label="age", id="color", ignore=["born"])
    assert reading.kind.names == ("height", "smokes")
    assert reading.labels.tolist() == [39, 50, 38, 7]
    kind = reading.kind.fit(reading.source, torch.arange(4))
    assert len(kind.read(frame)) == len(kind.read(frame[["height", "smokes"]])) == 4
    with pytest.raises(DataError, match="'hue'"):
        read_like(kind, frame, label="hue")
