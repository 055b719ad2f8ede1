"""How good a classifier is with few labels: what a label curve found, which travels with the model."""

from __future__ import annotations

from typing import Any

from diabolo.figures.labels import accuracy_by_labels
from diabolo.jobs.findings import Finding
from diabolo.jobs.learning.label_curve import METHODS, Accuracy, LabelCurve
from diabolo.jobs.learning.label_verdict import label_verdict
from diabolo.report.drawings import texts_of
from diabolo.report.language import Language
from diabolo.report.svg import inline_svg


def few_labels(found: LabelCurve | None, say: Language) -> dict[str, Any] | None:
    """The section's context; None where no curve was made."""
    if found is None:
        return None
    fig = accuracy_by_labels(found, texts=texts_of(say))
    return {
        "sentences": [say.say(f) for f in (_intro(found), *label_verdict(found))],
        "figure": inline_svg(fig, "labels-curve", say.plain("labels.alt"), comma=say.code == "ru"),
        "table": _table(found, say),
        "about": [say("labels.about" if found.seeds > 1 else "labels.about.once", n=found.seeds)]
        + ([] if found.apart else [say("labels.about.seen")]),
        "use": say("labels.use"),
    }


def _intro(found: LabelCurve) -> Finding:
    values = {"n": len(found.classes), "rows": found.test_rows, "majority_share": found.majority}
    return Finding("labels.intro.data", values | {"data": found.data}) if found.data else Finding("labels.intro", values)


def _table(found: LabelCurve, say: Language) -> dict[str, Any]:
    """A line a method, a column a number of labels; the best of each in bold."""
    best = {n: max(a.mean for a in found.accuracies if a.labels == n) for n in found.counts}
    rows = []
    for method in (m for m in METHODS if any(a.method == m for a in found.accuracies)):
        points = [found.at(method, n) for n in found.counts]
        cells = [{"text": _share(a, say), "share": None, "best": a is not None and a.mean == best[a.labels]} for a in points]
        rows.append(
            {"name": say.plain(f"labels.method.{method}"), "own": method == "fine-tuned", "numbers": "", "values": cells}
        )
    heads = [say.plain("labels.count", n=n) for n in found.counts]
    return {"first": say.plain("labels.method"), "heads": heads, "rows": rows}


def _share(point: Accuracy | None, say: Language) -> str:
    """In percent with one decimal, and its standard deviation where there were several draws."""
    if point is None:
        return "–"
    values = [point.mean, *([point.std] if len(point.values) > 1 else [])]
    sign = say.percent(1.0).removeprefix("100")  # as this language writes it
    return " ± ".join(say.fixed(100 * v, 1) for v in values) + sign
