"""What ``diabolo layerwise`` does and says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from diabolo.cli import console
from diabolo.cli.inputs import refuse_model
from diabolo.cli.making import Request, build, read_data
from diabolo.cli.outcome import outcome, show_outcome
from diabolo.cli.outputs import write_figure
from diabolo.data import Reading
from diabolo.figures.layers import errors_by_way
from diabolo.jobs.findings import Finding
from diabolo.jobs.learning.layer_study import WAYS, LayerStudy, kept_as, layer_study
from diabolo.jobs.learning.layer_verdict import layer_verdict
from diabolo.jobs.studies import LAYERWISE
from diabolo.jobs.train import Options
from diabolo.report.language import language
from diabolo.report.stacked import layer_intro
from diabolo.trained import Companion


def names(text: str) -> tuple[str, ...]:
    """``sigmoid,silu`` as names.

    >>> names("sigmoid, silu")
    ('sigmoid', 'silu')
    """
    return tuple(part.strip() for part in text.split(","))


def run(request: Request, options: Options, activations: Sequence[str], picture: Path | None) -> None:
    """Study, say what was found, and keep the best model that is trained at once where there is a folder for it."""
    found: list[LayerStudy] = []

    def before(reading: Reading, asked: Options) -> tuple[Options, dict[str, Companion]]:
        result = layer_study(reading, asked, activations=activations, tell=say)
        found.append(result)
        if picture is not None:
            write_figure(errors_by_way(result), picture)
        if not request.as_json:
            show(result, reading.kind.name)
            if picture is not None:
                console.result(f"Picture: {picture}")
        if request.output is not None:
            best = result.best_at_once
            console.say(f"The best of those trained at once, {_words(best.way)} with {best.activation}, on all rows …")
        return kept_as(asked, result), {LAYERWISE: result.kept()}

    if request.output is None:
        before(read_data(request.data, request.read_as, options), options)
        built = None
    else:
        refuse_model(request.data)
        built = build(request, options, before)
    if request.as_json:
        said = [_sentence(f) for f in layer_verdict(found[0])]
        more = {"verdict": said, "picture": picture, **({} if built is None else {"model": outcome(built)})}
        console.document({**found[0].to_dict(), **more})
    elif built is not None:
        console.result()
        show_outcome(built, request)


def say(number: int, count: int, way: str, activation: str) -> None:
    """A line before each training, to stderr."""
    console.say(f"{number} of {count}: {_words(way)}, {activation} …")


def show(found: LayerStudy, kind: str) -> None:
    """A line a way of training, PCA's below them, and what follows."""
    rows = []
    for way in WAYS:
        cells = [(f"{t.error:.4g}", f"{t.seconds:.1f}") for t in (found.at(way, a) for a in found.activations)]
        rows.append([_words(way), *(text for pair in cells for text in pair)])
    if found.pca is not None:
        rows.append(["PCA, as many numbers", *(text for _ in found.activations for text in (f"{found.pca:.4g}", ""))])
    heads = ["", *(head for a in found.activations for head in (f"error, {a}", "seconds"))]
    title = _sentence(layer_intro(found, "image" if kind == "image" else "table"))
    console.table(heads, rows, title=title, numbers=range(1, len(heads)))
    for finding in layer_verdict(found):
        console.result(_sentence(finding))


def _words(way: str) -> str:
    return _sentence(Finding(f"layers.way.{way}"))


def _sentence(finding: Finding) -> str:
    return language("en").plain(finding.key, **finding.values)
