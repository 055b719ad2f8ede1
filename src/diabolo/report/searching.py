"""A search among the rows: how often neighbors by code share a label, and some of them to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from diabolo.jobs.codes.uses import Found, Uses
from diabolo.jobs.findings import Finding
from diabolo.jobs.labels import class_names
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import row_strip
from diabolo.report.tables import Column, Line, compared
from diabolo.report.values import rows_beside

COLUMNS = (
    Column("precision", "search.precision", "higher", share=True),
    Column("agreement", "search.agreement", "higher", share=True),
)
BESIDE = 3
"""Neighbors of a row of a table that are shown."""
AS_GOOD = 0.02
"""Two shares that differ by less count as equal."""


def search(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where nothing was looked at."""
    if not isinstance(g.uses, Uses):
        return None
    found = g.uses.search
    precision = {} if found.precision is None else found.precision.shares
    names = [n for n in ("model", "pca", "raw", "chance") if n in precision or n in found.agreement]
    lines = [
        Line(say.plain(f"uses.{n}"), {"precision": precision.get(n), "agreement": found.agreement.get(n)}, own=n == "model")
        for n in names
    ]
    pictures = g.noun == "image"
    about = ["search.about.precision"] if precision else []
    return {
        "sentences": [say.say(f) for f in judge_search(g.noun, len(g.uses.rows), found)],
        "table": compared(say, "uses.of", COLUMNS, lines),
        "about": [say(key, n=found.near.shape[1]) for key in (*about, "search.about.agreement")],
        "gallery": _gallery(g, g.uses, found, say) if pictures else None,
        "values": None if pictures else _values(g, g.uses, found, say),
        "use": say("search.use"),
    }


def judge_search(noun: str, rows: int, found: Found) -> tuple[Finding, ...]:
    """What was done, and whether codes find the same label more often than what is simpler."""
    k = found.near.shape[1]
    said = [Finding("search.intro", {"rows": Finding(f"noun.{noun}", {"n": rows}), "n": k})]
    shares = {} if found.precision is None else dict(found.precision.shares)
    others = {name: shares[name] for name in ("raw", "pca") if name in shares}
    if "model" not in shares or not others:
        return (*said, Finding("search.unlabeled"))
    best = max(others, key=lambda name: others[name])
    gain = shares["model"] - others[best]
    key = "search.even" if abs(gain) < AS_GOOD else "search.better" if gain > 0 else "search.worse"
    values = {"own_share": shares["model"], "other_share": others[best], "name": Finding(f"uses.{best}")}
    return (*said, Finding(key, values))


def _gallery(g: Gathered, uses: Uses, found: Found, say: Language) -> dict[str, Any]:
    rows, labels = [], None if g.labels is None else class_names(g.labels)
    for query, near in zip(uses.rows[found.queries], uses.rows[found.near], strict=True):
        label = "" if labels is None else labels[query]
        beside = "" if labels is None else ", ".join(labels[i] or "–" for i in near)
        cells = [
            {"uri": row_strip(g.trained.kind, g.source, np.array([query])), "alt": say.plain("search.query"), "count": 1},
            {"uri": row_strip(g.trained.kind, g.source, near), "alt": say.plain("search.alt"), "count": len(near)},
        ]
        notes = ("", beside)
        shown = [cell | {"text": note} for cell, note in zip(cells, notes, strict=True)]
        rows.append({"name": label, "notes": [], "cells": shown})
    heads = [say.plain("search.label") if labels is not None else "", say.plain("search.query"), say.plain("search.nearest")]
    return {"heads": heads, "rows": rows}


def _values(g: Gathered, uses: Uses, found: Found, say: Language) -> dict[str, Any]:
    near = uses.rows[found.near[0][:BESIDE]]
    rows = torch.from_numpy(np.concatenate([uses.rows[found.queries[:1]], near]))
    x = g.trained.kind.inside(g.source, rows)
    heads = [say.plain("search.query"), *(say.plain("search.nth", n=i + 1) for i in range(len(near)))]
    return rows_beside(say, g.trained.kind, x, heads)
