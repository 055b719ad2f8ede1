"""A command line run inside the test, and two small models that several tests look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diabolo.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``diabolo`` with these words, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def diabolo(*words: object) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return diabolo


@dataclass(frozen=True)
class BlankReport:
    """A report that says nothing, for tests that look at something else."""

    html: str = "<!doctype html>"

    def to_dict(self) -> dict[str, Any]:
        return {"verdict": {"sentences": [], "advice": []}, "evaluation": {"why": []}}


@pytest.fixture
def blank_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports take longer than the trainings here: leave them blank."""
    import diabolo.report

    monkeypatch.setattr(diabolo.report, "build_report", lambda *given, **named: BlankReport())


@pytest.fixture(scope="session")
def digits_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few steps of a VAE on the digits."""
    folder = tmp_path_factory.mktemp("models") / "digits"
    assert main(["train", "demo:digits", "-r", "vae", "-n", "mlp", "-k", "4", "-e", "2", "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table as people have them: semicolons, decimal commas, a name and a label a row."""
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2)) @ random.normal(size=(2, 3)) + 0.1 * random.normal(size=(60, 3))
    lines = ["machine;temp;press;flow;part"]
    for i, row in enumerate(x):
        lines.append(f"{'up' if row[0] > 0 else 'down'};" + ";".join(f"{v:.4f}".replace(".", ",") for v in row) + f";n{i}")
    path = tmp_path_factory.mktemp("data") / "sensors.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def table_model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few steps on the table, labels and names of rows set apart."""
    folder = tmp_path_factory.mktemp("models") / "table"
    apart = ["--label", "machine", "--id", "part"]
    assert main(["train", str(table), *apart, "-k", "2", "-e", "2", "-o", str(folder)]) == 0
    return folder
