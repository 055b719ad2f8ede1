"""Building a report: gather, judge, say it in the reader's language, lay it out as one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, final

import jinja2

from diabolo import __version__
from diabolo.data.sources import Source
from diabolo.jobs.anomalies.detector.odd_rows import OddRows
from diabolo.jobs.evaluation.evaluate import Evaluation
from diabolo.report.gathered import Gathered, gather
from diabolo.report.health import judge_health
from diabolo.report.language import language
from diabolo.report.sections import page
from diabolo.report.sizes import measure
from diabolo.report.verdict import judge
from diabolo.store.environment import environment
from diabolo.trained import Trained

SCHEMA = 1


@final
@dataclass(frozen=True)
class Report:
    """A report. html: one self-contained page. data: what it says, as plain values."""

    html: str
    data: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """What goes into report.json: the findings as keys and numbers, without pictures and words."""
        return dict(self.data)


def build_report(
    trained: Trained,
    source: Source,
    labels: Any = None,
    *,
    evaluation: Evaluation,
    command: str = "",
    lang: str = "en",
    target: Any = None,
    training: Source | None = None,
    odd_rows: OddRows | None = None,
) -> Report:
    """A page about a model, on the rows it was judged by.

    Args:
        trained: the model.
        source: the rows, best ones it was not trained on.
        labels: one a row; needed by conditional recipes, colors and captions for the others.
        evaluation: of these rows.
        command: the line that makes the model again; without it the report shows the Python for it.
        lang: ``"en"`` or ``"ru"``.
        target: what should have come out, for models trained on pairs.
        training: rows it was trained on, to see whether new rows are copies of them.
        odd_rows: what was found about rows of a table, these or others; None: looked for where the model is a detector.

    Raises ParameterError for another language.
    """
    say = language(lang)
    g = gather(
        trained, source, labels, evaluation, command=command, target=target, uses=True, training=training, odd_rows=odd_rows
    )
    verdict = judge(g)
    html = _template().render(t=say, **page(g, verdict, say, __version__))
    return Report(html, _data(g, lang) | {"verdict": verdict.to_dict()})


def _data(g: Gathered, lang: str) -> dict[str, Any]:
    config = g.trained.config
    return {
        "schema": SCHEMA,
        "lang": lang,
        "recipe": config.recipe,
        "data": dict(config.data),
        "command": g.command,
        "reasons": list(config.reasons),
        "evaluation": g.evaluation.to_dict(),
        "curves": None if g.curves is None else g.curves.to_dict(),
        "health": [f.to_dict() for f in judge_health(g)],
        "diagnosis": g.diagnosis.to_dict(),
        "size": measure(g).to_dict(),
        "examples": g.extremes.to_dict(),
        "oddness": None if g.oddities is None else g.oddities.to_dict(),
        "anomalies": None if g.odd_rows is None else g.odd_rows.summary(),
        "neighborhoods": [n.to_dict() for n in g.neighborhoods],
        "uses": None if g.uses is None else g.uses.to_dict(),
        "studies": g.studies.to_dict(),
        "layers": [layer.to_dict() for layer in g.layers],
        "parts": g.trained.model.composition.to_json(),
        "plan": dict(config.plan),
        "environment": environment(g.trained.config.plan),
    }


@cache
def _template() -> jinja2.Template:
    folder = resources.files("diabolo.report").joinpath("pages")
    names = ("report.html", "report.css")
    loader = jinja2.DictLoader({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names})
    strict = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return strict.get_template("report.html")
