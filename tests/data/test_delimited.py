"""Text tables: separator, decimal sign, encoding and header are recognized."""

import pytest

from diabolo.data import read
from diabolo.data.delimited import Dialect, encoding_of, read_delimited
from diabolo.errors import SourceError


@pytest.fixture
def parse(tmp_path):
    def run(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        frame, dialect = read_delimited(path)
        return frame.to_dict(as_series=False), dialect

    return run


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(parse, separator, end):
    rows, dialect = parse(end.join(separator.join(line) for line in (("a", "b"), ("1", "2.5"), ("3", "4"))) + end)
    assert rows == {"a": [1, 3], "b": [2.5, 4.0]}
    assert dialect.separator == separator


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas(parse, separator):
    rows, dialect = parse("a;b\n1,5;2,25\n-3,;4\n".replace(";", separator))
    assert rows == {"a": [1.5, -3.0], "b": [2.25, 4.0]}
    assert dialect.decimal_comma


def test_tables_without_a_header_line(parse):
    rows, dialect = parse("1,5;2,5\n3,1;4\n")
    assert rows == {"x0": [1.5, 3.1], "x1": [2.5, 4.0]}
    assert dialect == Dialect("utf-8", ";", decimal_comma=True, header=False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
def test_encodings(parse, encoding):
    rows, dialect = parse("температура;давление\n21,5;760\n".encode(encoding))
    assert rows == {"температура": [21.5], "давление": [760]}
    assert dialect.encoding == encoding


@pytest.mark.parametrize(
    ("content", "rows", "said"),
    [
        ('a,b\n"0,126","-0,132"\n"1,5",2\n', {"a": [0.126, 1.5], "b": [-0.132, 2.0]}, "comma-separated, decimal comma"),
        ("a\n0,5\n-1,25\n", {"a": [0.5, -1.25]}, "decimal comma"),
        ("a;b\n1.100,5;2 100,5\n3,5;7\n", {"a": [1100.5, 3.5], "b": [2100.5, 7.0]}, "thousands apart by '.'"),
        ("a;b\n1\u00a0234\u00a0567;2\n", {"a": [1234567], "b": [2]}, "semicolon-separated"),
        ('a,b\n"1,100.5","2,200"\n', {"a": [1100.5], "b": [2200]}, "thousands apart by ','"),
        ("a b c\n1 2.5 3\n4  5 6\n", {"a": [1, 4], "b": [2.5, 5.0], "c": [3, 6]}, "space-separated"),
        ("1,5 200,5\n3,1 4\n", {"x0": [1.5, 3.1], "x1": [200.5, 4.0]}, "space-separated, decimal comma, no header line"),
        ("# by hand, in May\n# twice\na,b\n1,2\n", {"a": [1], "b": [2]}, "comma-separated, 2 lines of comment left out"),
        ("# a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}, "comma-separated"),
        ("#,a\n1,2\n", {"#": [1], "a": [2]}, "comma-separated"),
        ("two words\n1\n2\n", {"two words": [1, 2]}, "comma-separated"),
    ],
)
def test_tables_as_people_write_them(parse, content, rows, said):
    got, dialect = parse(content)
    assert got == rows
    assert said in dialect.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('a,b\n"1,100","2,200"\n', "the comma in '1,100' may be a decimal sign or stand between thousands"),
        ("a;b\n1.100;2,5\n", "the point in '1.100' or the comma in '2,5' may stand between thousands"),
    ],
)
def test_what_may_be_a_thousand_or_one_is_not_guessed(parse, content, told):
    with pytest.raises(SourceError, match=f"table.csv: {told}. Write numbers with a decimal point"):
        parse(content)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["1,2.5"] * 6 + ["1,abc", "1,2"], "line 8: 'abc' in column 'b' is no number, and 7 of 8 cells .* Mend this cell"),
        (["1,2"] * 4999 + ["1,zz", "1,yy"], "line 5001: 'zz' in column 'b' .* 4999 of 5001 cells .* Mend these 2 cells"),
        (["1,2", "", '"3",\0', "4,5"], r"line 4: '\\x00' in column 'b' .* 2 of 3 cells"),
    ],
)
def test_a_stray_cell_in_a_column_of_numbers_is_named(parse, tmp_path, rows, told):
    content = "\n".join(["a,b", *rows]) + "\n"
    with pytest.raises(SourceError, match=f"table.csv, {told}.*ignore="):
        parse(content)
    frame, _ = read_delimited(tmp_path / "table.csv", apart=["b"])
    assert frame["a"].dtype.is_integer()
    assert read(tmp_path / "table.csv", ignore=["b"]).kind.names == ("a",)


def test_a_quotation_mark_left_open(parse):
    with pytest.raises(SourceError, match="quotation mark left open"):
        parse("a,b\n" + "1,2\n" * 300 + '1,"x\n' + "3,4\n" * 40000)


def test_encodings_without_a_mark():
    assert encoding_of("a,b\n1,2\n".encode("utf-16-le")) == "utf-16-le"
    assert encoding_of("a,b\n1,2\n".encode("utf-16-be")) == "utf-16-be"
    assert encoding_of("café,hôtel\n1,2\n".encode("windows-1252")) == "windows-1252"


def test_text_that_is_not_what_its_mark_says(parse):
    with pytest.raises(SourceError, match=r"not valid utf-8-sig.*Save it as UTF-8"):
        parse(b"\xef\xbb\xbfa,b\n\xff,2\n")


def test_quotes_hide_separators_and_line_ends(parse):
    rows, _ = parse('"a, b",c\n"1",2\n"3",4\n')
    assert rows == {"a, b": [1, 3], "c": [2, 4]}
    rows, _ = parse('a,note\n1,"x\ny"\n2,"he said ""no"""\n')
    assert rows == {"a": [1, 2], "note": ["x\ny", 'he said "no"']}


def test_missing_cells(parse):
    rows, _ = parse("a,b,c\n1,, x\n?,2,NA\nnan,NA,y\n")
    assert rows == {"a": [1, None, None], "b": [None, 2, None], "c": ["x", "NA", "y"]}


def test_numbers_of_all_sorts(parse):
    rows, _ = parse("a,b,c\n1e3,-.5, 7 \n+2,inf,003\n")
    assert rows == {"a": [1000.0, 2.0], "b": [-0.5, float("inf")], "c": [7, 3]}


def test_one_column(parse):
    assert parse("a\n1\n2\n")[0] == {"a": [1, 2]}


def test_blank_lines_are_no_rows(parse):
    assert parse("\na,b\n1,2\n\n3,4\n\n")[0] == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n4,5\n", r"table.csv, line 3: 1 cell, but line 1 has 2"),
        ("a,b\n\n1,2\n3,4,5\n", r"table.csv, line 4: 3 cells, but line 1 has 2"),
        ('a,b\n1,"x\ny"\n3,4,5\n', r"table.csv, line 4: 3 cells, but line 1 has 2"),
    ],
)
def test_ragged_lines_are_named(parse, content, message):
    with pytest.raises(SourceError, match=message):
        parse(content)


def test_what_is_no_table(parse):
    with pytest.raises(SourceError, match="empty"):
        parse("  \n")
    with pytest.raises(SourceError, match="two columns called 'a'"):
        parse("a,a\n1,2\n")


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read_delimited(tmp_path / "absent.csv")
