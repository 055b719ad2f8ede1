"""All that can be named on a command line: recipes, parts, optimizers, data sets, a line each."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from diabolo import recipes

if TYPE_CHECKING:
    from diabolo.spec import Part

PYTHON_ONLY = "(from Python only) "


@final
@dataclass(frozen=True)
class Entry:
    """A name in a list. part: the class behind it, None for recipes and data sets. source: where data are from."""

    name: str
    about: str
    aliases: tuple[str, ...] = ()
    part: type[Part] | None = None
    source: str = ""


def _recipes() -> list[Entry]:
    return [Entry(r.name, r.what) for r in recipes.RECIPES.values()]


def _family(role: str) -> list[Entry]:
    from diabolo.composition import FAMILIES

    return [_entry(part) for part in FAMILIES[role]]


def _optimizers() -> list[Entry]:
    from diabolo.training.optimizers import OPTIMIZERS

    return [_entry(part) for part in OPTIMIZERS]


def _data() -> list[Entry]:
    from diabolo.data import datasets

    source = "scikit-learn's digits: Alpaydin & Kaynak 1998, UCI repository"
    digits = Entry(datasets.DIGITS, "1797 handwritten digits, 8×8, gray; built in, needs no network", source=source)
    return [digits, *(Entry(s.name, s.about, source=s.reference) for s in datasets.SETS)]


def _entry(part: type[Part]) -> Entry:
    lead = PYTHON_ONLY if part.name == "custom" else ""
    return Entry(part.name, lead + summary(part), part.aliases, part)


LISTS: Mapping[str, Callable[[], Sequence[Entry]]] = {
    "recipes": _recipes,
    "networks": lambda: _family("network"),
    "bottlenecks": lambda: _family("bottleneck"),
    "corruptions": lambda: _family("corruption"),
    "likelihoods": lambda: _family("likelihood"),
    "regularizers": lambda: _family("regularizers"),
    "optimizers": _optimizers,
    "data": _data,
}


def summary(part: type[Part]) -> str:
    """The first paragraph of a part's docstring, on one line."""
    return " ".join(_readable(part).split("\n\n")[0].split())


def named(name: str) -> list[tuple[str, Entry]]:
    """Everything called ``name``, with the list it is in: a recipe and a network may share a name."""
    return [(what, entry) for what, entries in LISTS.items() for entry in entries() if name in (entry.name, *entry.aliases)]


def names() -> list[str]:
    """Every name there is."""
    return sorted({name for entries in LISTS.values() for entry in entries() for name in (entry.name, *entry.aliases)})


def recipe_document(name: str) -> dict[str, Any]:
    """A recipe as data: what, when, paper, and the parts it sets for pictures and for tables."""
    row = recipes.get(name)
    pictures = recipes.Hints(network="auto", likelihood="gaussian", bounds=(0.0, 1.0))
    tables = recipes.Hints(network="auto", likelihood="gaussian")
    return {
        "name": row.name,
        "what": row.what,
        "when": row.when,
        "paper": row.paper,
        "needs_labels": row.conditional,
        "parts": {"images": row.parts(pictures), "tables": row.parts(tables)},
    }


def part_document(entry: Entry) -> dict[str, Any]:
    """A part as data: what it is, other names, its options."""
    from diabolo.spec import describe

    assert entry.part is not None  # asked for parts alone
    rows = [row | {"default": _plain(row["default"])} for row in describe(entry.part)]
    return {"name": entry.name, "aliases": list(entry.aliases), "about": _readable(entry.part), "options": rows}


def _readable(part: type[Part]) -> str:
    """A docstring without the marks that only documentation tools read."""
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"\1", inspect.getdoc(part) or "")
    return text.replace("``", "").replace("::\n", ":\n")


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None), tuple, list)) else str(value)
