"""What a code is good for, on a page: sentences follow from the figures, and pictures and rows are those that are named."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from diabolo.jobs.codes.cluster import Clustering, Grouping, Suggestion
from diabolo.jobs.codes.search import Precision
from diabolo.jobs.codes.uses import Found, Uses
from diabolo.jobs.codes.ways import Ways
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.new_rows import NewRows
from diabolo.jobs.generation.sample_verdict import sample_verdict
from diabolo.report.clusters import clusters, judge_clusters
from diabolo.report.errors import error_table
from diabolo.report.gathered import Gathered, gather
from diabolo.report.generation import generation
from diabolo.report.language import language
from diabolo.report.searching import judge_search, search
from diabolo.report.sections import USES
from diabolo.report.ways import interpolation, judge_ways
from tests.report.conftest import Case, case, report

EN = language("en")


@cache
def looked(name: str) -> Gathered:
    made = case(name)
    return gather(made.trained, made.source, made.labels, made.evaluation(), uses=True, training=made.source)


@pytest.fixture(scope="module")
def image() -> Gathered:
    return looked("image with labels")


@pytest.fixture(scope="module")
def table() -> Gathered:
    return looked("table with labels")


def uses_of(g: Gathered) -> Uses:
    assert isinstance(g.uses, Uses)
    return g.uses


def keys(found: tuple[Finding, ...]) -> list[str]:
    return [f.key for f in found]


def grouped(own: float, pca: float, suggestion: Suggestion | None = None) -> Any:
    table = tuple(Grouping(name, 3, 0.1, nmi, nmi) for name, nmi in (("model", own), ("pca", pca), ("data", 0.2)))
    none = np.zeros(0, dtype=np.int64)
    sizes, members = np.array([9, 1]), (none, none)
    return Clustering("kmeans", none, np.zeros((2, 3)), sizes, none, members, members, suggestion, table, 10)


@pytest.mark.parametrize(("own", "pca", "key"), [(0.6, 0.5, "better"), (0.5, 0.51, "even"), (0.4, 0.5, "worse")])
def test_clusters_are_held_to_the_best_of_what_is_simpler(own: float, pca: float, key: str) -> None:
    said = judge_clusters("table", 60, grouped(own, pca))
    assert keys(said) == ["clusters.intro", "clusters.as-labels", f"clusters.{key}"]
    assert said[2].values["other"] == max(pca, 0.2)


def test_a_suggested_number_is_told_with_its_reason() -> None:
    edge = Suggestion("silhouette", (2, 3), (0.2, 0.3), 3)
    assert keys(judge_clusters("table", 60, grouped(0.5, 0.5, edge)))[1] == "clusters.suggested.edge"
    inside = dataclasses.replace(edge, chosen=2)
    (said,) = [f for f in judge_clusters("table", 60, grouped(0.5, 0.5, inside)) if f.key == "clusters.suggested"]
    assert said.values == {"low": 2, "high": 3, "best": 0.2}


@pytest.mark.parametrize(("own", "raw", "key"), [(0.9, 0.8, "better"), (0.81, 0.8, "even"), (0.7, 0.8, "worse")])
def test_a_search_is_held_to_the_best_of_what_is_simpler(own: float, raw: float, key: str) -> None:
    shares = {"model": own, "raw": raw, "pca": 0.3, "chance": 0.1}
    found = Found(np.arange(1), np.zeros((1, 5)), Precision(5, 60, 60, True, shares), {"model": 0.5})
    said = judge_search("table", 60, found)
    assert keys(said) == ["search.intro", f"search.{key}"]
    assert said[1].values["other_share"] == raw
    assert keys(judge_search("table", 60, dataclasses.replace(found, precision=None)))[1] == "search.unlabeled"


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_new_rows_are_judged_as_on_the_command_line(lang: str, table: Gathered) -> None:
    """The page says what :func:`sample_verdict` says, after what was done, and that rows were few."""
    say, found = language(lang), uses_of(table).new_rows
    assert isinstance(found, NewRows)
    for rows, few in ((found.judgment.rows, True), (500, False)):
        judgment = dataclasses.replace(found.judgment, rows=rows)
        shown = generation(with_new_rows(table, dataclasses.replace(found, judgment=judgment)), say)
        assert shown is not None
        verdict = [say.say(f) for f in sample_verdict(judgment)]
        assert shown["sentences"][1 : 1 + len(verdict)] == verdict
        assert (len(shown["sentences"]) == len(verdict) + 2) == few
        assert say.plain("generation.all-cells") in shown["sentences"][0]


def with_new_rows(g: Gathered, found: NewRows) -> Gathered:
    return dataclasses.replace(g, uses=dataclasses.replace(uses_of(g), new_rows=found))


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_verdict_has_words_that_say_its_figures(lang: str) -> None:
    say, mixture = language(lang), Finding("samples.origin.mixture")
    said = {"best": mixture, "frechet": 1.0, "worst": Finding("samples.origin.prior"), "other_frechet": 3.0, "times": 3.0}
    text = say.say(Finding("samples.mend", said | {"density": "mixture"}))
    assert "--density mixture" in text
    assert all(say.plain(f"samples.origin.{name}") in text for name in ("mixture", "prior"))
    for key in ("better", "worse"):
        assert "2" in say.say(Finding(f"samples.{key}", {"frechet": 4.0, "times": 2.0}))
    assert "0" in say.say(Finding("samples.unlike", {"precision_share": 0.2}))


def test_ways_are_held_to_fading(table: Gathered) -> None:
    found = uses_of(table).ways
    assert isinstance(found, Ways)
    for code, key in ((1.0, "better"), (1.99, "even"), (3.0, "worse")):
        said = judge_ways("table", dataclasses.replace(found, code=code, fade=2.0))
        assert keys(said)[1] == f"interpolation.{key}"


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_pictures_stand_where_rows_are_pictures_and_values_where_not(lang: str, image: Gathered, table: Gathered) -> None:
    say = language(lang)
    for g, pictures in ((image, True), (table, False)):
        shown = [section(g, say) for section in (clusters, search, generation, interpolation)]
        assert all(s is not None for s in shown)
        members, found, new, ways = (s or {} for s in shown)
        assert all(bool(cell["uri"]) == pictures for row in members["gallery"]["rows"] for cell in row["cells"][:1])
        assert (found["gallery"] is not None, found["values"] is None) == (pictures, pictures)
        assert (new["group"] is not None, new["values"] is None) == (pictures, pictures)
        assert (ways["group"] is not None, ways["values"] is None) == (pictures, pictures)


def test_nothing_looked_at_leaves_no_section_and_says_why() -> None:
    few = Case(case("table").trained, case("table").rows[:5]).report()
    assert not [name for name in USES if f'<section id="{name}">' in few.html]
    assert "are looked at from 20 rows on; here stood 5." in few.html
    assert few.to_dict()["uses"]["key"] == "uses.few"


def test_figures_of_the_page_are_in_its_values() -> None:
    found = report("table with labels").to_dict()
    assert found["uses"]["search"]["precision"]["shares"]["model"] >= 0
    assert [line["name"] for line in found["uses"]["clusters"]["table"]] == ["model", "pca", "data"]
    assert {line["name"] for line in found["neighborhoods"]} == {"data", "model", "pca", "map"}


def test_why_pca_is_ahead_is_said_below_the_errors() -> None:
    g = case("sparse").gathered()
    why = (Finding("why.short", {"n": 3}), Finding("why.unknown", {"n": 4, "kept_share": 0.9}))
    told = error_table(dataclasses.replace(g, evaluation=dataclasses.replace(g.evaluation, why=why)), EN)["why"]
    assert told[0] == "Training ended after 3 epochs; PCA is computed at once."
    assert "PCA keeps 90% of the variance" in told[1]
