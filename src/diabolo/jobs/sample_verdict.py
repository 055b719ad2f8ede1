"""What the table of :func:`diabolo.jobs.judge_samples.judge_samples` says, in findings."""

from __future__ import annotations

from diabolo.densities import DENSITIES, DISCRETE
from diabolo.jobs.findings import Finding
from diabolo.jobs.judge_samples import BESIDE, SampleJudgment, Samples

ORIGINS = ("prior", *(density.name for density in DENSITIES), *(density.name for density in DISCRETE), BESIDE)
"""What has words of its own."""
WORSE = 2.0
"""So many times the Fréchet distance is a difference worth a word."""
HOLES, COPIES = 0.05, 0.05
"""Shares from which holes and copies are named; both are 0.01 where there are none."""
SEEN = 0.5
"""The share of real rows that were in training from which they are no judges of copies."""
NEAR = 1.5
"""Up to so many times the reconstructions' distance, drawn codes are as good as codes of real rows."""


def sample_verdict(judged: SampleJudgment) -> tuple[Finding, ...]:
    """Whether new rows are good, where the holes are, which density mends it, whether it copies; what counts most first.

    Every sentence is of these features and so many rows.
    """
    best, worst = judged.own[0], judged.own[-1]
    said = [_mended(best, worst) if worst.frechet > WORSE * best.frechet else _alike(judged, best)]
    one = next((line for line in judged.own if line.origin == ("prior" if judged.prior else "gaussian")), worst)
    said += in_holes(one, prior=judged.prior)
    said.append(_limit(judged, best))
    said += [_copied(line) for line in judged.own if line.copies is not None and line.copies > COPIES]
    if judged.seen is not None and judged.seen > SEEN:
        said.append(Finding("samples.seen", {"share": judged.seen}))
    said += [Finding("samples.pca", {"frechet": line.frechet}) for line in judged.table if _beats(line, best)]
    return tuple(said)


def in_holes(line: Samples, *, prior: bool) -> tuple[Finding, ...]:
    """How many of the drawn codes lie in holes, where those are many. prior: whether the recipe trains towards one."""
    if line.holes is None or line.holes <= HOLES:
        return ()
    key = "samples.holes.prior" if prior else "samples.holes"
    return (Finding(key, {"origin": origin_words(line.origin), "share": line.holes}),)


def origin_words(name: str) -> Finding | str:
    """What codes are drawn from: words where it has some, its name where not."""
    return Finding(f"samples.origin.{name}") if name in ORIGINS else name


def _mended(best: Samples, worst: Samples) -> Finding:
    times = worst.frechet / max(best.frechet, 1e-12)
    values = {"frechet": best.frechet, "other_frechet": worst.frechet, "times": times}
    return Finding("samples.mended", {"best": origin_words(best.origin), "worst": origin_words(worst.origin), **values})


def _alike(judged: SampleJudgment, best: Samples) -> Finding:
    if len(judged.own) == 1:
        return Finding("samples.one", {"best": origin_words(best.origin), "frechet": best.frechet})
    return Finding("samples.alike", {"best": origin_words(best.origin), "frechet": best.frechet})


def _limit(judged: SampleJudgment, best: Samples) -> Finding:
    """How the best new rows stand to the model's own reconstructions."""
    times = best.frechet / max(judged.restored, 1e-12)
    if best.frechet <= NEAR * judged.restored:
        values = {"restored": judged.restored, "frechet": best.frechet, "times": times, "limit": NEAR}
        return Finding("samples.as-restored", values)
    if best.frechet <= NEAR * judged.floor:
        return Finding("samples.as-halves", {"floor": judged.floor, "n": judged.rows})
    return Finding("samples.worse-than-restored", {"restored": judged.restored, "times": times})


def _copied(line: Samples) -> Finding:
    return Finding("samples.copies", {"origin": origin_words(line.origin), "share": line.copies})


def _beats(line: Samples, best: Samples) -> bool:
    return line.origin == BESIDE and line.frechet < best.frechet
