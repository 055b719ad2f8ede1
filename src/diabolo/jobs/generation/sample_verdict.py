"""What the table of :func:`diabolo.jobs.generation.judge_samples.judge_samples` says, in findings."""

from __future__ import annotations

from diabolo.densities import DENSITIES, DISCRETE
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.best_origin import best_origin
from diabolo.jobs.generation.holes import HOLES
from diabolo.jobs.generation.judge_samples import BESIDE, SampleJudgment, Samples

LEARNED = tuple(density.name for density in DISCRETE)
ORIGINS = ("prior", *(density.name for density in DENSITIES), *LEARNED, BESIDE)
"""What has words of its own."""
EVEN = 1.25
"""Fréchet distances that differ by no more count as equal: from draw to draw one origin's differ by 1.15 (500 digits)."""
UNLIKE, NARROW = 0.5, 0.25
"""Precision and recall below which rows are called unlike real ones, or too few kinds."""
COPIES, CHANCE = 0.05, 3
"""The share from which copies are named, 0.01 where there are none; and how many rows may be that near by chance."""
SEEN = 0.5
"""The share of real rows that were in training from which they are no judges of copies."""
NEAR = 1.5
"""Up to so many times the reconstructions' distance, drawn codes are as good as codes of real rows."""


def sample_verdict(judged: SampleJudgment) -> tuple[Finding, ...]:
    """What to draw codes from, where the holes are, how good new rows are, beside PCA too, and whether they are copies.

    Every sentence is of these features and so many rows.
    """
    best = best_line(judged)
    usual = next((line for line in judged.own if line.origin == judged.usual), best)
    return (
        _origin(judged, usual, best),
        *_nearer(judged.own[0], best),
        *in_holes(hollow_line(judged), prior=judged.prior),
        _limit(judged, best),
        *_kinds(best),
        *(_beside(line, best) for line in judged.table if line.origin == BESIDE),
        *_copies(judged, usual),
    )


def best_line(judged: SampleJudgment) -> Samples:
    """The line of what to draw from, by :func:`diabolo.jobs.generation.best_origin.best_origin`.

    Where nobody knows where holes are, the one with the least Fréchet distance.
    """
    holes = {line.origin: line.holes for line in judged.own if line.holes is not None}
    if len(holes) < len(judged.own):
        return judged.own[0]
    best = best_origin(holes, judged.usual)
    return next(line for line in judged.own if line.origin == best)


def hollow_line(judged: SampleJudgment) -> Samples:
    """The line whose holes are told: the prior's, else that of one Gaussian; of discrete codes what usually draws them."""
    shown = "prior" if judged.prior else judged.usual if judged.usual in LEARNED else "gaussian"
    return next((line for line in judged.own if line.origin == shown), judged.own[-1])


def in_holes(line: Samples, *, prior: bool) -> tuple[Finding, ...]:
    """How many of the drawn codes lie in holes, where those are many. prior: whether the recipe trains towards one."""
    if line.holes is None or line.holes <= HOLES:
        return ()
    key = "samples.holes.learned" if line.origin in LEARNED else "samples.holes.prior" if prior else "samples.holes"
    return (Finding(key, {"origin": origin_words(line.origin), "share": line.holes}),)


def origin_words(name: str) -> Finding | str:
    """What codes are drawn from: words where it has some, its name where not."""
    return Finding(f"samples.origin.{name}") if name in ORIGINS else name


def _origin(judged: SampleJudgment, usual: Samples, best: Samples) -> Finding:
    """Whether it matters what codes are drawn from, and whether what is usual is good enough."""
    nearest, worst = judged.own[0], judged.own[-1]
    said = {"best": origin_words(best.origin), "frechet": best.frechet}
    if len(judged.own) == 1:
        return Finding("samples.one", said)
    if usual is not best and usual.holes is not None and best.holes is not None:
        shares = {"share": usual.holes, "best_share": best.holes, "density": best.origin}
        other = {"worst": origin_words(usual.origin), "other_frechet": usual.frechet}
        return Finding("samples.mend.holes", said | other | shares)
    if usual.frechet > EVEN * best.frechet:
        return Finding("samples.mend", said | _worse(usual, best) | {"density": best.origin})
    if worst.frechet > EVEN * best.frechet:
        return Finding("samples.mended", said | _worse(worst, best))
    return Finding("samples.one" if best.frechet > EVEN * nearest.frechet else "samples.alike", said)


def _nearer(nearest: Samples, best: Samples) -> tuple[Finding, ...]:
    """That another origin than the best by holes comes nearer by distance, where it does."""
    if best.frechet <= EVEN * nearest.frechet or nearest.holes is None:
        return ()
    times = best.frechet / max(nearest.frechet, 1e-12)
    said = {"best": origin_words(nearest.origin), "frechet": nearest.frechet, "times": times, "share": nearest.holes}
    return (Finding("samples.nearer", said),)


def _worse(line: Samples, best: Samples) -> dict[str, Finding | str | float]:
    times = line.frechet / max(best.frechet, 1e-12)
    return {"worst": origin_words(line.origin), "other_frechet": line.frechet, "times": times}


def _limit(judged: SampleJudgment, best: Samples) -> Finding:
    """How the best new rows stand to the model's own reconstructions."""
    times = best.frechet / max(judged.restored, 1e-12)
    if best.frechet <= NEAR * judged.restored:
        values = {"restored": judged.restored, "frechet": best.frechet, "times": times, "limit": NEAR}
        return Finding("samples.as-restored", values)
    if best.frechet <= NEAR * judged.floor:
        return Finding("samples.as-halves", {"floor": judged.floor, "n": judged.rows})
    return Finding("samples.worse-than-restored", {"restored": judged.restored, "times": times})


def _kinds(best: Samples) -> tuple[Finding, ...]:
    """Whether even the best new rows look like none, or kinds of real ones are missing."""
    said = []
    if best.precision < UNLIKE:
        said.append(Finding("samples.unlike", {"precision_share": best.precision}))
    if best.recall < NARROW:
        said.append(Finding("samples.narrow", {"recall_share": best.recall}))
    return tuple(said)


def _beside(linear: Samples, best: Samples) -> Finding:
    """How the best new rows stand to those of PCA."""
    times = linear.frechet / max(best.frechet, 1e-12)
    if times > EVEN:
        return Finding("samples.better", {"frechet": linear.frechet, "times": times})
    if times * EVEN >= 1:
        return Finding("samples.even", {"frechet": linear.frechet})
    return Finding("samples.worse", {"frechet": linear.frechet, "times": best.frechet / max(linear.frechet, 1e-12)})


def _copies(judged: SampleJudgment, usual: Samples) -> tuple[Finding, ...]:
    """Which origins copy training rows; that the usual one does not, where none does."""
    if judged.seen is not None and judged.seen > SEEN:
        return (Finding("samples.seen", {"share": judged.seen}),)
    least = max(COPIES, CHANCE / judged.rows)
    many = [line for line in judged.own if line.copies is not None and line.copies > least]
    if not many and usual.copies is not None:
        return (Finding("samples.no-copies", {"share": usual.copies}),)
    return tuple(Finding("samples.copies", {"origin": origin_words(line.origin), "share": line.copies}) for line in many)
