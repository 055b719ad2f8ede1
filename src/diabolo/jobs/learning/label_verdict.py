"""What a label curve says, in findings: whether the training without labels paid, and what is simpler."""

from __future__ import annotations

import math

from diabolo.jobs.findings import Finding
from diabolo.jobs.learning.label_curve import Accuracy, LabelCurve

SURE = 2.0
"""Standard errors by which two means must differ to count as different; and by no less than:"""
LEAST = 0.01


def label_verdict(found: LabelCurve) -> tuple[Finding, ...]:
    """Fine-tuned beside from scratch with the fewest and the most labels, what labels it saves, and logistic regression."""
    counts = found.counts
    said = [_beside_scratch(found, counts[0])]
    said += [_beside_scratch(found, counts[-1])] if len(counts) > 1 else []
    return (*said, *_saved(found), *_simpler(found))


def _beside_scratch(found: LabelCurve, labels: int) -> Finding:
    tuned, scratch = found.at("fine-tuned", labels), found.at("scratch", labels)
    if tuned is None or scratch is None:  # label_curve has both at every count
        raise ValueError(f"no accuracies with {labels} labels")
    key = "even" if alike(tuned, scratch) else "gain" if tuned.mean > scratch.mean else "loss"
    values = {"n": labels, "own_share": tuned.mean, "other_share": scratch.mean}
    return Finding(f"labels.{key}", values | {"points": 100 * abs(tuned.mean - scratch.mean)})


def _saved(found: LabelCurve) -> tuple[Finding, ...]:
    """The fewest labels with which the fine-tuned network is as good as one from scratch with more, and with how many."""
    for n in found.counts:
        tuned = found.at("fine-tuned", n)
        beaten = [s for m in found.counts if m > n and tuned and (s := found.at("scratch", m)) and s.mean <= tuned.mean]
        if beaten:
            return (Finding("labels.saved", {"n": n, "more": beaten[-1].labels}),)
    return ()


def _simpler(found: LabelCurve) -> tuple[Finding, ...]:
    """Where the better of the two logistic regressions is as good as the fine-tuned network, or better."""
    ahead = []
    for n in found.counts:
        tuned, simple = found.at("fine-tuned", n), _best_simple(found, n)
        if tuned is not None and simple is not None and (simple.mean >= tuned.mean or alike(tuned, simple)):
            ahead.append((n, tuned, simple))
    if not ahead:
        return (Finding("labels.simpler.behind"),)
    n, tuned, simple = ahead[0]
    values = {"n": n, "own_share": tuned.mean, "other_share": simple.mean, "name": Finding(f"labels.method.{simple.method}")}
    if len(ahead) == len(found.counts):
        return (Finding("labels.simpler.everywhere", values),)
    return (Finding("labels.simpler.somewhere", values),)


def _best_simple(found: LabelCurve, labels: int) -> Accuracy | None:
    known = [a for m in ("frozen", "raw") if (a := found.at(m, labels)) is not None]
    return max(known, key=lambda a: a.mean, default=None)


def alike(a: Accuracy, b: Accuracy) -> bool:
    """Whether two mean accuracies differ by less than a point, or than two standard errors of their difference."""
    error = math.sqrt(a.std**2 / len(a.values) + b.std**2 / len(b.values))
    return abs(a.mean - b.mean) < max(LEAST, SURE * error)
