"""How wide the code should be: what a sweep found, which travels with the model."""

from __future__ import annotations

from typing import Any

import torch

from diabolo.figures.sweep import sweep_curve
from diabolo.jobs.diagnosis.sweep import Sweep
from diabolo.report.drawings import texts_of
from diabolo.report.language import Language
from diabolo.report.strips import strip
from diabolo.report.svg import inline_svg
from diabolo.report.tables import Column, Line, compared

COLUMNS = (
    Column("error", "sweep.error", "lower"),
    Column("pca", "sweep.pca"),
    Column("gap", "sweep.gap"),
    Column("kept", "sweep.kept", share=True),
    Column("copied", "sweep.copied", share=True),
    Column("used", "sweep.used"),
    Column("seconds", "sweep.seconds"),
)


def sweep(found: Sweep | None, noun: str, latent_dim: int, say: Language) -> dict[str, Any] | None:
    """The section's context; None where there was no sweep. noun: of a row. latent_dim: of the model the report is about."""
    if found is None:
        return None
    rows, held = (say.plain(f"noun.{noun}", n=n) for n in (found.rows, found.held_out))
    about = ["sweep.about.error", "sweep.about.gap", "sweep.about.kept"]
    about += ["sweep.about.copied"] if any(w.copied is not None for w in found.widths) else []
    same = latent_dim == found.suggestion.latent_dim
    figure = inline_svg(sweep_curve(found, texts=texts_of(say)), "sweep-curve", say.plain("sweep.alt"), comma=say.code == "ru")
    return {
        "intro": say("sweep.intro", recipe=found.recipe, data=found.data, rows=rows, held_out=held, mean=found.variance),
        "suggested": say("sweep.suggested", n=found.suggestion.latent_dim),
        "why": [say.say(f) for f in found.suggestion.why],
        "this": say("sweep.this" if same else "sweep.this.other", n=latent_dim),
        "warnings": [say.say(f) for f in found.warnings],
        "figure": figure,
        "numbers": any(w.numbers != w.latent_dim for w in found.widths),
        "table": _table(found, say),
        "about": [say(key) for key in about],
        "group": _group(found, say),
        "use": say("sweep.use"),
    }


def _table(found: Sweep, say: Language) -> dict[str, Any]:
    chosen = found.suggestion.latent_dim
    lines = [
        Line(say.count(w.latent_dim), vars(w) | {"gap": w.gap}, own=w.latent_dim == chosen, numbers=w.numbers)
        for w in found.widths
    ]
    return compared(say, "sweep.width", COLUMNS, lines)


def _group(found: Sweep, say: Language) -> dict[str, Any] | None:
    """A few rows, and what each width makes of them; None for tables."""
    if found.value_range is None or not len(found.originals) or found.originals.ndim != 4:
        return None
    lines = [("sweep.rows", 0, found.originals)]
    lines += [("sweep.by", w.latent_dim, x) for w, x in zip(found.widths, found.pictures, strict=True)]
    shown = []
    for key, n, pictures in lines:
        label = say.plain(key, n=n) if n else say.plain(key)
        uri = strip(list(torch.from_numpy(pictures)), found.value_range)
        shown.append({"label": label, "uri": uri, "alt": label, "own": n == found.suggestion.latent_dim})
    return {"lines": shown, "captions": [], "count": len(found.originals)}
