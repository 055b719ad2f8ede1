"""The verdict: whether the model is worth more than what is simpler, and what to try where it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, final

from diabolo.jobs.diagnosis.shortfall import FEW
from diabolo.jobs.evaluation.contenders import EVEN
from diabolo.jobs.findings import Finding
from diabolo.jobs.mending.judge_mending import Mending
from diabolo.parts.corruptions import BlindSpots
from diabolo.report.gathered import Gathered

EXACT = 1e-6  # PCA's error as a share of the mean's, below which it restores everything
SMALL = 100  # judged rows below which chance plays a part
MOST = 3  # pieces of advice
AS_GOOD = 0.09  # dB: a squared error within 2 %

Level = Literal["better", "even", "worse", "none"]


@final
@dataclass(frozen=True)
class Verdict:
    """level: "better", "even" or "worse" than what stands beside the model, "none" where that says nothing."""

    level: Level
    sentences: tuple[Finding, ...]
    advice: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        said = {"sentences": [f.to_dict() for f in self.sentences], "advice": [f.to_dict() for f in self.advice]}
        return {"level": self.level, **said}


def judge(g: Gathered) -> Verdict:
    """Compare squared errors, two within 2 % being equal, or what the model was trained to mend. Says so where rows are few."""
    blind = isinstance(g.trained.model.composition.corruption, BlindSpots)
    if g.evaluation.mending is not None:
        verdict = _mended(g, g.evaluation.mending)
    else:
        verdict = Verdict("none", (Finding("verdict.blind"),), ()) if blind else _compared(g)
    n = g.evaluation.rows
    few = (Finding("verdict.few", {"rows": Finding(f"noun.{g.noun}", {"n": n})}),) if n < SMALL else ()
    return Verdict(verdict.level, (*verdict.sentences, *few), verdict.advice)


def _compared(g: Gathered) -> Verdict:
    errors, subject = g.errors, Finding(f"subject.{g.evaluation.role}.{g.noun}", {"data": g.evaluation.data})
    if "pca" not in errors:
        return _beside_input(g, subject)
    model, pca, mean = errors["model"], errors["pca"], errors["mean"]
    numbers = next(c.numbers for c in g.evaluation.table if c.name == "pca")
    said = {"subject": subject, "n": numbers}
    if pca <= EXACT * mean:
        return Verdict("none", (Finding("verdict.lossless", said), *_kept(errors)), (Finding("advice.smaller-code"),))
    if mean > 0 and model * EVEN >= mean:
        return Verdict("worse", (Finding("verdict.useless", said),), _advice(g))
    if model * EVEN < pca:
        times = pca / model if model > 0 else float("inf")
        return Verdict("better", (Finding("verdict.better", said | {"times": times}), *_kept(errors)), ())
    if model <= pca * EVEN:
        return Verdict("even", (Finding("verdict.even", said), *_kept(errors)), _advice(g))
    return Verdict("worse", (Finding("verdict.worse", said | {"times": model / pca}), *_kept(errors)), _advice(g))


def _mended(g: Gathered, mending: Mending) -> Verdict:
    """For models trained to mend: is the result nearer to the clean picture than that of the best simpler way?"""
    # a contender that restores exactly has no finite PSNR, and none listed
    found = {c.name: c.errors.get("psnr", math.inf) for c in mending.table}
    model = found.pop("model")
    best = max(found, key=lambda name: found[name])
    gain = 0.0 if model == found[best] else model - found[best]
    said = {"task": Finding(f"mending.{mending.task}"), "gain": abs(gain), "best": Finding(f"errors.{best}")}
    if abs(gain) < AS_GOOD:
        return Verdict("even", (Finding("verdict.mends.even", said),), _advice(g))
    if gain > 0:
        return Verdict("better", (Finding("verdict.mends.better", said),), ())
    return Verdict("worse", (Finding("verdict.mends.worse", said),), _advice(g))


def _beside_input(g: Gathered, subject: Finding) -> Verdict:
    """For models trained on pairs: is the output nearer to what should come out than the input was?"""
    errors = g.errors
    if "input" not in errors:
        return Verdict("none", (Finding("verdict.alone", {"subject": subject, "error": errors["model"]}),), ())
    model, given = errors["model"], errors["input"]
    if model * EVEN < given:
        times = given / model if model > 0 else float("inf")
        return Verdict("better", (Finding("verdict.nearer", {"subject": subject, "times": times}),), ())
    if model <= given * EVEN:
        return Verdict("even", (Finding("verdict.as-near", {"subject": subject}),), _advice(g))
    return Verdict(
        "worse", (Finding("verdict.farther", {"subject": subject, "times": model / max(given, 1e-300)}),), _advice(g)
    )


def _kept(errors: dict[str, float]) -> list[Finding]:
    """The share of the variance that is kept: 1 − mse / mse of the mean row."""
    if errors["mean"] <= 0 or errors["model"] >= errors["mean"]:
        return []
    kept = {name: 1 - errors[name] / errors["mean"] for name in ("model", "pca")}
    return [Finding("verdict.kept", {"kept_share": kept["model"], "pca_share": kept["pca"]})]


def _advice(g: Gathered) -> tuple[Finding, ...]:
    """At most three things to try: what was found in the run first, the recipe's own limits next, size and PCA last."""
    found = [*_of_the_run(g), *_of_the_recipe(g)]
    if g.split is not None and g.split[0] < FEW:
        found.append(Finding("advice.few", {"n": g.split[0]}))
    instead = ("advice.longer", "advice.short", "advice.linear", "advice.few", "advice.collapsed")
    if not any(f.key in instead for f in found):
        found.append(Finding("advice.larger"))
    simpler = [Finding("advice.pca")] if "pca" in g.errors and g.evaluation.mending is None else []
    return (*found[:MOST], *simpler)


def _of_the_run(g: Gathered) -> list[Finding]:
    curves = g.curves
    if curves is None:
        return []
    found = []
    if curves.has("curves.short"):
        found.append(Finding("advice.short", {"n": curves.epochs}))
    if curves.has("curves.falling"):
        found.append(Finding("advice.longer"))
    if curves.has("curves.overfit"):
        found.append(Finding("advice.overfit"))
    return found


def _of_the_recipe(g: Gathered) -> list[Finding]:
    composition, health = g.trained.model.composition, g.evaluation.health
    name, found = composition.bottleneck.name, []
    if g.trained.config.recipe == "simple":
        found.append(Finding("advice.linear"))
    if name == "gaussian":
        if health.active < health.units:
            found.append(Finding("advice.collapsed", {"n": health.units - health.active}))
        found.append(Finding("advice.variational"))
    if name == "top-k":
        found.append(Finding("advice.top-k", {"k": getattr(g.trained.model.bottleneck, "k", None), "n": health.units}))
    if name.startswith("sparse-") or composition.regularizers:
        found.append(Finding("advice.priced"))
    return found
