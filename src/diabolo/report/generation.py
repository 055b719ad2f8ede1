"""New rows: how much they are like real ones from each origin of codes, beside PCA, and whether any is a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from diabolo.jobs.findings import Finding
from diabolo.jobs.judge_samples import BESIDE
from diabolo.jobs.new_rows import NewRows
from diabolo.jobs.sample_verdict import in_holes, origin_words
from diabolo.jobs.uses import Uses
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
)
FAR = 1.1
"""Fréchet distances that differ by less count as equal."""
UNLIKE, NARROW, COPIED = 0.5, 0.25, 0.03
"""Precision and recall below which rows are called unlike real ones, or too few kinds; copies from which they are named."""
CHANCE = 3
"""Copies of this many rows that may be chance, whatever share they are."""
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
    about += ["generation.about.copied"] if found.copies is not None else []
    pictures = g.noun == "image"
    return {
        "sentences": [say.say(f) for f in judge_new_rows(g.noun, found)],
        "table": compared(say, "generation.from", COLUMNS, lines),
        "about": [say(key, floor=judged.floor) for key in about],
        "group": _group(g, found, say) if pictures else None,
        "values": None if pictures else _values(g, found, say),
        "below": say("generation.below", usual=found.copies.usual) if pictures and found.copies is not None else None,
        "use": say("generation.use"),
    }


def judge_new_rows(noun: str, found: NewRows) -> tuple[Finding, ...]:
    """What was done; whether new rows are nearer to real ones than PCA's; which origin mends them; whether they are copies."""
    lines = {line.origin: line for line in found.judgment.table}
    best, usual, linear = lines[found.best], lines[found.usual], lines.get(BESIDE)
    rows, features = Finding(f"noun.{noun}", {"n": found.judgment.rows}), _features(found.judgment.features)
    said = [Finding("generation.intro", {"rows": rows, "features": features})]
    values = {"origin": origin_words(found.best), "frechet": best.frechet}
    if linear is not None:
        times = linear.frechet / best.frechet if best.frechet > 0 else float("inf")
        if times > FAR:
            said.append(Finding("generation.better", values | {"times": times}))
        elif times * FAR >= 1:
            said.append(Finding("generation.even", values))
        else:
            said.append(Finding("generation.worse", values | {"times": 1 / times}))
    if usual.frechet > FAR * best.frechet:
        said.append(
            Finding(
                "generation.mend",
                {"usual": origin_words(found.usual), "times": usual.frechet / best.frechet, "density": found.best},
            )
        )
        said += in_holes(usual, prior=found.judgment.prior)
    if best.precision < UNLIKE:
        said.append(Finding("generation.unlike", {"precision_share": best.precision}))
    if best.recall < NARROW:
        said.append(Finding("generation.narrow", {"recall_share": best.recall}))
    if usual.copies is not None:
        many = usual.copies > max(COPIED, CHANCE / found.judgment.rows)
        said.append(Finding("generation.copies" if many else "generation.no-copies", {"copies_share": usual.copies}))
    if found.judgment.rows < SMALL:
        said.append(Finding("verdict.few", {"rows": rows}))
    return tuple(said)


def origin(say: Language, name: str) -> str:
    """What codes are drawn from, in the reader's language where it has a name there."""
    found = origin_words(name)
    return say.plain(found.key, **found.values) if isinstance(found, Finding) else found


def _features(name: str) -> Finding | str:
    return Finding("generation.all-cells") if name == "cells" else name


def _group(g: Gathered, found: NewRows, say: Language) -> dict[str, Any]:
    """Real rows, new ones of the best origin where it is another, usual ones, and the training rows nearest to these."""
    lines: list[tuple[str, str, Sequence[Tensor]]] = [("generation.real", "", list(found.real))]
    if found.better is not None:
        lines.append(("generation.new", found.best, list(found.better)))
    lines.append(("generation.new", found.usual, list(found.made)))
    if found.copies is not None:
        lines.append(("generation.near", "", list(found.copies.near)))
    bounds = g.trained.out_kind.layout.bounds or (0.0, 1.0)
    shown = []
    for key, name, pictures in lines:
        label = say.plain(key, origin=origin(say, name)) if name else say.plain(key)
        shown.append({"label": label, "uri": strip(pictures, bounds), "alt": label})
    away = [""] * len(found.made) if found.copies is None else [say.number(float(d), 2) for d in found.copies.distances]
    labels = [None] * len(away) if found.labels is None else list(map(str, found.labels))
    captions = [{"error": d, "beside": None, "label": label} for d, label in zip(away, labels, strict=True)]
    return {"lines": shown, "captions": captions, "count": len(captions)}


def _values(g: Gathered, found: NewRows, say: Language) -> dict[str, Any]:
    """The first new rows of a table, each beside the training row nearest to it; beside real ones without training rows."""
    near = found.real if found.copies is None else found.copies.near
    head = "generation.head.real" if found.copies is None else "generation.head.near"
    n = min(SHOWN, len(found.made))
    x = torch.stack([row for i in range(n) for row in (found.made[i], near[i])])
    heads = [say.plain(key, n=i + 1) for i in range(n) for key in ("generation.head.new", head)]
    return rows_beside(say, g.trained.out_kind, x, heads)
