"""Ways from row to row through the code, beside rows that fade into each other."""

from __future__ import annotations

from typing import Any

from diabolo.jobs.codes.uses import Uses
from diabolo.jobs.codes.ways import Ways
from diabolo.jobs.evaluation.contenders import EVEN
from diabolo.jobs.findings import Finding
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import strip
from diabolo.report.values import rows_beside

STEPS = (0, 2, 4, 6, 8)
"""Places on a way of a table's rows that are shown."""


def interpolation(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where nothing was looked at."""
    if not isinstance(g.uses, Uses):
        return None
    found = g.uses.ways
    if isinstance(found, Finding):
        return {"sentences": [say.say(found)], "group": None, "values": None, "use": None}
    pictures = g.noun == "image"
    return {
        "sentences": [say.say(f) for f in judge_ways(g.noun, found)],
        "group": _group(g, found, say) if pictures else None,
        "values": None if pictures else _values(g, found, say),
        "use": say("interpolation.use.prior" if g.trained.model.bottleneck.prior() is not None else "interpolation.use"),
    }


def judge_ways(noun: str, found: Ways) -> tuple[Finding, ...]:
    """Whether the middle of a way is nearer to a real row than that of two rows that fade into each other."""
    values = {"code": found.code, "fade": found.fade, "rows": found.rows}
    key = "even"
    if found.code * EVEN < found.fade:
        key = "better"
    elif found.code > EVEN * found.fade:
        key = "worse"
    reference = Finding(f"noun.{noun}", {"n": found.reference})
    return (
        Finding("interpolation.intro", {"n": found.pairs, "reference": reference}),
        Finding(f"interpolation.{key}", values),
    )


def _group(g: Gathered, found: Ways, say: Language) -> dict[str, Any]:
    bounds = g.trained.out_kind.layout.bounds or (0.0, 1.0)
    lines = []
    for through, faded in zip(found.through, found.faded, strict=True):
        for key, pictures in (("interpolation.code", through), ("interpolation.fade", faded)):
            lines.append({"label": say.plain(key), "uri": strip(list(pictures), bounds), "alt": say.plain(f"{key}.alt")})
    return {"lines": lines, "captions": [], "count": found.through.shape[1]}


def _values(g: Gathered, found: Ways, say: Language) -> dict[str, Any]:
    x = found.through[0][list(STEPS)]
    heads = [say.plain("interpolation.step", n=i + 1) for i in STEPS]
    return rows_beside(say, g.trained.out_kind, x, heads)
