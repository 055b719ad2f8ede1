"""The health of the code in words: what works, what does not, what to do about it."""

from __future__ import annotations

import math

import numpy as np

from diabolo.jobs.diagnosis.diagnose import Diagnosis
from diabolo.jobs.findings import Finding
from diabolo.metrics.codes import ACTIVE, DEAD
from diabolo.report.gathered import Gathered

FULL = 0.5  # of the numbers that do vary: below this many effective dimensions the rest repeats
SPARSE = 0.005  # share of zeros worth a word

SAID = ("collapsed code", "dead code", "overfitting", "underfitting", "unfinished training")
"""Checks of a diagnosis that :func:`judge_health`, the curves and the verdict have sentences for already."""
TOLD = ("copying", "unsteady codes", "holes")
"""Checks that have something to say where nothing is wrong too."""


def in_use(g: Gathered) -> list[bool]:
    """Which numbers of the code are in use: active where codes are pulled to a unit Gaussian, not dead elsewhere."""
    variance = np.square(g.evaluation.unit_std)
    least = ACTIVE if g.evaluation.unit_kl is not None else DEAD * variance.max()
    return (variance > least).tolist()


def judge_health(g: Gathered) -> tuple[Finding, ...]:
    """What the figures of the code say, and what to do; where no number is in use, that alone."""
    health, used = g.evaluation.health, sum(in_use(g))
    idle = health.units - used
    found = [_counted(used, health.units)]
    if g.evaluation.unit_kl is not None:
        found.append(Finding("health.kl", _told(health.kl or 0.0)))
    if not used:
        return (*found, Finding("health.collapsed-all" if g.evaluation.unit_kl is not None else "health.dead-all"))
    if idle:
        found.append(Finding(_remedy(g), {"n": idle, "used": used}))
    if health.zeros > SPARSE:
        found.append(Finding("health.zeros", {"share": health.zeros}))
    code = g.evaluation.discrete
    if code is not None:
        said = {"used_share": code.used, "perplexity": code.perplexity, "entries": max(code.entries)}
        found.append(Finding("health.entries", said))
    if health.units > 1:
        found.append(Finding("health.effective", {"effective": health.effective, "n": health.units}))
    sparse = health.zeros > SPARSE
    if not idle and not sparse and health.units > 2 and health.effective < FULL * used:
        found.append(Finding("health.repeats"))
    return tuple(found)


def diagnosed(found: Diagnosis) -> tuple[Finding, ...]:
    """What a diagnosis adds: what was found that is said nowhere else, with its remedy, and how codes lie and move."""
    told: list[Finding] = []
    for check in found.checks:
        if check.name not in SAID and (check.found or check.name in TOLD and check.severity in ("fine", "measured")):
            told += [check.said] if check.remedy is None else [check.said, check.remedy]
    return tuple(told)


def _counted(used: int, units: int) -> Finding:
    if units == 1:
        return Finding("health.single" if used else "health.single-dead")
    return Finding("health.all", {"n": units}) if used == units else Finding("health.some", {"used": used, "n": units})


def _remedy(g: Gathered) -> str:
    """What to do about numbers that tell nothing."""
    part = g.trained.model.composition.bottleneck
    if part.name == "gaussian":
        return "health.collapsed"
    if part.name.startswith("sparse-") or part.name == "top-k":
        return "health.sparse"
    return "health.relu" if part.get_params().get("activation") == "relu" else "health.dead"


def _told(nats: float) -> dict[str, Finding]:
    return {"kl": Finding("noun.nats", {"n": nats}), "bits": Finding("noun.bits", {"n": nats / math.log(2)})}
