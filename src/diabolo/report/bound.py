"""The ELBO in words: what its nats are nats of."""

from __future__ import annotations

import math

from diabolo.jobs.findings import Finding
from diabolo.report.gathered import Gathered


def judge_bound(g: Gathered) -> tuple[Finding, ...]:
    """What −ELBO means for this likelihood, and how it divides; nothing where the model is no density."""
    elbo, likelihood = g.evaluation.elbo, g.trained.model.composition.likelihood
    if elbo is None:
        return ()
    total = elbo["negative_elbo"]
    said = {
        "nats": Finding("noun.nats", {"n": total}),
        "bits": Finding("noun.bits", {"n": total / math.log(2)}),
        "per": Finding("noun.bits", {"n": total / math.log(2) / g.cells}),
        "one": Finding(f"noun.one.{g.noun}"),
    }
    if not likelihood.density:
        meaning = Finding("bound.loss")
    elif likelihood.name == "bernoulli":
        drawn = likelihood.get_params()["binarize"] == "dynamic"
        meaning = Finding("bound.bits" if drawn else "bound.gray", said)
    elif g.trained.model.target.step is not None:
        meaning = Finding("bound.whole", said)
    else:
        meaning = Finding("bound.density", said)
    share = {"reconstruction": elbo["reconstruction"], "kl": elbo["kl"]}
    return (meaning, Finding("bound.parts", share))
