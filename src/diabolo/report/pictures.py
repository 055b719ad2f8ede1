"""Inputs beside reconstructions: strips of pictures, or tables of values with the columns' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from diabolo.jobs.evaluation.extremes import Example
from diabolo.jobs.mending.repairs import Repair
from diabolo.records import Layout
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import drawable, strip
from diabolo.report.values import breakable, natural, words

COLUMNS = 16  # of a table that are all shown
FEW = 10  # of a wider one: those the model misses most
FULL = 2.0  # standard deviations at which the bar of a miss is full

Line = tuple[str, Sequence[Tensor], tuple[float, float] | None]  # key of its name, the pictures, their range


def examples(g: Gathered, say: Language) -> dict[str, Any]:
    """The section's groups, as strips or as tables."""
    shapes = (g.trained.kind.layout.shape, g.trained.out_kind.layout.shape)
    pictures = all(map(drawable, shapes)) and g.trained.kind.layout.bounds is not None
    ranked = {name: found for name, found in g.extremes.groups.items() if found}
    if pictures:
        groups = [_strips(g, say, name, found) for name, found in ranked.items()]
        repairs = [_repaired_strips(g, say, g.repairs)] if g.repairs else []
    else:
        groups = [_tables(say, name, [_card(g, say, e) for e in found]) for name, found in ranked.items()]
        repairs = [_tables(say, "damaged", [_repaired_card(g, say, r) for r in g.repairs[:1]])] if g.repairs else []
    every = say.plain(f"noun.{g.noun}", n=g.extremes.rows)
    beside = "pca" in g.errors
    notes = [say("pictures.below" if beside else "pictures.below.alone")] if pictures else [say("pictures.miss", full=FULL)]
    notes += [say("pictures.damaged.about")] if repairs else []
    return {"intro": say("pictures.intro", rows=every), "pictures": pictures, "groups": [*groups, *repairs], "notes": notes}


# --- pictures ----------------------------------------------------------------------------------------------------------


def _strips(g: Gathered, say: Language, name: str, found: Sequence[Example]) -> dict[str, Any]:
    source, target = g.trained.kind.layout.bounds, g.trained.out_kind.layout.bounds
    lines: list[Line] = [("input", [e.shown for e in found], source)]
    if g.trained.target_kind is not None:
        lines.append(("aim", [e.aim for e in found], target))
    lines.append(("model", [e.restored for e in found], target))
    pca = [e.pca for e in found if e.pca is not None]
    if pca:
        lines.append(("pca", pca, source))
    captions = [_caption(say, e.error, e.pca_error, e.label) for e in found]
    return _group(say, name, lines, captions)


def _repaired_strips(g: Gathered, say: Language, found: Sequence[Repair]) -> dict[str, Any]:
    bounds = g.trained.kind.layout.bounds
    lines: list[Line] = [
        ("input", [r.clean for r in found], bounds),
        ("damaged", [r.damaged for r in found], bounds),
        ("model", [r.restored for r in found], bounds),
    ]
    return _group(say, "damaged.group", lines, [_caption(say, r.error, r.damage, r.label) for r in found])


def _group(say: Language, name: str, lines: Sequence[Line], captions: list[dict[str, Any]]) -> dict[str, Any]:
    title = say.plain(f"pictures.{name}")
    shown = [
        {
            "label": say.plain(f"pictures.{who}"),
            "uri": strip(pictures, bounds or (0.0, 1.0)),
            "alt": say.plain(f"pictures.alt.{who}", group=title[0].lower() + title[1:]),
        }
        for who, pictures, bounds in lines
    ]
    return {"title": title, "lines": shown, "captions": captions, "count": len(captions)}


def _caption(say: Language, error: float, beside: float | None, label: Any) -> dict[str, Any]:
    return {
        "error": say.number(error, 2, trim=False),
        "beside": None if beside is None else say.number(beside, 2, trim=False),
        "label": None if label is None else str(label),
    }


# --- tables ------------------------------------------------------------------------------------------------------------


def _tables(say: Language, name: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": say.plain(f"pictures.{name}" if name != "damaged" else "pictures.damaged.group"), "cards": cards}


def _card(g: Gathered, say: Language, e: Example) -> dict[str, Any]:
    """One row of a table beside its reconstructions."""
    kind, target = g.trained.kind, g.trained.out_kind
    told = [natural(target, e.aim), natural(target, e.restored)]
    heads = ["aim" if g.trained.target_kind is not None else "input", "model"]
    facts = [say.plain("pictures.row", row=e.row)]
    facts += [] if e.label is None else [say.plain("pictures.label", label=str(e.label))]
    facts.append(say.plain("pictures.error", error=e.error))
    if e.pca is not None and e.pca_error is not None:
        told.append(natural(kind, e.pca))
        heads.append("pca")
        facts.append(say.plain("pictures.error.pca", error=e.pca_error))
    return _values(say, target.layout, told, _misses(target.layout, e.aim, e.restored), heads, ", ".join(facts))


def _repaired_card(g: Gathered, say: Language, r: Repair) -> dict[str, Any]:
    kind = g.trained.kind
    told = [natural(kind, x) for x in (r.clean, r.damaged, r.restored)]
    facts = say.plain("pictures.error", error=r.error) + ", " + say.plain("pictures.error.damaged", error=r.damage)
    misses = _misses(kind.layout, r.clean, r.restored)
    return _values(say, kind.layout, told, misses, ["input", "damaged", "model"], facts)


def _misses(layout: Layout, wanted: Tensor, found: Tensor) -> list[float]:
    """How far each place of a row (F, *P) is missed, in standard deviations; of mixed tables each column that is there."""
    if not layout.columns:
        return (found - wanted).abs().flatten().tolist()
    squares, real = (found - wanted).square()[None], layout.real(wanted[None])
    assert real is not None  # the layout has columns
    return layout.by_column(squares * real)[0].sqrt().tolist()


def _values(
    say: Language, layout: Layout, told: list[list[Any]], misses: list[float], heads: list[str], facts: str
) -> dict[str, Any]:
    """A line a column: its name, what went in and came out, and a bar for the miss; the greatest misses of a wide table."""
    names = layout.places
    order = list(range(len(misses)))
    if len(order) > COLUMNS:
        order = sorted(sorted(order, key=lambda i: -misses[i])[:FEW])
    rows = [
        {
            "name": breakable(names[i] if len(names) == len(misses) else str(i)),
            "values": words([values[i] for values in told], say),
            "share": round(100 * min(1.0, misses[i] / FULL)),
        }
        for i in order
    ]
    note = say.plain("pictures.some", n=len(rows), all=len(misses)) if len(rows) < len(misses) else ""
    return {"facts": facts, "heads": [say.plain(f"pictures.{h}") for h in heads], "rows": rows, "note": note}
