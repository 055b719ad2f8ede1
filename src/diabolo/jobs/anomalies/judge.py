"""Judge: the scores of rows that were looked at, beside those of simpler methods, and what is found by them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, final

import numpy as np
from sklearn.metrics import roc_auc_score

from diabolo.baselines.pca import Pca
from diabolo.data.sources import Source
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.anomalies.calibration import CODES, Calibration, calibration, standard
from diabolo.jobs.anomalies.rarity import Rarity, rarity
from diabolo.jobs.anomalies.traits import Traits, distance
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.evaluation.contenders import weights_of
from diabolo.jobs.inference import rows_of
from diabolo.metrics.errors import mse
from diabolo.spec import is_number
from diabolo.trained import Trained

QUANTILE = 0.99
REFERENCE_ROWS = 10_000


@final
@dataclass(frozen=True, eq=False)
class Detection:
    """What :func:`diabolo.jobs.anomalies.detect.detect` finds about n rows, or n photographs of any size.

    scores: (n,), higher is stranger; half of the usual rows are below about 0.8. p_values: (n,), the share of held-out rows
    that are at least as strange. is_outlier: (n,), whether the score is above ``threshold``. false_alarms: the share of usual
    rows that will be above it. heat: (n, H, W), or (n, columns) for tables: the misfit of each place over what is usual for
    it; of photographs of several sizes an array of n arrays. usual: the heat that 99 % of the places of held-out rows stay
    below. rows: how many rows the threshold comes from. held_out: whether the model was not fitted to those rows; where it
    was, the threshold is too low. beside: the scores of simpler methods: "pca", "code neighbors", "pixel neighbors". auc: of
    each and of "model", None without the truth. names: of photographs. squares: (n,) in how many squares each photograph was
    scored, None for rows. notes: what the user should know.
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
    names: tuple[str, ...] = ()
    squares: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; without the heat, which is an array as large as the data."""
        names = ("threshold", "quantile", "false_alarms", "usual", "rows", "held_out")
        lists = {name: getattr(self, name).tolist() for name in ("scores", "p_values", "is_outlier")}
        lists |= {"names": list(self.names), "notes": list(self.notes)}
        lists |= {"squares": None if self.squares is None else self.squares.tolist()}
        beside = {name: values.tolist() for name, values in self.beside.items()}
        found = {name: getattr(self, name) for name in names}
        return found | lists | {"beside": beside, "auc": None if self.auc is None else dict(self.auc)}


@final
@dataclass(frozen=True, eq=False)
class Judge:
    """A model and what travels with it that rows can be judged by.

    usual: (m, 2), misfit and rarity of the held-out rows. reference: (r, cells) normal rows as the model sees them, or None.
    """

    trained: Trained
    known: Calibration
    rarity: Rarity
    usual: np.ndarray
    twin: Pca | None
    reference: np.ndarray | None

    @classmethod
    def of(cls, trained: Trained, reference: Any = None) -> Self:
        """The judge of a model. reference: rows known to be normal, of which 10 000 at most are looked at.

        Raises UnsupportedError where the model carries no calibration.
        """
        known = calibration(trained)
        if known is None:
            raise UnsupportedError(
                "This model carries nothing to judge rows by: it was kept by an older version, or what comes out of it has "
                "another shape than what goes in. Train it again, to restore its own input."
            )
        rare = rarity(trained)
        normal = None if reference is None else flat(trained, rows_of(trained, reference), REFERENCE_ROWS)
        usual = np.stack([known.misfit, rare.of(known.codes)], axis=1)
        return cls(trained, known, rare, usual, linear_twin(trained), normal)

    @property
    def usual_scores(self) -> np.ndarray:
        """The scores of the held-out rows, (m,)."""
        return self._either(self.usual)

    def scores(self, traits: Traits) -> np.ndarray:
        """``log(exp(misfit) + exp(rarity))``, each in robust standard deviations from the median of held-out rows: (n,)."""
        return self._either(np.stack([traits.misfit, self.rarity.of(traits.codes)], axis=1))

    def beside(self, codes: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
        """The scores (n,) of what is simpler. codes: (n, K). x: (n, cells), the rows as the model sees them."""
        found = {"code neighbors": distance(codes, self.trained.companions[CODES].arrays["z"])}
        if self.twin is not None:
            found["pca"] = mse(x, self.twin.reconstruct(x), weights_of(self.trained.kind.layout, x))
        if self.reference is not None:
            found["pixel neighbors"] = distance(x, self.reference)
        return found

    def _either(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.logaddexp.reduce(standard(values, self.usual), axis=1))


def flat(trained: Trained, source: Source, most: int | None = None) -> np.ndarray:
    """The rows as the model sees them, (n, cells) float32; at most ``most`` of them, evenly spread."""
    step = 1 if most is None else -(-len(source) // most)
    return trained.kind.inside(source, np.arange(len(source))[::step]).flatten(1).numpy()


def check_quantile(quantile: Any) -> float:
    """The share of usual rows that should stay below the threshold. Raises ParameterError where it is none."""
    if not is_number(quantile) or not 0 < quantile < 1:
        raise ParameterError(f"quantile must be a number above 0 and below 1, such as 0.99, got {quantile!r}.")
    return float(quantile)


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


def aucs(truth: np.ndarray | None, scores: np.ndarray, beside: Mapping[str, np.ndarray]) -> dict[str, float] | None:
    """ROC-AUC of the model and of what is simpler, None without a truth (n,)."""
    if truth is None:
        return None
    return {name: float(roc_auc_score(truth, values)) for name, values in {"model": scores, **beside}.items()}
