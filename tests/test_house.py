"""The house itself: who imports whom, what is public, what a class is, and what never stands in the source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import diabolo

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "diabolo"
FILES = {path.relative_to(SRC).as_posix(): path for path in sorted(SRC.rglob("*.py"))}

# Who may import whom, downwards only: each room and the rooms below it. A file's room is the longest name that fits.
GROUND = ("errors", "records", "maths", "spec", "writing")
FAMILIES = ("parts.networks", "parts.bottlenecks", "parts.corruptions", "parts.likelihoods", "parts.regularizers")
MODEL = (*GROUND, "parts.layers", *FAMILIES, "composition", "model")
TRAINED = (*MODEL, "data", "trained")
JOBS = (*TRAINED, "recipes", "training", "store", "metrics", "baselines", "densities", "jobs")
SHOWN = (*JOBS, "figures", "estimators", "report")

BELOW = {
    **dict.fromkeys((*GROUND, "parts.layers", "data", "metrics", "baselines", "densities"), GROUND),
    **dict.fromkeys(FAMILIES, (*GROUND, "parts.layers")),
    "parts": (),
    "composition": MODEL,
    "model": MODEL,
    "recipes": MODEL,
    "trained": TRAINED,
    "training": TRAINED,
    "store": (*TRAINED, "recipes"),  # the model card says what a recipe is
    "jobs": JOBS,
    "figures": JOBS,
    "estimators": (*JOBS, "figures"),  # ae.plot
    "report": SHOWN,
    "cli": SHOWN,
    "lab": SHOWN,
    "__main__": ("cli",),
    "": (),  # diabolo/__init__.py: the public names, resolved when they are used
}


def none(complaints: Iterable[str]) -> None:
    """Fail with all of them, a line each."""
    text = "\n".join(sorted(complaints))
    assert not text, text


@cache
def tree(file: str) -> ast.Module:
    return ast.parse(FILES[file].read_text(encoding="utf-8"))


def room(name: str) -> str:
    """The room of a module, given without the leading ``diabolo.``; "" for the package itself."""
    return max((r for r in BELOW if f"{name}.".startswith(f"{r}.")), key=len, default="")


def dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("__init__").replace("/", ".").strip(".")


def without_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, except what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from without_type_checking(child)


def imported(file: str) -> Iterator[tuple[int, str]]:
    """Each import of a file, those inside functions too, as (line, absolute name)."""
    for node in without_type_checking(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively; write the whole name"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_every_file_is_in_a_room() -> None:
    none([file for file in FILES if not room(dotted(file)) and file != "__init__.py"])


def test_imports_go_downwards() -> None:
    upwards = []
    for file in FILES:
        own = room(dotted(file))
        for line, name in imported(file):
            other = room(name.removeprefix("diabolo").strip(".")) if name.split(".")[0] == "diabolo" else ""
            if other not in (own, *BELOW[own], ""):
                upwards.append(f"{file}:{line}: {own} must not import {other}")
    none(upwards)


def test_public_names() -> None:
    assert sorted(diabolo.__all__) == [
        "AnomalyDetector",
        "Autoencoder",
        "Custom",
        "FineTunedClassifier",
        "__version__",
        "load",
        "read",
    ]
    assert all(getattr(diabolo, name) is not None for name in diabolo.__all__)


@pytest.mark.parametrize("module", ["diabolo", "diabolo.recipes", "diabolo.cli"])
def test_the_door_is_light(module: str) -> None:
    """Help texts and tables of names must not wait for the heavy libraries."""
    code = f"import sys, {module}; print(*sorted({{'torch', 'numpy', 'sklearn', 'polars', 'matplotlib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def found(kind: type[ast.AST]) -> list[tuple[str, Any]]:
    """Every node of a kind in the source, as (file:line, node)."""
    return [(f"{file}:{n.lineno}", n) for file in FILES for n in ast.walk(tree(file)) if isinstance(n, kind)]


CLASSES, CALLS = found(ast.ClassDef), found(ast.Call)


def last_names(nodes: list[ast.expr]) -> set[str]:
    """``typing.final`` -> final, ``Sequence[int]`` -> Sequence, ``dataclass(frozen=True)`` -> dataclass."""
    return {re.split(r"[\[(]", ast.unparse(node))[0].rpartition(".")[2] for node in nodes}


def is_final(node: ast.ClassDef) -> bool:
    return "final" in last_names(node.decorator_list)


def is_abstract(node: ast.ClassDef) -> bool:
    return bool(last_names(node.bases) & {"ABC", "Protocol"})


def is_error(node: ast.ClassDef) -> bool:
    return any(name.endswith(("Error", "Exception")) for name in last_names(node.bases))


def test_every_class_is_abstract_or_final() -> None:
    """Exceptions aside. Abstract is what says so: a class that has ABC or Protocol among its bases."""
    none([where for where, node in CLASSES if not is_error(node) and is_abstract(node) == is_final(node)])


def test_no_concrete_class_is_subclassed() -> None:
    final = {node.name for _, node in CLASSES if is_final(node)}
    none([where for where, node in CLASSES if last_names(node.bases) & final])


UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_METHODS = {"torch.load", "torch.save", "joblib.load", "pandas.read_pickle", "pd.read_pickle"}


def is_unsafe(call: ast.Call) -> bool:
    """Whether the call can run what a file or a text says."""
    name = ast.unparse(call.func)
    pickled = any(k.arg == "allow_pickle" and ast.unparse(k.value) != "False" for k in call.keywords)
    return name in UNSAFE_CALLS | UNSAFE_METHODS or pickled


def test_nothing_runs_what_a_file_says() -> None:
    none([where for where, call in CALLS if is_unsafe(call)])
    none([f"{f}:{line}" for f in FILES for line, name in imported(f) if name.split(".")[0] in UNSAFE_MODULES])


def swallows(handler: ast.ExceptHandler) -> bool:
    """Whether it catches just anything and goes on as if nothing had been."""
    if handler.type is None:
        return True
    broad = {ast.unparse(n) for n in ast.walk(handler.type)} & {"Exception", "BaseException"}
    return bool(broad) and all(isinstance(s, ast.Pass | ast.Continue) for s in handler.body)


def test_no_error_is_swallowed() -> None:
    none([where for where, handler in found(ast.ExceptHandler) if swallows(handler)])


def test_only_the_command_line_and_progress_print() -> None:
    printed = [where for where, call in CALLS if ast.unparse(call.func) == "print"]
    none([where for where in printed if not where.startswith(("cli/", "training/progress.py"))])


def texts() -> list[Path]:
    """Everything people read or run here, by name."""
    folders = ("src", "tests", "scripts", "docs", "examples", "benchmarks", ".ci")
    inside = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return [*inside, *ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("*.txt")]


def test_no_path_of_one_machine() -> None:
    machine = re.compile(rb"(?<![\w.$}])/(?:work|home|root|Users|tmp|opt)/|\b[A-Z]:\\\\?\w")
    found = [p.relative_to(ROOT).as_posix() for p in texts() if p.suffix != ".png" and machine.search(p.read_bytes())]
    none(found)


def in_readme() -> set[str]:
    """The paths of the file tree in README.md: the fenced block that begins with ``src/diabolo/``."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```\w*\n(src/diabolo/.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert block, "README.md has no file tree: a fenced block that begins with src/diabolo/, a line a file"
    paths, above = set(), [(-1, "")]  # the folders we are in: (indent, path)
    for line in block[1].splitlines():
        indent, name = len(line) - len(line.lstrip()), line.split(maxsplit=1)[0]
        assert len(line.split(maxsplit=1)) == 2, f"README.md: say what {name} is"
        while above[-1][0] >= indent:
            above.pop()
        paths.add(above[-1][1] + name)
        if name.endswith("/"):
            above.append((indent, above[-1][1] + name))
    return paths


def test_the_readme_shows_every_file() -> None:
    """A folder's line stands for its ``__init__.py`` too."""
    shown = in_readme()
    have = {p.relative_to(ROOT).as_posix() for p in SRC.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    folders = {f"{parent}/" for p in have for parent in Path(p).parents if parent.parts[:2] == ("src", "diabolo")}
    files = {p for p in have if not p.endswith("__init__.py")}
    none(f"README.md does not show {p}" for p in (files | folders) - shown)
    none(f"README.md shows {p}, which is not there" for p in shown if not (ROOT / p).exists())


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == diabolo.__version__
