"""Tables with words, dates and gaps from the command line: trained, restored, written as they were."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.conftest import Run

RNG = np.random.default_rng(0)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file as an office writes it."""
    lines = ["name;age;job;born;fit"]
    for i in range(60):
        age = int(RNG.integers(18, 90))
        job = "?" if i % 10 == 0 else "retired" if age > 60 else "clerk"
        lines.append(f"n{i};{age},5;{job};01.{1 + i % 12:02}.{2024 - age};{'yes' if i % 2 else 'no'}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.usefixtures("blank_report")
def test_a_table_is_trained_on_and_comes_back(run: Run, people: Path) -> None:
    trained = run("train", people, "--label", "fit", "--id", "name", "--epochs", 2, "-o", "model")
    assert trained.code == 0, trained.err
    assert "a table of 3 columns (1 of numbers, 1 of dates, 1 of categories)" in trained.err
    assert "read as missing: '?' in 6 cells" in trained.err
    text = people.read_text().replace("clerk", "pilot", 2)
    people.write_text(text)
    restored = run("reconstruct", "model", people, "-o", "restored.csv")
    assert restored.code == 0, restored.err
    assert "column 'job': 2 cells of 1 level never seen in training: 'pilot'" in restored.err
    made = pl.read_csv("restored.csv")
    assert made.columns == ["name", "fit", "age", "job", "born"]
    assert set(made["job"]) <= {"clerk", "retired"}
    assert made["born"].str.contains(r"^\d\d\.\d\d\.\d{4}$").all()
    refused = run("reconstruct", "model", people, "-o", "restored.npz")
    assert refused.code == 2
    assert "write it as .csv or .parquet" in refused.err
