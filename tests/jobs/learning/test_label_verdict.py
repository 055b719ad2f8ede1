"""What a label curve says: differences that can be told, labels that are saved, and what is simpler."""

from __future__ import annotations

import pytest

from diabolo.jobs.learning.label_curve import Accuracy, LabelCurve
from diabolo.jobs.learning.label_verdict import alike, label_verdict
from diabolo.report.language import LANGUAGES, language


def curve(**means: list[float]) -> LabelCurve:
    """Mean accuracies by method, with 10, 100 and 1000 labels; both draws alike."""
    names = {"tuned": "fine-tuned"}
    points = [
        Accuracy(names.get(m, m), n, (v, v)) for m, line in means.items() for n, v in zip((10, 100, 1000), line, strict=False)
    ]
    return LabelCurve(tuple(points), ("a", "b"), 2000, 500, apart=False, seeds=2, majority=0.5)


def keys(found: LabelCurve) -> list[str]:
    return [f.key.removeprefix("labels.") for f in label_verdict(found)]


def test_what_it_says() -> None:
    found = curve(tuned=[0.8, 0.9, 0.95], scratch=[0.6, 0.79, 0.95], frozen=[0.7, 0.8, 0.85], raw=[0.65, 0.8, 0.85])
    gain, even, saved, behind = label_verdict(found)
    assert [f.key for f in (gain, even, saved, behind)] == [f"labels.{k}" for k in ("gain", "even", "saved", "simpler.behind")]
    assert gain.values["points"] == pytest.approx(20)
    assert (gain.values["n"], even.values["n"]) == (10, 1000)
    assert saved.values == {"n": 10, "more": 100}  # 0.8 with ten, 0.79 with a hundred
    for code in LANGUAGES:
        assert all("{" not in language(code).say(f) for f in label_verdict(found))


def test_a_loss_and_simpler_ways() -> None:
    assert keys(curve(tuned=[0.5], scratch=[0.6], frozen=[0.7])) == ["loss", "simpler.everywhere"]
    some = curve(tuned=[0.5, 0.9], scratch=[0.5, 0.85], frozen=[0.4, 0.8], raw=[0.6, 0.8])
    assert keys(some) == ["even", "gain", "simpler.somewhere"]
    last = label_verdict(some)[-1].values
    assert (last["n"], last["other_share"], last["name"].key) == (10, 0.6, "labels.method.raw")


def test_means_that_chance_keeps_apart_are_alike() -> None:
    far = Accuracy("a", 10, (0.5, 0.9)), Accuracy("b", 10, (0.6, 1.0))  # 0.1 apart, its standard error 0.28
    assert alike(*far)
    assert not alike(Accuracy("a", 10, (0.5,) * 5), Accuracy("b", 10, (0.52,) * 5))
    assert alike(Accuracy("a", 10, (0.5,)), Accuracy("b", 10, (0.505,)))
