"""A deep network trained layer by layer, beside a random start and what is done today: an error each."""

from __future__ import annotations

from matplotlib.figure import Figure

from diabolo.figures.panels import panels
from diabolo.figures.texts import Texts, resolved
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy


def errors_by_way(found: LayerStudy, *, texts: Texts | None = None) -> Figure:
    """A panel an activation, a bar a way of training, PCA's below them; layer by layer stands out."""
    words = resolved(texts)
    names = [words[f"layerwise.{way}"] for way in (*WAYS, "pca")]
    columns = [
        (words["layerwise.error"].format(metric=a), [*(found.at(way, a).error for way in WAYS), found.pca])
        for a in found.activations
    ]
    return panels(names, columns)
