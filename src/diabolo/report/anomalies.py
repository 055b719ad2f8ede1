"""Rows of a table that do not belong: their scores, how good these are, the strangest rows with the cells to blame."""

from __future__ import annotations

from collections import Counter
from typing import Any

from diabolo.jobs.anomalies.blame.explain import Blame
from diabolo.jobs.anomalies.detector.odd_rows import THRESHOLD, OddRows
from diabolo.jobs.anomalies.detector.verdict import Verdict
from diabolo.report.drawings import draw_rates, draw_row_scores
from diabolo.report.gathered import Gathered
from diabolo.report.language import Language
from diabolo.report.tables import Column, Line, compared
from diabolo.report.values import breakable

COLUMNS = 6
"""Columns of the table that are shown beside the strangest rows: those most often to blame."""
SURE, VERY_SURE = 3.0, 6.0
"""Sigmas from which on a cell to blame is colored more strongly."""
FARTHEST = 99.0
"""Sigmas beyond which nothing can be told apart."""


def anomalies(g: Gathered, say: Language) -> dict[str, Any] | None:
    """The section's context; None where rows are no tables, or nothing travels with the model to judge them by."""
    found = g.odd_rows
    if found is None:
        return None
    figure, most = draw_row_scores(found, say)
    caption = say("anomalies.figure") if most is None else say("anomalies.figure.cut", most=most)
    return {
        "sentences": [say("anomalies.intro", rows=say.plain("noun.table", n=len(found.scores))), *_count(found, say)],
        "figure": figure,
        "caption": caption,
        "quality": _quality(found, say),
        "verdict": _verdict(found.verdict, say) if found.verdict is not None else [],
        "strangest": _strangest(found, say),
        "use": say("anomalies.use"),
    }


def _count(found: OddRows, say: Language) -> list[Any]:
    n, held_out = int(found.is_outlier.sum()), say.plain("noun.table", n=found.rows)
    if found.chosen_by == THRESHOLD:
        first = say("anomalies.count", n=n, threshold=found.level) if n else say("anomalies.none", threshold=found.level)
    else:
        first = say(f"anomalies.count.{found.chosen_by}", n=n, share=found.level)
    where = "held-out" if found.held_out else "training"
    sentences = [first]
    if found.false_alarms is not None:
        sentences.append(say(f"anomalies.threshold.{where}", rows=held_out, alarm_share=found.false_alarms))
    new = int((~found.known).sum())
    if new:
        sentences.append(say("anomalies.expected", expected=say.number(found.expected_false, 2)))
    if new < len(found.scores):
        sentences.append(say("anomalies.known", known=len(found.scores) - new))
    return sentences


def _quality(found: OddRows, say: Language) -> dict[str, Any] | None:
    if found.quality is None or found.judged is None:
        return None
    columns = (Column("auc", "anomalies.auc", "higher"), Column("precision", "anomalies.precision", "higher"))
    names = {name: say.plain(f"anomalies.by.{name}") for name in found.quality}
    lines = [Line(names[name], vars(quality), own=k == 0) for k, (name, quality) in enumerate(found.quality.items())]
    rows = say.plain("noun.table", n=int(found.judged.sum()))
    return {
        "title": say.plain("anomalies.quality"),
        "table": compared(say, "anomalies.score.by", columns, lines),
        "figure": draw_rates(found, names, say),
        "said": _by_labels(found, say),
        "caption": say("anomalies.rates", rows=rows, anomalies=int(found.anomalous[found.judged].sum())),  # type: ignore[index]
    }


def _by_labels(found: OddRows, say: Language) -> Any:
    """Whether anything simpler alone does better than all together, as the labels have it."""
    ahead = found.simpler_ahead
    if ahead is None:
        return say("anomalies.labels.ahead")
    return say("anomalies.labels.behind", name=say.plain(f"anomalies.by.{ahead}"))


def _verdict(verdict: Verdict, say: Language) -> list[Any]:
    """What rows that were spoiled on purpose say about the autoencoder beside what is simpler."""
    shares = {f"{name}_share": verdict.shares[name] for name in ("autoencoder", "linear", "neighbors", "all")}
    told = say("anomalies.verdict.told", rows=verdict.rows, cells=verdict.cells, columns=verdict.columns, **shares)
    word = "better" if verdict.better else "even" if verdict.better is None else "behind"
    return [told, say(f"anomalies.verdict.{word}")]


def _strangest(found: OddRows, say: Language) -> dict[str, Any]:
    blames = [{b.column: b for b in found.blames.get(i, ())} for i in found.strangest.tolist()]
    counts = Counter(name for row in blames for name in row)
    chosen = sorted(range(len(found.columns)), key=lambda j: -counts[found.columns[j]])[:COLUMNS]
    shown = chosen if found.blames else sorted(chosen)
    places = {name: found.places[name] for name in ("linear", "neighbors") if name in found.parts}
    lines = []
    for k, i in enumerate(found.strangest.tolist()):
        facts = [say.number(float(found.scores[i]), trim=False), say.number(float(found.p_values[i]), 2)]
        facts += [say.count(int(place[i])) for place in places.values()]
        cells = [_cell(found.cells[k][j], blames[k].get(found.columns[j]), say) for j in shown]
        label = None if found.labels is None else found.labels[k]
        name = str(i) if found.names is None else found.names[k]
        lines.append({"name": name, "label": label, "facts": facts, "cells": cells, "out": bool(found.is_outlier[i])})
    heads = [say.plain("anomalies.score"), "p", *(say.plain(f"anomalies.place.{name}") for name in places)]
    some = len(shown) < len(found.columns)
    return {
        "title": say.plain("anomalies.strangest"),
        "first": say.plain("anomalies.row"),
        "heads": heads,
        "columns": [breakable(found.columns[j]) for j in shown],
        "rows": lines,
        "below": [
            say(
                "anomalies.below.blames" if found.blames else "anomalies.below",
                rows=say.plain("noun.table", n=len(found.scores)),
            ),
            *([say("anomalies.some", n=len(shown), all=len(found.columns))] if some else []),
        ],
    }


def _cell(value: Any, blame: Blame | None, say: Language) -> dict[str, Any]:
    if blame is None:
        return {"text": said(value, say), "note": None, "level": 0}
    off = abs(blame.sigmas)
    sigmas = say.fixed(blame.sigmas, 1) if off < FARTHEST else f"{'−' if blame.sigmas < 0 else ''}>{FARTHEST:.0f}"
    saw = say.plain("anomalies.unseen") if blame.saw is None else said(blame.saw, say)
    note = say.plain("anomalies.expects", value=said(blame.expected, say), sigmas=sigmas)
    return {"text": saw, "note": note, "level": 3 if off >= VERY_SURE else 2 if off >= SURE else 1}


def said(value: Any, say: Language) -> str:
    """A cell as people of this language read it; a dash where it is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, float):
        return say.number(value, 4)
    return say.count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
