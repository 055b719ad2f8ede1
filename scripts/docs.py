"""Writes docs/recipes.md, docs/options.md and README's file tree from the source: ``.venv/bin/python scripts/docs.py``.

A test compares.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from diabolo.composition import FAMILIES
from diabolo.recipes import RECIPES, Hints, Recipe
from diabolo.spec import Part, describe
from diabolo.training.optimizers import OPTIMIZERS

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
TREE_BEGIN = "```\nsrc/diabolo/                   the package\n"
OTHER_FILES = {
    "py.typed": "its types are for others too",
    ".css": "how the report looks",
    ".html": "its frame",
    "en.json": "its English texts",
    "ru.json": "its Russian texts",
    "ru.reasons.json": "reasons and notes, told in Russian",
}
FOLDERS = {
    "parts": "what a model is made of, a family a folder",
    "maths": "pure functions on tensors, no state",
    "baselines": "what is simpler: PCA, the mean",
    "kinds": "image, table: user data to tensors, and back",
    "jobs": "one file a job: a function from a trained model and data to a result",
    "training": "plan, engine, optimizers, checkpoints",
    "figures": "matplotlib pictures of results",
    "estimators": "the scikit-learn face",
    "pages": "the report's template",
    "texts": "the report's texts",
}
WRITTEN = "<!-- Written by scripts/docs.py from the source; change it there. -->\n"

RECIPES_HEAD = """# Recipes

A recipe says what is asked of the code. It is a name for a combination of parts: `Autoencoder("vae")`,
`diabolo train DATA --recipe vae`. Every part can be replaced (`bottleneck="gaussian"`, `--bottleneck gaussian`) and every
option set (`set_params(bottleneck__beta=4)`, `--set bottleneck.beta=4`); [options.md](options.md) lists them. What a recipe
does not set follows from the data: pictures get the network `conv`, small pictures and tables get `mlp`.
"""

OPTIONS_HEAD = """# Parts and their options

A model is network × bottleneck × likelihood × corruption × regularizers. On the command line an option is set with
`--set ROLE.OPTION=VALUE` (of a regularizer, `--set regularizers.NAME.OPTION=VALUE`), in Python with
`set_params(ROLE__OPTION=VALUE)` or with the part itself: `bottleneck=Gaussian(beta=4)`.
"""

ROLES = {
    "network": "Networks: the encoder and the decoder",
    "bottleneck": "Bottlenecks: what is asked of the code",
    "corruption": "Corruptions: how inputs are damaged in training",
    "likelihood": "Likelihoods: how far from the data counts as how wrong",
    "regularizers": "Regularizers: prices on something besides the reconstruction",
    "optimizer": "Optimizers: how the weights are changed",
}
TYPES = {"int": "whole number", "float": "number", "bool": "true or false", "str": "name", "tuple[int, ...]": "whole numbers"}


def recipes_page() -> str:
    """The table of recipes, then one section each."""
    rows = table(("recipe", "what it is"), ((f"[`{r.name}`](#{r.name})", r.what) for r in RECIPES.values()))
    return "\n".join([WRITTEN, RECIPES_HEAD, rows, *(recipe_section(r) for r in RECIPES.values())])


def recipe_section(recipe: Recipe) -> str:
    """What it is, when to use it, its paper and the parts it sets."""
    images, tables = recipe.parts(Hints("conv", "gaussian", (0.0, 1.0))), recipe.parts(Hints("mlp", "gaussian"))
    where = [("Sets", images)] if images == tables else [("Sets, for pixels in [0, 1]", images), ("Sets, for tables", tables)]
    sets = [f"- {words}: {'; '.join(described(role, part) for role, part in parts.items())}" for words, parts in where]
    facts = [f"- Use it for: {recipe.when}", f"- Paper: {recipe.paper}", *sets]
    return "\n".join([f"## {recipe.name}\n", f"{recipe.what}\n", *facts, ""])


def described(role: str, part: Any) -> str:
    """``bottleneck `gaussian` (beta=4.0)``."""
    if isinstance(part, Sequence):
        return "; ".join(described(role, p) for p in part)
    options = ", ".join(f"{k}={v}" for k, v in part.items() if k != "name")
    return f"{role} `{part['name']}`" + f" ({options})" * bool(options)


def options_page() -> str:
    """One section a family, one table a part."""
    families: Mapping[str, Iterable[type[Part]]] = {**FAMILIES, "optimizer": OPTIMIZERS}
    sections = (text for role, parts in families.items() for text in (f"## {ROLES[role]}\n", *map(part_section, parts)))
    return "\n".join([WRITTEN, OPTIONS_HEAD, *sections])


def part_section(part: type[Part]) -> str:
    """The part's name, the first paragraph of its docstring, and its options."""
    names = ", ".join(f"`{n}`" for n in (part.name, *part.aliases))
    about = " ".join(inspect.cleandoc(part.__doc__ or "").split("\n\n")[0].split()).replace("``", "`")
    rows = [(f"`{o['name']}`", value_of(o), f"`{shown(o['default'])}`", o["doc"]) for o in describe(part)]
    return "\n".join([f"### {names}\n", f"{about}\n", table(("option", "value", "default", "meaning"), rows)])


def value_of(option: Mapping[str, Any]) -> str:
    """What may be given: the type in words and the range."""
    kinds = [TYPES.get(kind, kind) for kind in option["type"].split(" | ")]
    words = " or ".join("none" if kind == "None" else kind for kind in kinds)
    return option["range"] if option["range"].startswith("one of") else ", ".join(filter(None, (words, option["range"])))


def shown(value: Any) -> str:
    """A default as ``--set`` would take it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "()"
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def readme_page() -> str:
    """README.md with its file tree as the source is now: a line a file, the beginning of its docstring."""
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(TREE_BEGIN)
    after = rest.partition("```\n")[2]
    return before + begin + "\n".join(tree(DOCS.parent / "src" / "diabolo", 2)) + "\n```\n" + after


def tree(folder: Path, indent: int) -> list[str]:
    """The lines of one folder: its files, then the folders in it."""
    lines = []
    for path in sorted(folder.iterdir(), key=lambda p: (p.is_dir(), p.name)):
        if path.name.startswith("__") and path.name != "__main__.py":
            continue
        name = " " * indent + path.name + "/" * path.is_dir()
        lines.append(f"{name:30} {says(path / '__init__.py' if path.is_dir() else path)}".rstrip())
        if path.is_dir():
            lines += tree(path, indent + 2)
    return lines


def says(path: Path) -> str:
    """The beginning of a module's docstring, or what a file that is no module is."""
    if path.suffix != ".py":
        return OTHER_FILES.get(path.name, OTHER_FILES.get(path.suffix, ""))
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else None
    first = " ".join((found or FOLDERS[path.parent.name]).split("\n\n")[0].split()).replace("``", "")
    whole = re.split(r"(?<=[a-z)])\. ", first)[0].removesuffix(".")
    return whole if len(whole) <= 125 else re.split(r"[;,] ", whole)[0]


PAGES = {DOCS / "recipes.md": recipes_page, DOCS / "options.md": options_page, README: readme_page}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
