"""The sections of a report: what was gathered, in words and figures, as plain values for the template."""

from __future__ import annotations

from typing import Any

from diabolo.figures.stations import stations
from diabolo.jobs.codes.neighborhoods import PURITY_K, TRUST_K
from diabolo.jobs.codes.uses import Uses
from diabolo.jobs.findings import Finding
from diabolo.recipes import RECIPES
from diabolo.report.anomalies import anomalies
from diabolo.report.clusters import clusters
from diabolo.report.drawings import draw_curves, draw_map, draw_units
from diabolo.report.errors import error_table
from diabolo.report.few_labels import few_labels
from diabolo.report.gathered import Gathered
from diabolo.report.generation import generation
from diabolo.report.health import diagnosed, in_use, judge_health
from diabolo.report.language import Language
from diabolo.report.making import facts, part_facts, python_lines
from diabolo.report.oddness import oddness
from diabolo.report.pictures import examples
from diabolo.report.reasons import reasons_of, translated
from diabolo.report.searching import search
from diabolo.report.silhouette import silhouette
from diabolo.report.sizes import judge_sizes, measure
from diabolo.report.stacked import stacked
from diabolo.report.tables import Column, Line, compared
from diabolo.report.verdict import Verdict
from diabolo.report.ways import interpolation
from diabolo.report.widths import sweep

USES = ("clusters", "search", "generation", "interpolation")
"""What a code is good for besides restoring rows; not where that was not looked at."""
STUDIES = ("sweep", "labels", "layerwise")
"""What more trainings have shown; those that travel with the model."""
SECTIONS = ("pictures", "errors", "oddness", "anomalies", "curves", "codes", *USES, "units", *STUDIES, "model", "size", "made")


def page(g: Gathered, verdict: Verdict, say: Language, version: str) -> dict[str, Any]:
    """Everything the template shows."""
    config = g.trained.config
    data = translated(str(config.data.get("name", "?")), say).text
    lead = {
        "rows": say.plain(f"noun.{g.noun}", n=config.data.get("rows", len(g.source))),
        "cells": say.plain("noun.numbers", n=g.cells),
        "numbers": say.plain("noun.numbers", n=g.numbers),
    }
    return {
        "lang": say.code,
        "title": say.plain("page.title", recipe=config.recipe, data=data),
        "heading": say("page.heading", recipe=config.recipe, data=data),
        "lead": say(f"page.lead.{g.noun}", **lead),
        "contents": [(name, _title(g, say, name)) for name in SECTIONS if _is_there(g, name)],
        "version": version,
        "verdict": _verdict(g, verdict, say),
        "pictures": examples(g, say),
        "errors": error_table(g, say),
        "oddness": oddness(g, say),
        "anomalies": anomalies(g, say),
        "curves": _curves(g, say),
        "codes": _codes(g, say),
        "clusters": clusters(g, say),
        "search": search(g, say),
        "generation": generation(g, say),
        "interpolation": interpolation(g, say),
        "units": _units(g, say),
        "sweep": sweep(g.studies.sweep, g.noun, config.latent_dim, say),
        "labels": few_labels(g.studies.labels, say),
        "layerwise": stacked(g.studies.layerwise, g.noun, say),
        "model": _model(g, say),
        "size": _size(g, say),
        "made": _made(g, say),
    }


def _is_there(g: Gathered, name: str) -> bool:
    if name in USES:
        return isinstance(g.uses, Uses)
    if name in STUDIES:
        return getattr(g.studies, name) is not None
    found = {"oddness": g.oddities, "anomalies": g.odd_rows}
    return name not in found or found[name] is not None


def _title(g: Gathered, say: Language, name: str) -> str:
    if name == "errors" and "pca" not in g.errors and "input" in g.errors:
        return say.plain("errors.title.input")
    return say.plain(f"{name}.title")


def _verdict(g: Gathered, verdict: Verdict, say: Language) -> dict[str, Any]:
    first, *more = [say.say(f) for f in verdict.sentences]
    advice = [say.say(f) for f in verdict.advice]
    return {"level": verdict.level, "first": first, "more": more, "advice": advice, "tiles": _tiles(g, say)}


def _tiles(g: Gathered, say: Language) -> list[dict[str, Any]]:
    errors, used = g.errors, sum(in_use(g))
    beside = ""
    if "pca" in errors:
        beside = say.plain("tile.error.beside", pca=_error(say, errors["pca"]), mean=_error(say, errors["mean"]))
    elif "input" in errors:
        beside = say.plain("tile.error.input", input=_error(say, errors["input"]))
    smaller = "smaller" if g.cells > g.numbers else "same" if g.cells == g.numbers else "larger"
    tiles = [
        (_error(say, errors["model"]), "tile.error", {}, beside),
        (
            *(say.count(g.numbers), "tile.code", {"n": g.numbers}),
            say.plain(f"tile.code.{smaller}", times=g.cells / g.numbers, cells=g.cells),
        ),
        (
            *(say.count(used), "tile.units", {"n": g.numbers}),
            say.plain("tile.units.effective", effective=g.evaluation.health.effective) if used and g.numbers > 1 else "",
        ),
    ]
    if g.curves is not None:
        weights = sum(layer.parameters for layer in g.layers)
        counts = {"epochs": say.plain("noun.epochs", n=g.curves.epochs), "weights": say.plain("noun.weights", n=weights)}
        tiles.append((say.duration(g.curves.seconds), "tile.time", {}, say.plain("tile.time.epochs", **counts)))
    return [{"value": v, "label": say.plain(key, **values), "note": note} for v, key, values, note in tiles]


def _error(say: Language, value: float) -> str:
    return say.number(value, trim=False)


def _curves(g: Gathered, say: Language) -> dict[str, Any]:
    curves = g.curves
    if curves is None:
        return {"figure": None, "sentences": [say("curves.none")], "rules": None}
    sentences = [say.say(f) for f in curves.findings]
    if curves.train is not None:
        measure = f"measure.{curves.everyday}"
        values = {"everyday": say.plain(measure if say.has(measure) else "measure.loss"), "best": curves.best}
        values |= {"train": curves.train} | ({} if curves.held_out is None else {"held_out": curves.held_out})
        sentences.append(say("curves.figures" if curves.held_out is not None else "curves.figures.train", **values))
    if g.trained.model.composition.corruption is not None:
        sentences.append(say("curves.corrupted"))
    return {"figure": draw_curves(g, say), "sentences": sentences, "rules": say("curves.rules.text")}


def _codes(g: Gathered, say: Language) -> dict[str, Any]:
    shown = say.plain(f"noun.{g.noun}", n=len(g.maps[0].rows))
    figures = []
    for found in g.maps:
        key = "codes.single" if found.points.shape[1] == 1 else f"codes.{found.method}"
        figures.append({"figure": draw_map(g, found, say), "caption": say(key, share=sum(found.shares or (0.0,)))})
    return {"intro": say("codes.intro", rows=shown), "figures": figures, **_neighbors(g, say)}


def _neighbors(g: Gathered, say: Language) -> dict[str, Any]:
    """How well codes and their map keep who is near whom; and why nothing more was looked at, where that is so."""
    lines = [Line(say.plain(f"uses.{n.name}"), vars(n), own=n.name == "model", numbers=n.numbers) for n in g.neighborhoods]
    columns = (Column("trustworthiness", "codes.trust", "higher"), Column("purity", "codes.purity", "higher", share=True))
    labeled = any(n.purity is not None for n in g.neighborhoods)
    about = [say("codes.about.trust", n=TRUST_K)] + ([say("codes.about.purity", n=PURITY_K)] if labeled else [])
    return {
        "table": compared(say, "uses.of", columns, lines) if lines else None,
        "about": about if lines else [],
        "absent": say.say(g.uses) if isinstance(g.uses, Finding) else None,
    }


def _units(g: Gathered, say: Language) -> dict[str, Any]:
    sentences = [say.say(f) for f in (*judge_health(g), *diagnosed(g.diagnosis))]
    if g.numbers == 1:
        return {"figure": None, "caption": None, "sentences": sentences}
    figure, quantity = draw_units(g, say)
    return {"figure": figure, "caption": say(f"units.figure.{quantity}"), "sentences": sentences}


def _model(g: Gathered, say: Language) -> dict[str, Any]:
    recipe = RECIPES[g.trained.config.recipe]
    totals = {role: sum(x.parameters for x in g.layers if x.role == role) for role in ("encoder", "decoder")}
    paper, links = _paper(recipe.paper)
    drawn = stations(g.layers, lambda finding: say.plain(finding.key, **finding.values))
    when = say.plain(f"recipe.{recipe.name}.when")
    return {
        "stations": [
            {
                "role": station.stage.role,
                "name": station.stage.name,
                "words": station.stage.words,
                "numbers": say.count(station.stage.numbers),
                "shape": "×".join(map(str, station.stage.shape)) if len(station.stage.shape) > 1 else "",
                "parameters": say.plain("noun.weights", n=station.stage.parameters) if station.stage.parameters else "",
                "width": f"{station.width:.4g}",
                "outline": station.outline,
            }
            for station in silhouette(drawn)
        ],
        "what": say(f"recipe.{recipe.name}.what"),
        "when": say("model.when", when=when[0].lower() + when[1:]),
        "paper": paper,
        "links": links,
        "layers": [
            {
                "role": layer.role,
                "where": say.plain(f"model.role.{layer.role}"),
                "name": layer.name,
                "words": ", ".join(say.plain(w.key, **w.values) for w in (layer.title, *layer.words)),
                "shape": "–" if layer.shape is None else "×".join(map(str, layer.shape)) or "1",
                "parameters": say.count(layer.parameters) if layer.parameters else "",
            }
            for layer in g.layers
        ],
        "total": say.count(sum(layer.parameters for layer in g.layers)),
        "parts": say.plain("model.total.parts", **totals),
    }


def _paper(text: str) -> tuple[str, list[str]]:
    """A reference and the addresses in it."""
    words = text.split()
    links = [w.rstrip(";,.") for w in words if w.startswith("https://")]
    return " ".join(w for w in words if not w.startswith("https://")).rstrip(",;"), links


def _size(g: Gathered, say: Language) -> dict[str, Any]:
    sizes = measure(g)
    first, *more = [say.say(f) for f in judge_sizes(sizes)]
    rows = [
        (say.plain("size.table.numbers"), sizes.cells, sizes.numbers),
        (say.plain("size.table.bytes"), sizes.row_bytes, sizes.code_bytes),
    ]
    return {
        "first": first,
        "more": more,
        "rows": [{"name": n, "row": say.count(a), "code": say.count(b), "ratio": say.times(a / b)} for n, a, b in rows],
    }


def _made(g: Gathered, say: Language) -> dict[str, Any]:
    config = g.trained.config
    found = reasons_of(config.reasons, config.plan, say)
    return {
        "command": g.command or python_lines(g),
        "again": say("made.again" if g.command else "made.again.python"),
        "budget": say("made.again.budget", steps=config.plan["steps"]) if _by_time(config.plan) else None,
        "facts": facts(g, say),
        "parts": part_facts(g),
        "choices": found.choices,
        "notes": found.notes,
    }


def _by_time(plan: Any) -> bool:
    return bool(plan.get("time_budget") and plan.get("steps"))
