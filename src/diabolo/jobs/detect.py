"""Detect: which rows are unlike the training rows, how sure that is, and where they are unlike them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from diabolo.baselines.pca import fit_pca
from diabolo.data.sources import Source
from diabolo.densities import find
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.calibration import CODES, Calibration, calibration, p_values, standard
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.inference import rows_of
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.traits import Traits, distance
from diabolo.metrics.errors import mse
from diabolo.spec import is_number
from diabolo.trained import Trained

QUANTILE = 0.99
CODE_NUMBERS = 64
"""Numbers in a code that a density is fitted to; wider ones go through PCA first."""
REFERENCE_ROWS = 10_000


@final
@dataclass(frozen=True, eq=False)
class Detection:
    """What :func:`detect` finds about n rows.

    scores: (n,), higher is stranger; half of the usual rows are below about 0.8. p_values: (n,), the share of held-out rows
    that are at least as strange. is_outlier: (n,), whether the score is above ``threshold``. false_alarms: the share of usual
    rows that will be above it. heat: (n, H, W), or (n, columns) for tables: the misfit of each place over what is usual for
    it. usual: the heat that 99 % of the places of held-out rows stay below. rows: how many rows the threshold comes from.
    held_out: whether the model was not fitted to those rows; where it was, the threshold is too low. beside: the scores of
    simpler methods: "pca", "code neighbors", "pixel neighbors". auc: of each and of "model", None without the truth.
    """

    scores: np.ndarray
    p_values: np.ndarray
    is_outlier: np.ndarray
    threshold: float
    quantile: float
    false_alarms: float
    heat: np.ndarray
    usual: float
    rows: int
    held_out: bool
    beside: Mapping[str, np.ndarray] = field(default_factory=dict)
    auc: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; without the heat, which is an array as large as the data."""
        names = ("threshold", "quantile", "false_alarms", "usual", "rows", "held_out")
        lists = {name: getattr(self, name).tolist() for name in ("scores", "p_values", "is_outlier")}
        beside = {name: values.tolist() for name, values in self.beside.items()}
        found = {name: getattr(self, name) for name in names}
        return found | lists | {"beside": beside, "auc": None if self.auc is None else dict(self.auc)}


def detect(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    anomalous: Any = None,
    quantile: float = QUANTILE,
    reference: Any = None,
) -> Detection:
    """Judge which rows are unlike those the model was trained on.

    ``score = log(exp(misfit) + exp(rarity))``: a row is strange where it is badly restored or where its code is a rare one.
    misfit is the log of the mean squared residual (of pictures: smoothed, see :class:`Traits`), rarity minus the
    log-density of its code under a mixture of Gaussians fitted to training codes; each in robust standard deviations from
    the median of held-out rows. ``heat = misfit of the place / (its mean on held-out rows + the mean of all places)``.

    Args:
        trained: the model; recipe ``"denoising"`` was best at this on pictures.
        data: rows in the caller's own shape, or a source of such rows. y: labels, for conditional recipes.
        anomalous: the truth where it is known, (n,): 1 or True where a row is an anomaly. Only the AUCs need it.
        quantile: the share of usual rows that should stay below the threshold, in (0, 1).
        reference: rows known to be normal, such as the training rows; with them neighbors among pixels are judged too, among
            10 000 of them at most.

    Raises:
        UnsupportedError where the model carries no calibration, ParameterError for a quantile outside (0, 1), DataError for
        a truth that is not one 0 or 1 a row.
    """
    if not is_number(quantile) or not 0 < quantile < 1:
        raise ParameterError(f"quantile must be a number above 0 and below 1, such as 0.99, got {quantile!r}.")
    known = calibration(trained)
    if known is None:
        raise UnsupportedError(
            "This model carries nothing to judge rows by: it was kept by an older version, or what comes out of it has another "
            "shape than what goes in. Train it again, to restore its own input."
        )
    source, y = rows_and_labels(trained, data, y)
    truth = None if anomalous is None else as_truth(anomalous, len(source))
    traits = Traits.of(trained, source, trained.condition(y, len(source)))
    scores, usual_scores = _scores(trained, known, traits)
    threshold, false_alarms = threshold_of(usual_scores, quantile)
    beside = _beside(trained, source, traits, reference)
    return Detection(
        scores=scores,
        p_values=p_values(scores, usual_scores),
        is_outlier=scores > threshold,
        threshold=threshold,
        quantile=float(quantile),
        false_alarms=false_alarms,
        heat=known.heat(traits.misfits),
        usual=known.usual,
        rows=len(usual_scores),
        held_out=known.held_out,
        beside=beside,
        auc=None if truth is None else {k: float(roc_auc_score(truth, v)) for k, v in {"model": scores, **beside}.items()},
    )


def threshold_of(usual: np.ndarray, quantile: float) -> tuple[float, float]:
    """The score that a share ``quantile`` of usual rows stays below, and the share of them that will be above it.

    It is the held-out score number ``⌈(m + 1) quantile⌉`` of m, so that the promise holds for any m; of too few rows for the
    quantile it is the largest, and 1 in m + 1 will be above it.

    >>> threshold_of(np.arange(99.0), 0.9), threshold_of(np.arange(9.0), 0.99)
    ((89.0, 0.1), (8.0, 0.1))
    """
    m = len(usual)
    rank = min(math.ceil(round((m + 1) * quantile, 9)), m)
    return float(np.sort(usual)[rank - 1]), (m + 1 - rank) / (m + 1)


def as_truth(given: Any, n: int) -> np.ndarray:
    """Which rows are anomalies, (n,) bool. Raises DataError for another number of rows, other values, one kind of row only."""
    values = np.asarray(given).ravel()
    if len(values) != n:
        raise DataError(f"anomalous= must have one value a row: there are {n} rows, it has {len(values)}.")
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise DataError(
            "anomalous= must be 1 or True for anomalies and 0 or False for normal rows. Compare labels first: y != 3."
        )
    truth = values.astype(bool)
    if truth.all() or not truth.any():
        raise DataError(
            f"anomalous= says that {'all' if truth.all() else 'none'} of the rows are anomalies: nothing to tell apart."
        )
    return truth


def _scores(trained: Trained, known: Calibration, traits: Traits) -> tuple[np.ndarray, np.ndarray]:
    """The scores of the rows (n,) and of the held-out ones (m,)."""
    codes = np.asarray(trained.companions[CODES].arrays["z"], dtype=np.float64)
    new, held_out = traits.codes.astype(np.float64), known.codes.astype(np.float64)
    if codes.shape[1] > CODE_NUMBERS:
        pca = fit_pca(codes, CODE_NUMBERS)
        codes, new, held_out = (pca.transform(z) for z in (codes, new, held_out))
    density = find("mixture").fit(codes, random_state=0)
    usual = np.stack([known.misfit, -density.log_prob(held_out)], axis=1)
    found = np.stack([traits.misfit, -density.log_prob(new)], axis=1)
    either = (np.logaddexp.reduce(standard(values, usual), axis=1) for values in (found, usual))
    scores, usual_scores = either
    return scores, usual_scores


def _beside(trained: Trained, source: Source, traits: Traits, reference: Any) -> dict[str, np.ndarray]:
    """The scores (n,) of what is simpler."""
    found = {"code neighbors": distance(traits.codes, trained.companions[CODES].arrays["z"])}
    twin = linear_twin(trained)
    x = _flat(trained, source)
    if twin is not None:
        found["pca"] = mse(x, twin.reconstruct(x))
    if reference is not None:
        rows = rows_of(trained, reference)
        found["pixel neighbors"] = distance(x, _flat(trained, rows, REFERENCE_ROWS))
    return found


def _flat(trained: Trained, source: Source, most: int | None = None) -> np.ndarray:
    """The rows as the model sees them, (n, cells) float32; at most ``most`` of them, evenly spread."""
    step = 1 if most is None else -(-len(source) // most)
    return trained.kind.encode(source.take(torch.arange(len(source))[::step]).cpu()).flatten(1).numpy()
