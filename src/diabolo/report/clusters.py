"""Rows in clusters: the same on PCA and on the data themselves, and who is typical and who is odd in each."""

from __future__ import annotations

from typing import Any

import numpy as np

from diabolo.jobs.codes.cluster import Clustering
from diabolo.jobs.codes.uses import Uses
from diabolo.jobs.findings import Finding
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import row_strip
from diabolo.report.tables import Column, Line, compared

COLUMNS = (
    Column("silhouette", "clusters.silhouette", "higher"),
    Column("nmi", "clusters.nmi", "higher"),
    Column("ari", "clusters.ari", "higher"),
)
TYPICAL, ODD = 6, 3
TELLING = 3
"""Columns of a table that are named for a cluster."""
AS_GOOD = 0.02
"""Two figures of agreement that differ by less count as equal."""


def clusters(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where nothing was looked at."""
    if not isinstance(g.uses, Uses):
        return None
    found = g.uses.clusters
    lines = [
        Line(say.plain(f"uses.{line.name}"), vars(line), own=line.name == "model", numbers=line.numbers) for line in found.table
    ]
    return {
        "sentences": [say.say(f) for f in judge_clusters(g.noun, len(g.uses.rows), found)],
        "table": compared(say, "uses.of", COLUMNS, lines),
        "about": [say("clusters.about.silhouette"), *([say("clusters.about.labels")] if found.nmi is not None else [])],
        "gallery": _gallery(g, g.uses, found, say),
        "use": say("clusters.use"),
    }


def judge_clusters(noun: str, rows: int, found: Clustering) -> tuple[Finding, ...]:
    """What was done, why so many clusters, and whether codes agree with the labels better than what is simpler."""
    said = [Finding("clusters.intro", {"rows": Finding(f"noun.{noun}", {"n": rows}), "clusters": found.clusters})]
    if found.suggestion is None:
        said.append(Finding("clusters.as-labels"))
    else:
        tried = found.suggestion
        values = {"low": tried.tried[0], "high": tried.tried[-1], "best": tried.values[tried.tried.index(tried.chosen)]}
        said.append(Finding("clusters.suggested.edge" if tried.at_the_edge else "clusters.suggested", values))
    others = {line.name: line.nmi for line in found.table if line.name != "model" and line.nmi is not None}
    if found.nmi is None or not others:
        return tuple(said)
    best = max(others, key=lambda name: others[name])
    gain = found.nmi - others[best]
    key = "clusters.even" if abs(gain) < AS_GOOD else "clusters.better" if gain > 0 else "clusters.worse"
    said.append(Finding(key, {"own": found.nmi, "other": others[best], "name": Finding(f"uses.{best}")}))
    return tuple(said)


def _gallery(g: Gathered, uses: Uses, found: Clustering, say: Language) -> dict[str, Any]:
    pictures = g.noun == "image"
    heads = ["clusters.cluster", *(["clusters.typical", "clusters.odd"] if pictures else ["clusters.apart"])]
    rows = []
    for c in range(found.clusters):
        facts = [say.plain(f"noun.{g.noun}", n=int(found.sizes[c]))]
        if found.commonest is not None:
            label, share = found.commonest[c]
            facts.append(say.plain("clusters.commonest", label=label, share=share))
        if pictures:
            cells = [
                _pictures(g, uses.rows[found.typical[c][:TYPICAL]], say.plain("clusters.alt.typical", n=c + 1)),
                _pictures(g, uses.rows[found.odd[c][:ODD]], say.plain("clusters.alt.odd", n=c + 1)),
            ]
        else:
            cells = [{"uri": None, "text": _telling(g, uses, c, say)}]
        rows.append({"name": str(c + 1), "notes": facts, "cells": cells})
    return {"heads": [say.plain(key) for key in heads], "rows": rows}


def _pictures(g: Gathered, rows: np.ndarray, alt: str) -> dict[str, Any]:
    uri = row_strip(g.trained.kind, g.source, rows) if len(rows) else None
    return {"uri": uri, "alt": alt, "count": len(rows), "text": ""}


def _telling(g: Gathered, uses: Uses, c: int, say: Language) -> str:
    """The columns in which a cluster is farthest from the mean of all rows, in standard deviations."""
    if uses.profiles is None:
        return ""
    apart, names = uses.profiles[c], g.trained.kind.layout.names
    named = names if len(names) == len(apart) else tuple(map(str, range(len(apart))))
    order = np.argsort(-np.abs(apart), kind="stable")[:TELLING]
    return ", ".join(f"{named[i]} {'+' if apart[i] >= 0 else ''}{say.number(float(apart[i]), 2)}" for i in order)
