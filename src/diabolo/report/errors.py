"""The table of errors: the model beside what is simpler, with a bar for each error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diabolo.jobs.evaluation.contenders import Contender
from diabolo.jobs.findings import Finding
from diabolo.metrics.errors import HIGHER_IS_BETTER
from diabolo.report.bound import judge_bound
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language

ABOUT = ("ridge", "gaussian", "edges")  # contenders that need a word of explanation


def error_table(g: Gathered, say: Language) -> dict[str, Any]:
    """The section's context."""
    table = g.evaluation.table
    every = say.plain(f"noun.{g.noun}", n=g.evaluation.rows)
    return {
        "intro": [
            say("errors.intro", rows=every, scale=_scale(g, say)),
            say(f"errors.{'apart' if _apart(g) else g.evaluation.role}", data=g.evaluation.data),
        ],
        **_lines(table, say, bits=g.evaluation.discrete is not None),
        "about": [say(f"errors.about.{n}") for n in table[0].errors],
        "why": [say.say(f) for f in g.evaluation.why],
        "neighbors": _neighbors(g, say),
        "bound": _bound(g, say),
        "mending": _mending(g, say),
    }


def _lines(table: Sequence[Contender], say: Language, *, bits: bool = False) -> dict[str, Any]:
    """The heads of a table, and a row for each contender. bits: whether PCA is held to as many bits, not numbers."""
    names = list(table[0].errors)
    rows = [
        {
            "name": say.plain("errors.pca-bits" if bits and c.name == "pca" else f"errors.{c.name}"),
            "own": c.name == "model",
            "numbers": say.count(c.numbers) if c.name != "mean" else "–",
            "values": [_cell(table, say, name, c.errors.get(name)) for name in names],
        }
        for c in table
    ]
    return {"heads": [say.plain(f"errors.{n}") for n in names], "rows": rows}


def _cell(table: Sequence[Contender], say: Language, name: str, value: float | None) -> dict[str, Any]:
    if value is None:
        return {"text": "–", "share": None, "best": False}
    every = [c.errors[name] for c in table if name in c.errors]
    higher = name in HIGHER_IS_BETTER
    best = value == (max(every) if higher else min(every))
    share = None if higher or max(every) <= 0 else round(100 * value / max(every), 1)
    text = say.number(value, 3 if not higher else 4, trim=False)
    return {"text": text, "share": share, "best": best}


def _mending(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The job the model was trained for, beside what is simpler; None for models that mend nothing."""
    found = g.evaluation.mending
    if found is None:
        return None
    rows = say.plain(f"noun.{g.noun}", n=found.rows)
    about = f"mending.{found.task}.{'about' if found.damage else 'pairs'}"
    missing = [say("mending.absent", why=found.absent)] if found.absent else []
    return {
        "title": say(f"mending.{found.task}"),
        "sentences": [
            say(about, rows=rows, damage=found.damage),
            *missing,
        ],
        **_lines(found.table, say),
        "about": [say(f"mending.about.{c.name}") for c in found.table if c.name in ABOUT],
    }


def _scale(g: Gathered, say: Language) -> str:
    bounds = g.trained.out_kind.layout.bounds
    if g.trained.out_kind.layout.columns:
        return say.plain("errors.scale.mixed")
    if bounds is None:
        return say.plain("errors.scale.columns")
    return say.plain("errors.scale.pixels", low=bounds[0], high=bounds[1])


def _neighbors(g: Gathered, say: Language) -> Any:
    found = g.evaluation.neighbors
    if not found:
        return None
    shares = {f"{name}_share": share for name, share in found.items()}
    return say("errors.neighbors.pca" if "pca" in found else "errors.neighbors", **shares)


def _bound(g: Gathered, say: Language) -> dict[str, Any] | None:
    if g.evaluation.elbo is None:
        return None
    density = g.trained.model.composition.likelihood.density
    total = g.evaluation.elbo["negative_elbo"]
    values = {"nats": Finding("noun.nats", {"n": total})} if density else {"total": total}
    return {
        "title": say("bound.title"),
        "value": say("bound.value" if density else "bound.value.loss", one=Finding(f"noun.one.{g.noun}"), **values),
        "sentences": [say.say(f) for f in judge_bound(g)],
    }


def _apart(g: Gathered) -> bool:
    """Whether the rows were held out and chose no epoch either: a detector keeps them for its calibration alone."""
    return g.evaluation.role == "held-out" and bool(g.trained.history) and "validation_loss" not in g.trained.history[-1]
