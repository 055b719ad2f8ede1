"""Odd photographs: photographs of any size judged by a model of squares, each as a whole, with one heat map of its own size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.patches import covering, cut
from diabolo.data.subset import Subset
from diabolo.errors import DataError, SourceError
from diabolo.jobs.anomalies.calibration import Calibration, p_values
from diabolo.jobs.anomalies.familiar import ROWS, unfamiliar
from diabolo.jobs.anomalies.judge import QUANTILE, Detection, Judge, as_truth, aucs, check_quantile, flat, threshold_of
from diabolo.jobs.anomalies.traits import Traits
from diabolo.jobs.mending.given_photographs import Photographs
from diabolo.trained import Trained

AT_ONCE = 1024
"""Squares that are looked at together: what bounds the memory of any photograph."""
LOOKED_AT = 4
"""Photographs of which squares are asked whether the model was trained on anything like them."""

Watch = Callable[[str, np.ndarray, np.ndarray], None]

EVEN = 0.5
"""With few photographs held out a score above all of theirs may still be usual: above this p-value nothing stands out."""


@final
@dataclass(frozen=True, eq=False)
class Odd:
    """One photograph. score, beside: of the strangest of its ``squares`` side by side. heat: (H, W) float32."""

    score: float
    beside: dict[str, float]
    squares: int
    heat: np.ndarray


def detect_photographs(
    trained: Trained,
    photographs: Photographs,
    y: Any = None,
    *,
    anomalous: Any = None,
    quantile: float = QUANTILE,
    reference: Any = None,
    skip_broken: bool = False,
    watch: Watch | None = None,
) -> Detection:
    """Judge which photographs are unlike those that the model's squares were cut from.

    A photograph is covered by squares of the training size; its score is that of the strangest one, and so are the scores of
    simpler methods. The threshold comes from the largest scores of whole photographs held out in training. One with k
    times as many squares as they have had more chances to look strange: its p-value is k times theirs (a union bound), and
    it stands out above the threshold for its own k, with a p-value of at most one half; ``threshold`` is that of the largest k,
    the highest. A model that kept no whole photographs is judged by single squares in the
    same manner, which is cautious and seldom finds anything. The heat map is the mean over squares that overlap by half.

    Args:
        y: labels of all photographs, for conditional recipes; those of their folders where there are any.
        anomalous, quantile, reference: as of :func:`diabolo.jobs.anomalies.detect.detect`. reference is read as squares.
        skip_broken: leave out photographs that cannot be read, or are smaller than a square, with a note.
        watch: called with the name, the pixels and the heat of each photograph, which is then not kept: many large ones do
            not fit into memory.

    Raises as ``detect`` does, and SourceError for a photograph that cannot be read, or is smaller than a square.
    """
    quantile, judge = check_quantile(quantile), Judge.of(trained, reference)
    truth = None if anomalous is None else as_truth(anomalous, len(photographs))
    condition = trained.condition(photographs.labels if y is None else y, len(photographs))
    kept, found, heats = [], [], []
    for i, name in enumerate(photographs.names):
        try:
            pixels = photographs.pixels(i)
        except SourceError:
            if not skip_broken:
                raise
            continue
        odd = _judged(judge, pixels, None if condition is None else condition[i])
        if watch is not None:
            watch(name, pixels, odd.heat)
        kept.append(i)
        found.append(odd)
        heats.append(np.empty((0, 0), np.float32) if watch else odd.heat)
    if not kept:
        raise DataError(f"None of the {len(photographs)} photographs can be read, or all are smaller than the model's squares.")
    left = len(photographs) - len(kept)
    broken = (f"photographs that are broken or too small were left out, {left} in all",) if left else ()
    known = None if truth is None else as_truth(truth[kept], len(kept))
    names = tuple(photographs.names[i] for i in kept)
    return _detection(judge, found, _together(heats), names, known, quantile, broken)


def _detection(
    judge: Judge,
    found: list[Odd],
    heat: np.ndarray,
    names: tuple[str, ...],
    truth: np.ndarray | None,
    quantile: float,
    notes: tuple[str, ...],
) -> Detection:
    scores, squares = (np.array([getattr(odd, name) for odd in found]) for name in ("score", "squares"))
    beside = {name: np.array([odd.beside[name] for odd in found]) for name in found[0].beside}
    usual, each = maxima(judge.usual_scores, judge.known.pictures)
    times = np.maximum(1.0, squares / each)
    p = np.minimum(1.0, times * p_values(scores, usual))
    threshold, alarms = threshold_of(usual, 1 - (1 - quantile) / float(times.max()))

    def limit_of(times: float) -> float:
        return threshold_of(usual, 1 - (1 - quantile) / times)[0]

    return Detection(
        scores=scores,
        p_values=p,
        is_outlier=np.array([s > limit_of(t) for s, t in zip(scores, times, strict=True)]) & (p <= EVEN),
        threshold=threshold,
        quantile=quantile,
        false_alarms=min(1.0, float(times.max()) * alarms),
        heat=heat,
        usual=judge.known.usual,
        rows=len(usual),
        held_out=judge.known.held_out,
        beside=beside,
        auc=aucs(truth, scores, beside),
        names=names,
        squares=squares,
        notes=(_note(judge.trained, judge.known, len(usual), each, float(times.max())), *notes),
    )


def maxima(scores: np.ndarray, pictures: np.ndarray | None) -> tuple[np.ndarray, float]:
    """The largest of the scores (m,) in each held-out photograph (g,), and how many scores each has on the average.

    pictures: (m,) which photograph; None: each score stands for itself.

    >>> maxima(np.array([1.0, 5.0, 2.0]), np.array([7, 7, 9]))
    (array([5., 2.]), 1.5)
    """
    if pictures is None:
        return scores, 1.0
    known, which = np.unique(pictures, return_inverse=True)
    largest = np.full(len(known), -np.inf)
    np.maximum.at(largest, which, scores)
    return largest, len(scores) / len(known)


def _judged(judge: Judge, pixels: np.ndarray, condition: Tensor | None) -> Odd:
    """Square by square, a few at a time; the heat is the mean where squares overlap."""
    trained, side = judge.trained, judge.trained.kind.layout.positions[0]
    places, apart = covering((pixels.shape[0], pixels.shape[1]), side)
    heat, count = np.zeros(pixels.shape[:2]), np.zeros(pixels.shape[:2])
    scores, besides = [], []
    for some, single in zip(*(np.split(a, range(AT_ONCE, len(a), AT_ONCE)) for a in (places, apart)), strict=True):
        source = trained.kind.read(cut(pixels, some, side))
        traits = Traits.of(trained, source, None if condition is None else condition.expand(len(some), -1))
        for (row, column), warm in zip(some, judge.known.heat(traits.misfits), strict=True):
            heat[row : row + side, column : column + side] += warm
            count[row : row + side, column : column + side] += 1
        if single.any():
            scores.append(judge.scores(traits)[single])
            x = flat(trained, Subset(source, torch.from_numpy(np.flatnonzero(single))))
            besides.append(judge.beside(traits.codes[single], x))
    beside = {name: float(max(b[name].max() for b in besides)) for name in besides[0]}
    return Odd(float(np.concatenate(scores).max()), beside, int(apart.sum()), (heat / count).astype(np.float32))


def unfamiliar_photographs(trained: Trained, photographs: Photographs) -> str | None:
    """A warning where photographs come from another domain than the training's: :func:`unfamiliar` of squares of a few of them.

    Those that are broken or too small are not asked; nothing is said for conditional recipes.
    """
    if trained.config.labels:
        return None
    squares, side = [], photographs.kind.height
    for i in range(0, len(photographs), -(-len(photographs) // LOOKED_AT)):
        try:
            pixels = photographs.pixels(i)
        except SourceError:
            continue  # told, or left out, when its turn comes
        places, apart = covering((pixels.shape[0], pixels.shape[1]), side)
        places = places[apart]
        squares.append(cut(pixels, places[:: -(-len(places) // (ROWS // LOOKED_AT))], side))
    return unfamiliar(trained, trained.kind.read(np.concatenate(squares))) if squares else None


def _together(heats: list[np.ndarray]) -> np.ndarray:
    """(n, H, W) where all have one size, else an array (n,) of arrays."""
    if len({heat.shape for heat in heats}) == 1:
        return np.stack(heats)
    found = np.empty(len(heats), dtype=object)
    for i, heat in enumerate(heats):
        found[i] = heat
    return found


def _note(trained: Trained, known: Calibration, usual: int, each: float, times: float) -> str:
    side = "×".join(map(str, trained.kind.layout.positions))
    score = f"the score of a photograph is that of the strangest of its squares of {side}"
    if known.pictures is None:
        return (
            f"{score}; no whole photographs were kept with this model, so it is judged by {usual} single squares: its p-value "
            "is that of its strangest square times the number of its squares. Train with several photographs for sharper ones"
        )
    whole = "held out" if known.held_out else "of the training"
    more = "" if times <= 1 else f"; these photographs have up to {times:.2g} times as many, and p-values are larger for it"
    many = f"{usual} whole photograph{'s' * (usual != 1)} {whole}, {each:.3g} squares each"
    return f"{score}; the threshold comes from {many}{more}"
