"""What does not belong: the scores of pictures with the threshold, and the strangest with where they are so."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from diabolo.figures.heat import overlays
from diabolo.jobs.anomalies.strangest import Oddities
from diabolo.report.drawings import draw_scores
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.strips import strip


def oddness(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where rows are no pictures, or nothing travels with the model to judge them by."""
    odd = g.oddities
    if odd is None:
        return None
    found, every = odd.found, say.plain("noun.image", n=len(odd.found.scores))
    figure, most = draw_scores(found, say)
    n = int(found.is_outlier.sum())
    count = say("oddness.count", n=n, threshold=found.threshold) if n else say("oddness.none", threshold=found.threshold)
    of = say.plain("noun.image", n=found.rows)
    where = "held-out" if found.held_out else "training"
    use = [say("oddness.use")] + ([say("oddness.use.patches")] if g.trained.kind.patches else [])
    caption = say("oddness.figure") if most is None else say("oddness.figure.cut", most=most)
    return {
        "sentences": [
            say("oddness.intro", rows=every),
            count,
            say(f"oddness.threshold.{where}", rows=of, alarm_share=found.false_alarms),
        ],
        "figure": figure,
        "caption": caption,
        "group": _strangest(g, odd, say),
        "below": say("oddness.below"),
        "use": use,
    }


def _strangest(g: Gathered, odd: Oddities, say: Language) -> dict[str, Any]:
    bounds, found = g.trained.kind.layout.bounds or (0.0, 1.0), odd.found
    shown = odd.shown[:, 0] if odd.shown.shape[1] == 1 else odd.shown.movedim(1, -1)  # 4 pixels wide is not 4 channels
    drawn = overlays(shown.numpy(), found.heat[odd.strangest], found.usual, value_range=bounds, least_side=1)
    red = [torch.from_numpy(np.moveaxis(picture, 2, 0) / 255.0) for picture in drawn]
    lines = (("input", list(odd.shown), bounds), ("heat", red, (0.0, 1.0)))
    captions = [
        {
            "error": say.number(float(found.scores[i]), 2, trim=False),
            "beside": say.number(float(found.p_values[i]), 2, trim=False),
            "label": None if odd.labels is None else str(odd.labels[k]),
        }
        for k, i in enumerate(odd.strangest)
    ]
    drawings = [
        {
            "label": say.plain("pictures.input" if who == "input" else "oddness.heat"),
            "uri": strip(pictures, span),
            "alt": say.plain("oddness.alt.input" if who == "input" else "oddness.alt.heat"),
        }
        for who, pictures, span in lines
    ]
    return {"title": say.plain("oddness.strangest"), "lines": drawings, "captions": captions, "count": len(captions)}
