"""Detect: which rows are unlike the training rows, how sure that is, and where they are unlike them."""

from __future__ import annotations

import warnings
from typing import Any

from diabolo.errors import UnfamiliarWarning
from diabolo.jobs.anomalies.calibration import p_values
from diabolo.jobs.anomalies.judge import QUANTILE, Detection, Judge, as_truth, aucs, check_quantile, flat, threshold_of
from diabolo.jobs.anomalies.photographs import detect_photographs, unfamiliar_photographs
from diabolo.jobs.anomalies.traits import Traits
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.mending.given_photographs import photographs_of
from diabolo.trained import Trained


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
        data: rows in the caller's own shape, or a source of such rows. For a model of squares of photographs (``patch=``)
            also photographs of any size, each of which is judged as a whole, see :func:`detect_photographs`. A model of
            whole pictures reads files of another size as those of its training, cropped around the center and scaled.
        y: labels, for conditional recipes.
        anomalous: the truth where it is known, (n,): 1 or True where a row is an anomaly. Only the AUCs need it.
        quantile: the share of usual rows that should stay below the threshold, in (0, 1).
        reference: rows known to be normal, such as the training rows; with them neighbors among pixels are judged too, among
            10 000 of them at most.

    Raises:
        UnsupportedError where the model carries no calibration, ParameterError for a quantile outside (0, 1), DataError for
        a truth that is not one 0 or 1 a row.
    """
    quantile = check_quantile(quantile)
    photographs = photographs_of(trained.kind, data)
    if photographs is not None:
        warning = unfamiliar_photographs(trained, photographs)
        if warning is not None:
            warnings.warn(warning, UnfamiliarWarning, stacklevel=3)
        return detect_photographs(trained, photographs, y, anomalous=anomalous, quantile=quantile, reference=reference)
    judge = Judge.of(trained, reference)
    source, y = rows_and_labels(trained, data, y)
    truth = None if anomalous is None else as_truth(anomalous, len(source))
    traits = Traits.of(trained, source, trained.condition(y, len(source)))
    scores, usual_scores = judge.scores(traits), judge.usual_scores
    threshold, false_alarms = threshold_of(usual_scores, quantile)
    beside = judge.beside(traits.codes, flat(trained, source))
    return Detection(
        scores=scores,
        p_values=p_values(scores, usual_scores),
        is_outlier=scores > threshold,
        threshold=threshold,
        quantile=quantile,
        false_alarms=false_alarms,
        heat=judge.known.heat(traits.misfits),
        usual=judge.known.usual,
        rows=len(usual_scores),
        held_out=judge.known.held_out,
        beside=beside,
        auc=aucs(truth, scores, beside),
    )
