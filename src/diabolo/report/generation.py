"""New rows: how much they are like real ones from each origin of codes, beside PCA, and whether any is a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from diabolo.jobs.codes.uses import Uses
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.judge_samples import SampleJudgment
from diabolo.jobs.generation.new_rows import NewRows
from diabolo.jobs.generation.sample_verdict import origin_words, sample_verdict
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import strip
from diabolo.report.tables import Column, Line, compared
from diabolo.report.values import rows_beside
from diabolo.report.verdict import SMALL

COLUMNS = (
    Column("frechet", "generation.frechet", "lower"),
    Column("precision", "generation.precision", "higher", share=True),
    Column("recall", "generation.recall", "higher", share=True),
    Column("copies", "generation.copied", None, share=True),
    Column("holes", "generation.holes", None, share=True),
)
SHOWN = 2
"""New rows of a table that are shown."""


def generation(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where nothing was looked at."""
    if not isinstance(g.uses, Uses):
        return None
    found = g.uses.new_rows
    if isinstance(found, Finding):
        return {"sentences": [say.say(found)], "table": None, "about": [], "group": None, "values": None, "use": None}
    judged = found.judgment
    lines = [Line(origin(say, line.origin), vars(line), own=line.origin == found.usual) for line in judged.table]
    about = ["generation.about.frechet", "generation.about.precision"]
    about += ["generation.about.copied"] if found.nearest is not None else []
    about += ["generation.about.holes"] if any(line.holes is not None for line in judged.table) else []
    pictures = g.noun == "image"
    return {
        "sentences": [say.say(f) for f in _said(g.noun, found.judgment)],
        "table": compared(say, "generation.from", COLUMNS, lines),
        "about": [say(key, floor=judged.floor) for key in about],
        "group": _group(g, found, say) if pictures else None,
        "values": None if pictures else _values(g, found, say),
        "below": say("generation.below", usual=judged.near) if pictures and judged.near is not None else None,
        "use": say("generation.use"),
    }


def _said(noun: str, judged: SampleJudgment) -> tuple[Finding, ...]:
    """What was done, what follows from the table, and whether rows were few."""
    rows = Finding(f"noun.{noun}", {"n": judged.rows})
    intro = Finding("generation.intro", {"rows": rows, "features": _features(judged.features)})
    few = (Finding("verdict.few", {"rows": rows}),) if judged.rows < SMALL else ()
    return (intro, *sample_verdict(judged), *few)


def origin(say: Language, name: str) -> str:
    """What codes are drawn from, in the reader's language where it has a name there."""
    found = origin_words(name)
    return say.plain(found.key, **found.values) if isinstance(found, Finding) else found


def _features(name: str) -> Finding | str:
    return Finding("generation.all-cells") if name == "cells" else name


def _group(g: Gathered, found: NewRows, say: Language) -> dict[str, Any]:
    """Lines of pictures: real rows, what comes out of holes, new rows of the best origin where it is another, usual ones, and
    the training rows nearest to these."""
    lines: list[tuple[str, str, Sequence[Tensor]]] = [("generation.real", "", list(found.real))]
    if found.hollow is not None:
        lines.append(("generation.hollow", found.hollow[0], list(found.hollow[1])))
    if found.better is not None:
        lines.append(("generation.new", found.best, list(found.better)))
    lines.append(("generation.new", found.usual, list(found.made)))
    if found.nearest is not None:
        lines.append(("generation.near", "", list(found.nearest.near)))
    bounds = g.trained.out_kind.layout.bounds or (0.0, 1.0)
    shown = []
    for key, name, pictures in lines:
        label = say.plain(key, origin=origin(say, name)) if name else say.plain(key)
        shown.append({"label": label, "uri": strip(pictures, bounds), "alt": label})
    away = [""] * len(found.made) if found.nearest is None else [say.number(float(d), 2) for d in found.nearest.distances]
    labels = [None] * len(away) if found.labels is None else list(map(str, found.labels))
    captions = [{"error": d, "beside": None, "label": label} for d, label in zip(away, labels, strict=True)]
    return {"lines": shown, "captions": captions, "count": len(captions)}


def _values(g: Gathered, found: NewRows, say: Language) -> dict[str, Any]:
    """The first new rows of a table, each beside the training row nearest to it; beside real ones without training rows."""
    near = found.real if found.nearest is None else found.nearest.near
    head = "generation.head.real" if found.nearest is None else "generation.head.near"
    n = min(SHOWN, len(found.made))
    x = torch.stack([row for i in range(n) for row in (found.made[i], near[i])])
    heads = [say.plain(key, n=i + 1) for i in range(n) for key in ("generation.head.new", head)]
    return rows_beside(say, g.trained.out_kind, x, heads)
