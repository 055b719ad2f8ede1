"""What the documentation says is so: pages written from the source are up to date, Python runs, commands exist."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from diabolo import composition, recipes
from diabolo.cli import main
from diabolo.data.kinds import KINDS, Kind
from diabolo.parts.corruptions.base import Corruption
from scripts.docs import PAGES

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
BY_NAME = pytest.mark.parametrize("path", DOCS, ids=lambda p: p.relative_to(ROOT).as_posix())


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_written_pages_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run: .venv/bin/python scripts/docs.py"


def register(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what a page defines where the page says it is put."""
    for thing in list(vars(module).values()):
        if isinstance(thing, recipes.Recipe):
            monkeypatch.setitem(recipes.RECIPES, thing.name, thing)  # type: ignore[arg-type]
        if not isinstance(thing, type) or thing.__module__ != module.__name__:
            continue
        if issubclass(thing, Corruption) and thing not in composition.CORRUPTIONS:
            monkeypatch.setattr(composition, "CORRUPTIONS", (*composition.CORRUPTIONS, thing))
            monkeypatch.setitem(composition.FAMILIES, "corruption", composition.CORRUPTIONS)  # type: ignore[arg-type]
        if issubclass(thing, Kind):
            monkeypatch.setitem(KINDS, thing.name, thing)


@BY_NAME
def test_python_runs(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The blocks of a page, one after the other, as one program."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    monkeypatch.chdir(tmp_path)
    for block in blocks(path, "python"):
        exec(compile(block, path.name, "exec"), vars(module))
        register(module, monkeypatch)
    if path.name == "medical.md" and vars(module).get("auc") is not None:
        check_the_medical_page(vars(module))


def check_the_medical_page(said: dict[str, Any]) -> None:
    """What the page says of its figures."""
    assert said["auc"] > 0.93
    assert said["false_alarms"] < 0.1
    assert said["found"] > 0.5
    assert abs(said["blame"].sigmas) > 2  # the row it explains is far out


def command(line: str) -> tuple[str, list[str]]:
    """``diabolo train x.csv --recipe vae -o m`` -> train, [--recipe, -o]."""
    words = line.split("#")[0].split()
    return words[1], [w.split("=")[0] for w in words[2:] if re.fullmatch(r"-{1,2}[a-z].*", w)]


@BY_NAME
def test_commands_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in "".join(blocks(path, "sh")).splitlines():
        if line.startswith("diabolo "):
            verb, options = command(line)
            assert main([verb, "--help"]) == 0, line
            assert set(options) <= set(re.findall(r"(?<!\S)-{1,2}[a-z][\w-]*", capsys.readouterr().out)), line


@BY_NAME
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def test_the_russian_guide_knows_every_recipe() -> None:
    guide = (ROOT / "docs" / "ru" / "guide.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `([\w-]+)` \|", guide, re.MULTILINE)) == tuple(recipes.RECIPES)


def test_the_medical_page_is_the_same_program_in_both_languages() -> None:
    english, russian = ROOT / "docs" / "medical.md", ROOT / "docs" / "ru" / "medical.md"
    assert blocks(english, "python") == blocks(russian, "py")
