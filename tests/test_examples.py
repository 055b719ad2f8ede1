"""The examples run, and say what they say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_example_beats_pca(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import autoencoder_example

    found = autoencoder_example.main("demo:digits", epochs=60, folder=str(tmp_path / "out"))
    assert found["mse"] < found["pca"] < found["mean"]
    assert found["accuracy"] > 0.8
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"model", "reconstructions.png", "history.png"}
    assert "PCA with 16 numbers" in capsys.readouterr().out


def test_mended_pictures_stand_beside_simpler_ones(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import mending_pictures

    found = mending_pictures.main("demo:digits", epochs=40, passes=8)
    assert set(found) == {"denoise", "impute", "unshuffle", "upscale", "photograph"}
    assert found["denoise"]["model"] > found["denoise"]["median"]
    assert found["unshuffle"]["model"] > found["unshuffle"]["input"]
    assert found["photograph"]["denoising"] > found["photograph"]["input"] + 2
    assert found["photograph"]["noise2self"] > found["photograph"]["input"] + 1
    said = capsys.readouterr().out
    assert "visible pixels changed: 0" in said
    assert "outside the hole: 0" in said


def test_odd_digits_are_found_better_than_by_simpler_ways(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import finding_oddities

    found = finding_oddities.main()
    assert set(found) == {"model", "pca", "code neighbors", "pixel neighbors", "heat"}
    assert found["model"] > max(0.97, found["pca"])
    assert found["heat"] > 0.9
    assert "false alarms" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="kernels need another event loop there")
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs() -> None:
    notebook = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    text = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))
    errors = {line.split()[0]: float(line.split()[-1]) for line in text.splitlines() if "squared error" in line}
    assert errors["model"] < errors["pca"] < errors["mean"]
