"""The verdict: true both ways, and advice that fits."""

from __future__ import annotations

import dataclasses

import pytest

from diabolo.jobs.evaluation.contenders import Contender
from diabolo.jobs.mending.judge_mending import Mending
from diabolo.report.gathered import Gathered
from diabolo.report.health import in_use, judge_health
from diabolo.report.language import language
from diabolo.report.verdict import Verdict, judge
from tests.report.conftest import case


def with_errors(name: str, **errors: float) -> Gathered:
    """The case's findings with other squared errors in the table."""
    g = case(name).gathered()
    table = tuple(Contender(who, 3, {"mse": mse}) for who, mse in errors.items())
    return dataclasses.replace(g, evaluation=dataclasses.replace(g.evaluation, table=table, rows=500, mending=None))


def keys(verdict: Verdict) -> list[str]:
    return [f.key for f in verdict.sentences]


@pytest.mark.parametrize(
    ("model", "pca", "level", "key"),
    [
        (0.01, 0.04, "better", "verdict.better"),
        (0.010, 0.0103, "better", "verdict.better"),
        (0.010, 0.0101, "even", "verdict.even"),
        (0.010, 0.0099, "even", "verdict.even"),
        (0.010, 0.0097, "worse", "verdict.worse"),
        (0.2, 0.01, "worse", "verdict.useless"),
        (0.01, 1e-12, "none", "verdict.lossless"),
    ],
)
def test_the_level_follows_from_the_errors(model: float, pca: float, level: str, key: str) -> None:
    verdict = judge(with_errors("table", model=model, pca=pca, mean=0.1))
    assert (verdict.level, keys(verdict)[0]) == (level, key)
    assert bool(verdict.advice) is (level != "better")


def test_how_many_times() -> None:
    better = judge(with_errors("table", model=0.01, pca=0.04, mean=0.1))
    assert better.sentences[0].values["times"] == pytest.approx(4)
    assert better.sentences[1].values == pytest.approx({"kept_share": 0.9, "pca_share": 0.6})
    worse = judge(with_errors("table", model=0.04, pca=0.01, mean=0.1))
    assert worse.sentences[0].values["times"] == pytest.approx(4)
    said = language("en").say(worse.sentences[0])
    assert said.startswith("Rows it was not trained on come back worse than from PCA with a code of the same size")
    assert said.endswith("the squared error is 4 times larger.")


def test_pairs_are_judged_beside_their_input() -> None:
    levels = [judge(with_errors("pairs", model=m, input=0.1)).level for m in (0.01, 0.1, 0.5)]
    assert levels == ["better", "even", "worse"]
    assert not [f for f in judge(with_errors("pairs", model=0.5, input=0.1)).advice if f.key == "advice.pca"]
    assert keys(judge(with_errors("pairs", model=0.5))) == ["verdict.alone"]


@pytest.mark.parametrize(
    ("model", "level", "key"),
    [(21.0, "better", "better"), (20.05, "even", "even"), (18.0, "worse", "worse"), (None, "better", "better")],
)
def test_what_was_trained_to_mend_is_judged_by_that(model: float | None, level: str, key: str) -> None:
    """None: nothing is wrong any more, so that there is no finite PSNR."""
    g = case("image").gathered()
    own = {} if model is None else {"psnr": model}
    table = (Contender("model", 3, own), Contender("ridge", 0, {"psnr": 20.0}), Contender("median", 0, {"psnr": 14.0}))
    mending = Mending("denoise", "gaussian-noise (std=0.1)", 200, table)
    verdict = judge(dataclasses.replace(g, evaluation=dataclasses.replace(g.evaluation, mending=mending)))
    assert (verdict.level, keys(verdict)[0]) == (level, f"verdict.mends.{key}")
    said = language("en").say(verdict.sentences[0])
    assert "Denoising" in said
    assert "ridge regression" in said


def test_few_rows_are_named() -> None:
    g = with_errors("table", model=0.01, pca=0.04, mean=0.1)
    few = dataclasses.replace(g, evaluation=dataclasses.replace(g.evaluation, rows=14))
    assert keys(judge(few))[-1] == "verdict.few"
    assert "verdict.few" not in keys(judge(g))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("vae on a table", "advice.variational"),
        ("sparse", "advice.top-k"),
        ("contractive", "advice.priced"),
        ("sparse", "advice.short"),
        ("table", "advice.few"),
    ],
)
def test_advice_fits_the_model(name: str, key: str) -> None:
    advice = [f.key for f in judge(with_errors(name, model=0.05, pca=0.01, mean=0.1)).advice]
    assert key in advice
    assert advice[-1] == "advice.pca"
    assert len(advice) <= 4


def test_collapsed_and_dead_numbers() -> None:
    g = case("vae").gathered()
    evaluation = dataclasses.replace(g.evaluation, unit_std=(1.0, 0.9, 0.05, 0.0))
    health = dataclasses.replace(evaluation.health, units=4, active=2)
    collapsed = dataclasses.replace(g, evaluation=dataclasses.replace(evaluation, health=health))
    assert in_use(collapsed) == [True, True, False, False]
    found = {f.key: f.values for f in judge_health(collapsed)}
    assert found["health.some"] == {"used": 2, "n": 4}
    assert found["health.collapsed"] == {"n": 2, "used": 2}
    plain = case("table with labels").gathered()
    dead = dataclasses.replace(plain, evaluation=dataclasses.replace(plain.evaluation, unit_std=(5.0, 0.02, 0.0)))
    assert in_use(dead) == [True, True, False]
    assert "health.dead" in [f.key for f in judge_health(dead)]


def test_one_number() -> None:
    assert judge_health(case("contractive").gathered())[0].key == "health.single"
