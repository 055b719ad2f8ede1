"""Before a command runs: help without heavy imports, versions, exit codes of bad usage."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import diabolo
from diabolo.cli.app import COMMANDS
from tests.cli.conftest import Run

HEAVY = ("torch", "numpy", "scipy", "sklearn", "matplotlib", "polars", "PIL", "jinja2")


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in COMMANDS)], ids=" ".join)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys; from diabolo.cli import main; code = main(sys.argv[1:]); "
        f"found = set({HEAVY!r}) & set(sys.modules); print(sorted(found), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"
    assert done.stdout.startswith("Usage: diabolo")


def test_every_command_is_shown_with_what_it_does(run: Run) -> None:
    ran = run("--help")
    shown = [line.split(maxsplit=1) for line in ran.out.splitlines() if line.startswith("  ")]
    about = {words[0]: words[1] for words in shown if len(words) == 2}
    assert set(COMMANDS) <= set(about)
    assert not [verb for verb in COMMANDS if about[verb].endswith("...")]  # short enough for one line


def test_version(run: Run) -> None:
    assert run("--version").out == f"diabolo {diabolo.__version__}\n"


def test_python_m_diabolo_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "diabolo", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"diabolo {diabolo.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["train"], "Missing argument 'DATA'"),
        (["train", "demo:digits", "--epoch", "3"], "--epochs"),
        (["train", "demo:digits", "--epochs", "0"], "greater than or equal to 1"),
        (["train", "demo:digits", "--lang", "fr"], "'en'"),
        (["embed", "model", "demo:digits"], "Missing option '--output'"),
    ],
)
def test_bad_usage_is_told_and_ends_with_2(run: Run, words: list[str], said: str) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(("given", "found"), [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7")])
def test_waiting_threads_spin_briefly_unless_told_otherwise(given: dict[str, str], found: str) -> None:
    """Set by the import, before torch is there to read it."""
    kept = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"} | given
    program = "import diabolo, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=kept)
    assert done.stdout.split() == [found, "False"]
