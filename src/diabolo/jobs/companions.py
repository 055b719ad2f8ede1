"""What every training leaves beside its model: training codes and their density, the linear twin (PCA), a calibration."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from diabolo.baselines.base import Baseline
from diabolo.baselines.pca import EXACT, ROWS_AT_ONCE, Pca, fit_pca, fit_pca_in_blocks
from diabolo.baselines.quantized_pca import QuantizedPca
from diabolo.data.examples import Examples
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies import calibration, rarity
from diabolo.jobs.anomalies.blame import column_figures as usual
from diabolo.jobs.anomalies.calibration import CODES as CODES
from diabolo.jobs.codes.discrete import code_bits
from diabolo.jobs.generation import code_prior
from diabolo.jobs.inference import codes
from diabolo.jobs.mending.judge_mending import SIMPLER, fit_simpler
from diabolo.trained import Companion, Trained

TWIN = "pca"
JUDGMENT, JUDGMENTS = "screen", "scores-"
"""What an AnomalyDetector leaves beside a model; names, or their beginnings, of :mod:`diabolo.jobs.anomalies.detector.screen`
and :mod:`diabolo.jobs.anomalies.detector.scores`, which train models and so cannot be known here."""
CODE_ROWS = 5_000
TWIN_CELLS = 50_000_000


def add_companions(
    trained: Trained,
    examples: Examples,
    rows: Tensor,
    validation: Tensor,
    labels: np.ndarray | None,
    seed: int,
    groups: np.ndarray | None = None,
    prior_seconds: float | None = None,
) -> Trained:
    """``trained`` with companions: two fitted on its training rows and no others, and how its validation rows fit.

    codes: of up to 5 000 rows, with their row numbers and labels; the density of those before goes, see
    :func:`diabolo.jobs.anomalies.rarity.with_rarity`. code-prior: of discrete codes, see
    :func:`diabolo.jobs.generation.code_prior.fit_code_prior`. pca: mean and principal axes of the rows as the model sees them,
    from as many rows as hold 50 million numbers; not for models trained on pairs. A model that went on with fewer rows keeps
    the PCA it had. calibration: see
    :func:`diabolo.jobs.anomalies.calibration.calibrate`; of training rows where there are no others. usual:
    of tables, see :func:`diabolo.jobs.anomalies.blame.column_figures.usual_of`; of the same rows. What is simpler at mending
    pictures: see :func:`diabolo.jobs.mending.judge_mending.fit_simpler`. groups: (n,) of all rows of the examples, alike for
    squares of one photograph. prior_seconds: for the prior over discrete codes, where time is limited.
    """
    trained = trained.without_companion(rarity.NAME)
    trained = trained.with_companion(CODES, _codes(trained, examples, _some(rows, CODE_ROWS, seed), labels))
    held_out = len(validation) > 0
    judged = validation if held_out else rows
    pictures = _whole(trained, groups, rows, judged)
    calibrated = calibration.calibrate(trained, examples, judged, held_out=held_out, pictures=pictures)
    if calibrated is not None and not _more(trained.companions.get(calibration.NAME), calibrated, "misfit"):
        trained = trained.with_companion(calibration.NAME, calibrated)
    expected = usual.usual_of(trained, examples, judged, held_out=held_out)
    trained = trained if expected is None else trained.with_companion(usual.NAME, expected)
    prior = code_prior.fit_code_prior(trained, examples, rows, validation, seed, prior_seconds)
    trained = trained if prior is None else trained.with_companion(code_prior.NAME, prior)
    if len(rows) >= max((int(c.data["rows"]) for n, c in trained.companions.items() if n in SIMPLER), default=0):
        for name, companion in fit_simpler(trained, examples, rows, seed).items():
            trained = trained.with_companion(name, companion)
    if examples.target is not None:
        return trained
    chosen = _some(rows, TWIN_CELLS // trained.kind.layout.cells, seed)
    known = trained.companions.get(TWIN)
    if known is not None and known.data["rows"] > len(chosen):
        return trained
    k = max(int(np.prod(trained.model.code_shape)), int(code_bits(trained) or 0))  # PCA spends a bit a number at least
    parts = (trained.kind.inside(examples.source, part).flatten(1).numpy() for part in chosen.split(ROWS_AT_ONCE))
    enough = trained.kind.layout.cells <= min(len(chosen), EXACT)
    pca = fit_pca_in_blocks(parts, k) if enough else fit_pca(np.concatenate(list(parts)), k)
    return trained.with_companion(TWIN, _twin(pca, len(chosen)))


def without_judgment(trained: Trained) -> Trained:
    """A model without what an AnomalyDetector judged rows by: thresholds and scales of weights that are about to change."""
    for name in trained.companions:
        if name == JUDGMENT or name.startswith(JUDGMENTS):
            trained = trained.without_companion(name)
    return trained


def _whole(trained: Trained, groups: np.ndarray | None, rows: Tensor, judged: Tensor) -> np.ndarray | None:
    """Which photograph each judged row is a square of; None where rows are no squares, or others of them were learned from."""
    if groups is None or not trained.kind.patches:
        return None
    found, learned = groups[judged.numpy()], groups[rows.numpy()]
    return None if judged is not rows and np.isin(found, learned).any() else found


def _more(known: Companion | None, found: Companion, name: str) -> bool:
    """Whether what the model carries already rests on more rows: it went on with few."""
    return known is not None and len(known.arrays[name]) > len(found.arrays[name])


def linear_twin(trained: Trained) -> Pca | None:
    """The PCA that travels with the model, of as many numbers as its code, None where it was trained on pairs."""
    whole = _whole_twin(trained)
    k = int(np.prod(trained.model.code_shape))
    return None if whole is None else Pca(whole.mean, whole.components[:k], whole.explained[:k], whole.total)


def linear_rival(trained: Trained) -> Baseline | None:
    """What restores as well as a linear method can with a code of the same size: :func:`linear_twin`, its numbers rounded to as
    many bits where codes are discrete (a started bit counts as whole)."""
    bits, whole = code_bits(trained), _whole_twin(trained)
    return linear_twin(trained) if bits is None or whole is None else QuantizedPca.of(whole, math.ceil(bits))


def _whole_twin(trained: Trained) -> Pca | None:
    companion = trained.companions.get(TWIN)
    return None if companion is None else Pca(**companion.arrays, total=companion.data["total"])


def _codes(trained: Trained, examples: Examples, rows: Tensor, labels: np.ndarray | None) -> Companion:
    subset = Subset(examples.source, rows)
    condition = None if examples.condition is None else examples.condition[rows]
    z = codes(trained, subset, condition).flatten(1).numpy()
    named = {} if labels is None else {"labels": [_plain(v) for v in labels[rows.numpy()]]}
    return Companion({"rows": len(rows)} | named, {"z": z, "row": rows.numpy()})


def _twin(pca: Pca, rows: int) -> Companion:
    arrays = {"mean": pca.mean, "components": pca.components, "explained": pca.explained}
    return Companion({"rows": rows, "total": float(pca.total)}, {k: np.asarray(v, dtype=np.float32) for k, v in arrays.items()})


def _some(rows: Tensor, most: int, seed: int) -> Tensor:
    """At most ``most`` of the rows, drawn without replacement, in order."""
    if len(rows) <= most:
        return rows
    generator = torch.Generator().manual_seed(seed)
    return rows[torch.randperm(len(rows), generator=generator)[: max(2, most)]].sort().values


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
