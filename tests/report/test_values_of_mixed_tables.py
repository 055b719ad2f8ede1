"""Rows of mixed tables beside each other: levels and dates as people write them."""

import polars as pl
import torch

from diabolo.data import read
from diabolo.report.language import language
from diabolo.report.values import COLUMNS, rows_beside

FRAME = pl.DataFrame(
    {
        "height": [1.5, 2.25, 1.75],
        "color": ["red", None, "blue"],
        "born": ["31.12.1999", "01.02.2003", "05.06.1987"],
        "smokes": [True, False, None],
    }
)


def test_cells_stand_as_people_write_them():
    reading = read(FRAME)
    kind = reading.kind.fit(reading.source, torch.arange(3))
    found = rows_beside(language("ru"), kind, kind.inside(reading.source), ["1", "2", "3"])
    told = {str(row["name"]): row["values"] for row in found["rows"]}
    assert told == {
        "height": ["1,500", "2,250", "1,750"],
        "color": ["red", "", "blue"],
        "born": ["31.12.1999", "01.02.2003", "05.06.1987"],
        "smokes": ["True", "False", ""],
    }
    assert found["note"] is None


def test_of_many_columns_those_that_differ_are_shown():
    wide = FRAME.with_columns(pl.lit("same").alias(f"c{i}") for i in range(COLUMNS))
    reading = read(wide)
    kind = reading.kind.fit(reading.source, torch.arange(3))
    found = rows_beside(language("en"), kind, kind.inside(reading.source), ["1", "2", "3"])
    assert len(found["rows"]) == COLUMNS
    assert [str(row["name"]) for row in found["rows"][:4]] == FRAME.columns
    assert str(COLUMNS) in found["note"]
