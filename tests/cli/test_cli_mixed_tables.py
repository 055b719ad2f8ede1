"""Tables with categories, dates and empty cells on the command line: what is missing is filled in, and how well is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.conftest import Run


@pytest.fixture
def table(run: Run, tmp_path: Path, blank_report: None) -> pl.DataFrame:
    """150 rows of weight, date, kind and a name, which is no feature, in whole.csv; and a model of them in ``model``."""
    random = np.random.default_rng(0)
    weight = random.normal(5, 1, 150).round(2)
    columns = {
        "name": [f"row {i}" for i in range(150)],
        "weight": weight,
        "born": np.datetime64("2020-01-01") + (weight * 30).astype("timedelta64[D]"),
        "kind": np.where(weight > 5, "large", "small"),
    }
    frame = pl.DataFrame(columns)
    frame.write_csv(tmp_path / "whole.csv")
    said = run("train", "whole.csv", "--recipe", "masked", "--id", "name", "-k", "2", "-e", "3", "-o", "model")
    assert said.code == 0, said.err
    return frame


def test_empty_cells_are_filled_in_beside_the_simplest_guess(run: Run, tmp_path: Path, table: pl.DataFrame) -> None:
    gone = np.arange(150)[:, None] % 4 == np.arange(4) + 1
    empty = [pl.when(pl.Series(gone[:, i])).then(None).otherwise(pl.col(c)).alias(c) for i, c in enumerate(table.columns[1:])]
    gaps = table.with_columns(empty)
    gaps.write_csv(tmp_path / "gaps.csv")
    said = run("impute", "model", "gaps.csv", "-o", "full.csv")
    assert said.code == 0, said.err
    assert "112 of 450 cells were filled in" in said.err
    assert "of 3 columns better than the mean or the most frequent level does" in said.err
    assert "kind:" in said.err
    full = pl.read_csv(tmp_path / "full.csv", try_parse_dates=True)
    assert full.columns == table.columns
    assert full["name"].to_list() == table["name"].to_list()
    assert sum(full.null_count().row(0)) == 0
    for name in table.columns[1:]:
        there = gaps[name].is_not_null()
        assert full[name].filter(there).to_list() == gaps[name].filter(there).to_list(), name
    assert run("impute", "model", "gaps.csv", "-o", "full.parquet").code == 0


def test_where_categories_cannot_be_written_or_nothing_is_missing(run: Run, table: pl.DataFrame) -> None:
    said = run("impute", "model", "whole.csv", "-o", "full.npy")
    assert said.code == 2
    assert "goes into a .csv or .parquet file" in said.err
    said = run("impute", "model", "whole.csv", "-o", "full.csv")
    assert said.code == 2
    assert "No cell of whole.csv is missing" in said.err
