"""Familiar: was the model trained on anything like this? Asked for whole data, before any job makes something of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from scipy.stats import binom

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.calibration import Calibration, calibration, p_values, standard, strangeness
from diabolo.jobs.anomalies.traits import Traits
from diabolo.trained import Trained

ROWS = 256
LEAST_HELD_OUT = 40
STRANGE, SHARE, CHANCE = 0.05, 0.3, 1e-4
"""A row is strange where at most 5 % of the held-out ones are as strange. A warning is due from 30 % of such rows on, as long
as chance brings as many less than once in 10 000 times. On MNIST a single digit reached 21 %, printed letters 32 %."""


def unfamiliar(trained: Trained, source: Source, y: Any = None) -> str | None:
    """A warning where pictures come from another domain than the training pictures, None where they do not.

    Up to 256 rows, evenly spread, are judged: how badly the model restores them for the contrast they have, and how far
    their codes are from training codes. A row is strange where at most 5 % of the held-out training pictures are as strange.
    A warning is due where 30 % of the rows are, and more than chance makes strange once in 10 000 times; up to three rows,
    which can be that by chance, must be stranger than all held-out ones by far. Models that learned from damaged pictures
    know two kinds, undamaged and damaged ones, and a row may be like either; a damaged one must be damaged alike.

    Silent for tables, and for models without at least 40 validation rows.
    y: labels, for conditional recipes; without them nothing can be said, and nothing is.
    """
    known = calibration(trained)
    if trained.kind.name != "image" or known is None or not known.held_out or len(known.misfit) < LEAST_HELD_OUT:
        return None
    if len(source) == 0 or (trained.config.labels and y is None):
        return None
    rows = torch.arange(len(source))[:: -(-len(source) // ROWS)]
    condition = trained.condition(y, len(source))
    traits = Traits.of(trained, Subset(source, rows), None if condition is None else condition[rows])
    chances, far = _judged(known, strangeness(trained, traits), traits.grain)
    strange = int((chances <= STRANGE).sum())
    if strange < SHARE * len(rows) or (binom.sf(strange - 1, len(rows), STRANGE) > CHANCE and not far.all()):
        return None
    what = "This picture looks" if len(source) == 1 else "These pictures look"
    share = "it is" if len(rows) == 1 else f"{strange} of {len(rows)} looked at are"
    return (
        f"{what} unlike what the model was trained on ({trained.config.data.get('name', 'its data')}): {share} stranger than "
        f"{1 - STRANGE:.0%} of the pictures held out then. What it makes of them may mean little. Use a model trained on such "
        "pictures, or train one."
    )


def _judged(known: Calibration, strange: np.ndarray, grain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p-values (n,) and whether rows are stranger by far than all held-out ones (n,), by the group that a row is most like."""
    chances, far = np.zeros(len(grain)), np.ones(len(grain), dtype=bool)
    for i, (seen, seen_grain) in enumerate(known.seen):
        total, seen_total = standard(strange, seen).sum(axis=1), standard(seen, seen).sum(axis=1)
        p = p_values(total, seen_total)
        if i:  # noise of another kind than the recipe's
            p = np.minimum(p, p_values(np.abs(standard(grain, seen_grain)), np.abs(standard(seen_grain, seen_grain))))
        chances = np.maximum(chances, p)
        far &= total > 2 * seen_total.max() - math.fsum(seen_total) / len(seen_total)
    return chances, far
