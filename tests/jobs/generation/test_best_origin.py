"""One rule for what to draw from: the diagnosis of codes and the judgment of new rows follow it."""

from __future__ import annotations

import pytest

from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.best_origin import best_origin
from diabolo.jobs.generation.holes import HOLES
from diabolo.jobs.generation.judge_samples import SampleJudgment, Samples, judge_samples
from diabolo.jobs.generation.sample import usual_origin
from diabolo.jobs.generation.sample_verdict import best_line, sample_verdict
from diabolo.jobs.generation.spread import spread_of
from tests.helpers import quick
from tests.jobs.generation.test_judge_samples import two_clouds

MANY = HOLES + 0.01


@pytest.mark.parametrize(
    ("holes", "usual", "best"),
    [
        ({"gaussian": 0.02, "mixture": HOLES, "kernel": 0.0}, "mixture", "mixture"),  # nothing to change
        ({"prior": MANY, "gaussian": HOLES, "mixture": 0.01, "kernel": 0.0}, "prior", "gaussian"),  # the simplest without
        ({"kernel": 0.0, "mixture": MANY, "gaussian": 0.4}, "mixture", "kernel"),
        ({"gaussian": 0.4, "mixture": 0.3, "kernel": 0.2}, "mixture", "kernel"),  # all have holes: the fewest
        ({"prior": 0.2, "gaussian": 0.3, "mixture": 0.2}, "prior", "prior"),  # of equals the simplest
        ({"kernel": 0.05, "gaussian": 0.4}, "mixture", "kernel"),  # the usual one was not asked about
        ({"learned": 0.3, "independent": 0.4}, "autoregressive", "learned"),
    ],
)
def test_the_rule(holes: dict[str, float], usual: str, best: str) -> None:
    assert best_origin(holes, usual) == best


def test_the_diagnosis_and_the_judgment_name_the_same() -> None:
    trained = quick(two_clouds(), latent_dim=2, epochs=15)
    source = trained.kind.read(two_clouds(seed=1))
    spread, judged = spread_of(trained, source), judge_samples(trained, source)
    assert spread is not None
    assert (
        spread.mends == best_line(judged).origin == best_origin({o.name: o.far for o in spread.origins}, usual_origin(trained))
    )
    assert judged.own[0].holes is not None


def test_holes_decide_and_a_nearer_distance_is_told() -> None:
    def said(*lines: Samples, usual: str = "mixture") -> tuple[SampleJudgment, list[Finding]]:
        about = Finding("samples.features.cells", {"n": 1})
        judged = SampleJudgment(lines, "cells", 100, 1.0, 2.0, 1, about, False, usual)
        return judged, list(sample_verdict(judged))

    kernel, mixture = Samples("kernel", 1.0, 0.8, 0.8, holes=0.01), Samples("mixture", 2.0, 0.8, 0.8, holes=0.05)
    gaussian = Samples("gaussian", 0.9, 0.8, 0.8, holes=0.4)
    judged, found = said(kernel, mixture)
    assert best_line(judged) is mixture
    assert [f.key for f in found[:2]] == ["samples.one", "samples.nearer"]
    assert dict(found[1].values) | {"best": 0} == {"best": 0, "frechet": 1.0, "times": 2.0, "share": 0.01}
    judged, found = said(gaussian, kernel, mixture, usual="gaussian")
    assert best_line(judged) is mixture
    assert [f.key for f in found[:2]] == ["samples.mend.holes", "samples.nearer"]
    assert found[0].values["density"] == "mixture"
    assert (found[0].values["share"], found[0].values["best_share"]) == (0.4, 0.05)
