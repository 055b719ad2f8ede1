"""The figures of a report, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from diabolo.figures.codes import codes
from diabolo.figures.curves import learning_curves
from diabolo.figures.histogram import histogram
from diabolo.figures.rates import rates
from diabolo.figures.texts import ENGLISH, RUSSIAN
from diabolo.figures.units import units
from diabolo.jobs.anomalies.detector.odd_rows import THRESHOLD, OddRows, curves_of
from diabolo.jobs.anomalies.judge import Detection
from diabolo.jobs.codes.maps import CodeMap
from diabolo.jobs.diagnosis.curves import telling
from diabolo.report.gathered import Gathered
from diabolo.report.health import in_use
from diabolo.report.language import Language
from diabolo.report.svg import inline_svg

_PREFIX = "figure."
TIMES = 3.0
"""Scores are drawn up to so many times the threshold."""


def texts_of(say: Language) -> Mapping[str, str]:
    """The captions of figures: the figures' own, with those of the report's catalogue in their place."""
    own = RUSSIAN if say.code == "ru" else ENGLISH
    more = {k.removeprefix(_PREFIX): v for k, v in say.texts.items() if k.startswith(_PREFIX) and isinstance(v, str)}
    return {**own, **more}


def draw_curves(g: Gathered, say: Language) -> Markup | None:
    """Learning curves; None without a history."""
    if g.curves is None:
        return None
    fig = learning_curves(telling(g.trained), best_epoch=g.curves.best, texts=texts_of(say))
    return inline_svg(fig, "curves", say.plain("curves.alt", best=g.curves.best), comma=say.code == "ru")


def draw_map(g: Gathered, found: CodeMap, say: Language) -> Markup:
    """One map of the codes, colored by label where there is one; bars for a code of one number."""
    comma, alt = say.code == "ru", say.plain(f"codes.alt.{found.method}" if found.points.shape[1] == 2 else "codes.alt.single")
    if found.points.shape[1] == 1:
        fig = histogram(found.points[:, 0], axis_names=(say.plain("codes.number", n=0), say.plain("codes.count")))
        return inline_svg(fig, "codes", alt, comma=comma)
    names = None
    if found.method == "direct":
        names = (say.plain("codes.number", n=0), say.plain("codes.number", n=1))
    elif found.shares is not None:
        names = tuple(say.plain("codes.axis", n=i + 1, share=s) for i, s in enumerate(found.shares[:2]))  # type: ignore[assignment]
    fig = codes(found.points, g.map_labels(found), axis_names=names, texts=texts_of(say))
    return inline_svg(fig, f"codes-{found.method}", alt, comma=comma)


def draw_scores(found: Detection, say: Language) -> tuple[Markup, float | None]:
    """How often each score occurs, the threshold as a line, and where scores were cut off; None where none were."""
    scores, most = found.scores, TIMES * max(1.0, found.threshold)
    cut = float(most) if scores.max() > most else None
    shown = np.minimum(scores, most)
    fig = histogram(shown, axis_names=(say.plain("oddness.score"), say.plain("oddness.pictures")), mark=found.threshold)
    return inline_svg(fig, "oddness", say.plain("oddness.alt"), comma=say.code == "ru"), cut


def draw_row_scores(found: OddRows, say: Language) -> tuple[Markup, float | None]:
    """The same of rows of a table; the line stands at the threshold, or at the least score that stands out by another rule."""
    out = found.scores[found.is_outlier]
    mark = found.level if found.chosen_by == THRESHOLD else float(out.min()) if len(out) else None
    most = TIMES * max(1.0, mark or 1.0)
    cut = float(most) if found.scores.max() > most else None
    names = (say.plain("anomalies.score"), say.plain("anomalies.rows"))
    fig = histogram(np.minimum(found.scores, most), axis_names=names, mark=mark)
    return inline_svg(fig, "anomalies", say.plain("anomalies.alt"), comma=say.code == "ru"), cut


def draw_rates(found: OddRows, names: Mapping[str, str], say: Language) -> Markup:
    """ROC and precision-recall curves of each score. names: of the scores, as the reader calls them."""
    fig = rates({names[name]: curve for name, curve in curves_of(found).items()}, texts=texts_of(say))
    return inline_svg(fig, "rates", say.plain("anomalies.rates.alt"), comma=say.code == "ru")


def draw_units(g: Gathered, say: Language) -> tuple[Markup, str]:
    """What each number of the code tells or how much it varies, and which of the two it is."""
    kl = g.evaluation.unit_kl
    quantity = "variance" if kl is None else "kl"
    values = np.square(g.evaluation.unit_std) if kl is None else np.asarray(kl)
    fig = units(values, in_use(g), quantity=quantity, texts=texts_of(say))  # type: ignore[arg-type]
    return inline_svg(fig, "units", say.plain(f"units.alt.{quantity}"), comma=say.code == "ru"), quantity
