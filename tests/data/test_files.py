"""Tables and arrays in files."""

import numpy as np
import polars as pl
import polars.testing
import pytest
import torch

from diabolo.data import read
from diabolo.data.sources import MappedSource
from diabolo.errors import SourceError, UnsupportedError

RNG = np.random.default_rng(0)
FRAME = pl.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, 3.0], "c": ["u", "v", "w"]})


def values(reading):
    return reading.source.take(torch.arange(len(reading.source))).numpy()


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "xlsx"])
def test_tables(tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    write = {
        "csv": FRAME.write_csv,
        "tsv": lambda p: FRAME.write_csv(p, separator="\t"),
        "parquet": FRAME.write_parquet,
        "xlsx": FRAME.write_excel,
    }[ending]
    write(path)
    for data in (path, str(path)):
        reading = read(data, label="c")
        np.testing.assert_array_equal(values(reading), [[1, 1.5], [2, 2.5], [3, 3]])
        assert reading.labels.tolist() == ["u", "v", "w"]
        assert reading.kind.names == ("a", "b")
        assert reading.name == f"table.{ending}"
        assert str(tmp_path) not in reading.reason + "".join(reading.notes)


def test_tables_come_back_as_polars_frames(tmp_path):
    path = tmp_path / "table.csv"
    FRAME.write_csv(path)
    reading = read(path, ignore=["c"])
    kind = reading.kind.fit(reading.source, torch.arange(3))
    made = kind.decode(kind.encode(kind.read(path).take(torch.arange(3))))
    polars.testing.assert_frame_equal(made, FRAME.drop("c"))


def test_how_a_text_table_was_read_is_said_where_it_is_not_plain(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3,5\n")
    assert read(path).notes == ()
    path.write_bytes("масса;рост\n1,5;2\n2,5;3\n".encode("windows-1251"))
    assert read(path).notes == ("table.csv was read as semicolon-separated, decimal comma, windows-1251",)


def test_a_nameless_first_column_of_row_numbers_is_left_out(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(",a\n7,1.5\n3,2.5\n")
    reading = read(path)
    assert reading.kind.names == ("a",)
    assert reading.ids.tolist() == ["7", "3"]
    assert "numbers the rows" in reading.notes[-1]


def test_columns_of_text_are_categories(tmp_path):
    path = tmp_path / "table.csv"
    FRAME.write_csv(path)
    assert [sort.name for sort in read(path).kind.sorts] == ["number", "number", "category"]


def test_missing_cells_are_noted(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,\n2,3\n")
    assert "1 cell is missing (1 in 'b')" in read(path).notes[-1]


def test_the_first_sheet_is_read_and_said(tmp_path):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, value in (("one", 1), ("two", 2)):
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, ["a", value, value + 0.5])
    reading = read(path)
    assert values(reading).tolist() == [[1], [1.5]]
    assert reading.notes == ("sheet 'one' of 2 was read: one, two",)


@pytest.mark.parametrize("ending", ["parquet", "xlsx", "npy", "npz"])
def test_files_that_are_cut_short(tmp_path, ending):
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(b"PK\x03\x04 nothing" if ending in ("xlsx", "npz") else b"\x93NUMPY" if ending == "npy" else b"PAR1")
    with pytest.raises(SourceError, match=f"cut.{ending}") as caught:
        read(path)
    assert str(tmp_path) not in str(caught.value)


def test_npy(tmp_path):
    X = RNG.random((5, 4, 4))
    np.save(tmp_path / "x.npy", X)
    reading = read(tmp_path / "x.npy")
    np.testing.assert_array_equal(values(reading), X)
    assert reading.name == "x.npy"


def test_large_npy_files_stay_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("diabolo.data.files.MAPPED_FROM", 100)
    monkeypatch.setattr("diabolo.data.sources.MAPPED_FROM", 100)
    X = RNG.integers(0, 256, (6, 5, 5), dtype=np.uint8)
    np.save(tmp_path / "x.npy", X)
    reading = read(tmp_path / "x.npy")
    assert isinstance(reading.source, MappedSource)
    np.testing.assert_array_equal(values(reading), X)


def test_arrays_cut_short(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, RNG.random((50, 4)))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SourceError, match="cut short"):
        read(path)


@pytest.mark.parametrize("name", ["X", "x", "data", "images", "arr_0", "whatever"])
@pytest.mark.parametrize("label", ["y", "labels", "label"])
def test_npz(tmp_path, name, label):
    np.savez(tmp_path / "x.npz", **{name: np.eye(3), label: np.array([1, 0, 1])})
    reading = read(tmp_path / "x.npz")
    np.testing.assert_array_equal(values(reading), np.eye(3))
    assert reading.labels.tolist() == [1, 0, 1]


def test_npz_without_rows_or_labels(tmp_path):
    np.savez(tmp_path / "x.npz", first=np.eye(3), second=np.eye(3))
    with pytest.raises(SourceError, match=r"first.*called X"):
        read(tmp_path / "x.npz")
    np.savez(tmp_path / "y.npz", X=np.eye(3), y=np.ones(2))
    assert read(tmp_path / "y.npz").labels is None


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_objects_are_never_unpickled(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    objects = np.array([[1, "a"]], dtype=object)
    if ending == "npy":
        np.save(path, objects, allow_pickle=True)
    else:
        np.savez(path, X=objects)
    with pytest.raises(SourceError, match="unpickled"):
        read(path)


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("mapped_from", [0, 10**9])
def test_what_is_no_numpy_file_says_so(tmp_path, ending, mapped_from, monkeypatch):
    monkeypatch.setattr("diabolo.data.files.MAPPED_FROM", mapped_from)
    np.savetxt(tmp_path / "text", np.eye(3))
    path = (tmp_path / "text").rename(tmp_path / f"text.{ending}")
    with pytest.raises(SourceError, match=rf"text.{ending} is no NumPy file.*np.save.*\.csv"):
        read(path)


@pytest.mark.parametrize(
    ("name", "error", "word"),
    [
        ("book.txt", UnsupportedError, "text"),
        ("tune.mid", UnsupportedError, "music"),
        ("x.pkl", SourceError, "pickle"),
        ("x.pt", SourceError, "pickle"),
        ("x.docx", SourceError, "Known: .csv"),
        ("x", SourceError, "Known: .csv"),
    ],
)
def test_other_endings(tmp_path, name, error, word):
    (tmp_path / name).write_text("x")
    with pytest.raises(error, match=word):
        read(tmp_path / name)
