"""A deep network trained layer by layer beside what is done today: what a study found, which travels with the model."""

from __future__ import annotations

from typing import Any

import torch

from diabolo.jobs.findings import Finding
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy
from diabolo.jobs.learning.layer_verdict import layer_verdict
from diabolo.report.language import Language
from diabolo.report.strips import strip


def stacked(found: LayerStudy | None, noun: str, say: Language) -> dict[str, Any] | None:
    """The section's context; None where there was no such study. noun: of a row."""
    if found is None:
        return None
    return {
        "sentences": [say.say(f) for f in (layer_intro(found, noun), *layer_verdict(found))],
        "table": _table(found, say),
        "about": [say("layerwise.about.error"), say("layerwise.about.seconds")],
        "group": _group(found, say),
        "use": say("layerwise.use"),
    }


def layer_intro(found: LayerStudy, noun: str) -> Finding:
    """What was trained, on what, and how it is judged."""
    shape = "-".join(map(str, (found.cells, *found.widths, found.numbers)))
    values = {"shape": shape, "recipe": found.recipe, "data": found.data, "n": found.epochs, "stage": found.stage_epochs}
    values |= {"layers": len(found.widths) + 1, "mean": found.variance}
    return Finding("layers.intro", values | {"rows": Finding(f"noun.{noun}", {"n": found.held_out})})


def _table(found: LayerStudy, say: Language) -> dict[str, Any]:
    """A line a way of training and PCA's, an error and a time for each activation; errors with a bar, the least in bold."""
    heads = [say.plain(key, activation=a) for a in found.activations for key in ("layerwise.error", "layerwise.seconds")]
    rows = []
    for way in WAYS:
        cells = []
        for activation in found.activations:
            one = found.at(way, activation)
            cells += [_error(found, one.error, activation, say), _text(say.duration(one.seconds))]
        rows.append({"name": say.plain(f"layers.way.{way}"), "own": way == "layers", "numbers": "", "values": cells})
    if found.pca is not None:
        cells = [c for a in found.activations for c in (_error(found, found.pca, a, say), _text("–"))]
        rows.append({"name": say.plain("uses.pca"), "own": False, "numbers": "", "values": cells})
    return {"first": say.plain("layerwise.way"), "heads": heads, "rows": rows}


def _error(found: LayerStudy, value: float, activation: str, say: Language) -> dict[str, Any]:
    beside = [found.at(way, activation).error for way in WAYS] + ([] if found.pca is None else [found.pca])
    share = round(100 * value / max(beside), 1) if max(beside) > 0 else None
    return {"text": say.number(value, 3, trim=False), "share": share, "best": value == min(beside)}


def _text(text: str) -> dict[str, Any]:
    return {"text": text, "share": None, "best": False}


def _group(found: LayerStudy, say: Language) -> dict[str, Any] | None:
    """A few rows, and what each training makes of them; None for tables."""
    if found.value_range is None or not len(found.originals) or found.originals.ndim != 4:
        return None
    lines = [(say.plain("sweep.rows"), found.originals)]
    for training, pictures in zip(found.trainings, found.pictures, strict=True):
        way = say.plain(f"layers.way.{training.way}")
        lines.append((f"{way}, {training.activation}", pictures))
    shown = [{"label": label, "uri": strip(list(torch.from_numpy(x)), found.value_range), "alt": label} for label, x in lines]
    return {"lines": shown, "captions": [], "count": len(found.originals)}
