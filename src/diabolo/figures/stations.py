"""From a table of layers to the stages of a drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from diabolo.figures.architecture import Stage
from diabolo.jobs.diagnosis.layers import Layer
from diabolo.jobs.findings import Finding

TURNS = ("layer.flatten", "layer.unflatten")
FOLLOWS = ("layer.batch-norm", "layer.layer-norm", "layer.activation", "layer.dropout")


def stations(layers: Iterable[Layer], words: Callable[[Finding], str]) -> list[Stage]:
    """A stage a layer, in words. What only turns a map into a vector or back is left out, and what changes no shape joins the
    layer it follows; layers that no row passes have no place in the drawing."""
    found: list[Stage] = []
    for layer in layers:
        said = [words(finding) for finding in (layer.title, *layer.words)]
        if layer.shape is None or layer.title.key in TURNS:
            continue
        if layer.title.key in FOLLOWS and found and found[-1].role == layer.role:
            last = found[-1]
            joined = ", ".join(filter(None, (last.words, *said)))
            found[-1] = replace(last, words=joined, shape=layer.shape, parameters=last.parameters + layer.parameters)
        else:
            found.append(Stage(said[0], ", ".join(said[1:]), layer.shape, layer.parameters, layer.role))
    return found
