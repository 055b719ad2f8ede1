"""What a study of layers says, in findings: where layer by layer helps, and why it went out of fashion."""

from __future__ import annotations

from diabolo.jobs.evaluation.contenders import EVEN
from diabolo.jobs.findings import Finding
from diabolo.jobs.learning.layer_study import LayerStudy, Training

STUCK = 0.9
"""Of the variance: an error above that of a random start means that it learned next to nothing."""


def layer_verdict(found: LayerStudy) -> tuple[Finding, ...]:
    """Each activation, what is done today beside the best of layer by layer, why, and PCA."""
    said = [_helped(found, activation) for activation in found.activations]
    said.append(_today(found))
    if "sigmoid" in found.activations:
        said.append(Finding("layers.why", {"n": len(found.widths) + 1}))
    return (*said, *_beside_pca(found))


def _helped(found: LayerStudy, activation: str) -> Finding:
    layers, random = (found.at(way, activation).error for way in ("layers", "random"))
    values = {"activation": activation, "layers": layers, "random": random}
    stuck = [error > STUCK * found.variance for error in (layers, random)]
    if any(stuck) and (all(stuck) or layers < random):
        return Finding("layers.stuck" if all(stuck) else "layers.helps.stuck", values | {"mean": found.variance})
    if layers * EVEN < random:
        return Finding("layers.helps", values)
    return Finding("layers.loses" if layers > EVEN * random else "layers.even", values)


def _today(found: LayerStudy) -> Finding:
    """The best of batch normalization and shortcuts beside the best of layer by layer."""
    today = _best(found, ("batch", "skip"))
    layers = _best(found, ("layers",))
    values = {"way": Finding(f"layers.way.{today.way}"), "activation": today.activation, "error": today.error}
    values |= {"layers": layers.error, "other": layers.activation}
    ahead = today.error * EVEN < layers.error
    return Finding(
        "layers.today" if ahead else "layers.today.not", values | ({"times": layers.error / today.error} if ahead else {})
    )


def _beside_pca(found: LayerStudy) -> tuple[Finding, ...]:
    if found.pca is None or not found.pca > 0:
        return ()
    error = min(t.error for t in found.trainings)
    level = "better" if error * EVEN < found.pca else "worse" if error > EVEN * found.pca else "even"
    return (Finding(f"layers.pca.{level}", {"pca": found.pca, "error": error}),)


def _best(found: LayerStudy, ways: tuple[str, ...]) -> Training:
    return min((t for t in found.trainings if t.way in ways), key=lambda t: t.error)
