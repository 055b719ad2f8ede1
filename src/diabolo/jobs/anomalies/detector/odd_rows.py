"""Odd rows: which rows of a table stand out, which of their cells are to blame, and what simpler methods say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from diabolo.data.kinds.mixed import MixedTableKind
from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.anomalies.blame.explain import CLEAR, Blame, explain
from diabolo.jobs.anomalies.blame.surprise import explainable
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.detector.discoveries import check_rate, discoveries
from diabolo.jobs.anomalies.detector.known_rows import row_keys
from diabolo.jobs.anomalies.detector.scores import WEIGHTS
from diabolo.jobs.anomalies.detector.scoring import NAMES
from diabolo.jobs.anomalies.detector.screen import NAME, Screen
from diabolo.jobs.anomalies.detector.verdict import ALL, OWN, Verdict
from diabolo.jobs.anomalies.judge import QUANTILE, as_truth, check_quantile, threshold_of
from diabolo.jobs.labels import class_names
from diabolo.trained import Trained

SHOWN = 10
"""Rows that are shown, the strangest."""
MOST_EXPLAINED = 1_000
MOST_BLAMED = 3
THRESHOLD, ALPHA, FDR = "threshold", "alpha", "fdr"


@final
@dataclass(frozen=True)
class Quality:
    """How well a score tells anomalies from normal rows. auc: area under the ROC curve. precision: average precision."""

    auc: float
    precision: float


@final
@dataclass(frozen=True, eq=False)
class OddRows:
    """What :func:`find_odd_rows` finds about n rows of a table.

    scores: (n,), higher is stranger. p_values: (n,). is_outlier: (n,). chosen_by: "threshold" (scores above ``level``), "alpha"
    (p-values of at most ``level``) or "fdr" (Benjamini and Hochberg's rule at the rate ``level``). false_alarms: the share of
    usual rows that stand out, None for "fdr". rows: how many the p-values and the threshold come from; held_out: whether the
    model was not fitted to those. parts: (n,) each, what "autoencoder", "linear" and "neighbors" say alone. known: (n,), rows
    that the model was made from. anomalous: (n,) the truth, None where it is not known; judged: (n,) rows that quality rests
    on. quality: by name of a part, and of "all" together. strangest: (k,) the rows with the highest scores, the first first;
    names and labels of these, or None. columns: d names. cells: (k, d) their values as the caller has them, None where missing.
    blames: the cells to blame, by row, of rows that stand out and of the strangest: the first, and those that are off by more
    than two sigmas; {} where nobody asked. verdict: whether the
    autoencoder adds to what is simpler; None where nothing says so.
    """

    scores: np.ndarray
    p_values: np.ndarray
    is_outlier: np.ndarray
    chosen_by: str
    level: float
    false_alarms: float | None
    rows: int
    held_out: bool
    parts: Mapping[str, np.ndarray]
    known: np.ndarray
    anomalous: np.ndarray | None
    judged: np.ndarray | None
    quality: Mapping[str, Quality] | None
    strangest: np.ndarray
    names: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    columns: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...]
    blames: Mapping[int, tuple[Blame, ...]]
    verdict: Verdict | None

    @property
    def expected_false(self) -> float:
        """How many rows stand out though they are usual: on the average, and at most, as some may not be. For "fdr" of those
        that stand out, else of the rows that are new to the model."""
        if self.false_alarms is None:
            return self.level * int(self.is_outlier.sum())
        return self.false_alarms * int((~self.known).sum())

    @property
    def places(self) -> dict[str, np.ndarray]:
        """Which place each part gives each row when all are ordered, (n,) int64; 1 is the strangest, equal ones share one."""
        return {name: 1 + np.searchsorted(np.sort(-s), -s, side="left") for name, s in self.parts.items()}

    @property
    def simpler_ahead(self) -> str | None:
        """The simpler part that tells anomalies best, where its ROC-AUC or average precision is above that of all together."""
        if self.quality is None:
            return None
        first, *others = self.quality
        own, simpler = self.quality[first], [n for n in others if n != OWN]
        ahead = [n for n in simpler if self.quality[n].auc > own.auc or self.quality[n].precision > own.precision]
        return max(ahead, key=lambda n: self.quality[n].precision) if ahead else None  # type: ignore[index]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: the summary, and what is said of each row."""
        lists = {name: getattr(self, name).tolist() for name in ("scores", "p_values", "is_outlier")}
        return self.summary() | lists | {"parts": {name: values.tolist() for name, values in self.parts.items()}}

    def summary(self) -> dict[str, Any]:
        """The same without numbers for each row."""
        names = ("chosen_by", "level", "false_alarms", "expected_false", "rows", "held_out", "names", "labels")
        blames = {str(row): [vars(b) for b in found] for row, found in self.blames.items()}
        return {name: getattr(self, name) for name in names} | {
            "judged": len(self.scores),
            "outliers": int(self.is_outlier.sum()),
            "known": int(self.known.sum()),
            "strangest": self.strangest.tolist(),
            "quality": None if self.quality is None else {name: vars(q) for name, q in self.quality.items()},
            "blames": blames,
            "verdict": None if self.verdict is None else self.verdict.to_dict(),
        }


def find_odd_rows(
    trained: Trained,
    source: Source,
    y: Any = None,
    *,
    names: np.ndarray | None = None,
    anomalous: Any = None,
    judged: np.ndarray | None = None,
    alpha: float | None = None,
    fdr: float | None = None,
    quantile: float | None = None,
    explaining: bool = True,
    reference: Source | None = None,
) -> OddRows:
    """Judge rows of a table by what travels with a model: a detector's screen, or the calibration of any model of tables.

    Args:
        trained: a model of a table. source: the rows. y: labels (n,), shown, and told to conditional recipes; names (n,) of the
            rows, where they have any.
        anomalous: the truth where it is known, (n,) 0 or 1. judged: (n,) bool, rows that quality rests on; None: all.
        alpha: rows with a p-value of at most alpha stand out. fdr: those found by Benjamini and Hochberg's rule at this rate.
            quantile: those above the threshold that so large a share of usual rows stays below. One of these at most; without
            any the threshold that the model brings, of a model without a screen that of the quantile 0.99.
        explaining: whether to say which cells are to blame, of up to 1 000 rows that stand out and of the ten strangest, where
            the model can tell.
        reference: rows known to be normal, for nearest neighbors, where the model has no screen.

    Raises:
        ParameterError for rates outside (0, 1) and for several of them, UnsupportedError where nothing travels with the model
        to judge rows by, DataError for a truth that is no 0 or 1 a row.
    """
    check_rates(alpha, fdr, quantile)
    labels = None if y is None else np.asarray(y)
    own = labels if trained.config.labels else None
    by_screen = NAME in trained.companions
    told = _by_screen(trained, source, quantile) if by_screen else _by_judge(trained, source, own, quantile, reference)
    found, p, chosen_by, level, alarms = _chosen(told, alpha, fdr)
    truth = None if anomalous is None else as_truth(anomalous, len(source))
    order = np.argsort(-told.scores, kind="stable")
    strangest = order[:SHOWN]
    return OddRows(
        scores=told.scores,
        p_values=p,
        is_outlier=found,
        chosen_by=chosen_by,
        level=level,
        false_alarms=alarms,
        rows=told.rows,
        held_out=told.held_out,
        parts=told.parts,
        known=told.known,
        anomalous=truth,
        judged=None if truth is None else np.ones(len(source), dtype=bool) if judged is None else judged,
        quality=None if truth is None else _quality(told, truth, judged),
        strangest=strangest,
        names=None if names is None else tuple(map(str, names[strangest].tolist())),
        labels=None if labels is None else tuple(map(str, labels[strangest].tolist())),
        columns=_names(trained),
        cells=_cells(trained, source, strangest),
        blames=_blames(trained, source, own, order[: max(SHOWN, min(int(found.sum()), MOST_EXPLAINED))])
        if explaining and explainable(trained)
        else {},
        verdict=told.verdict,
    )


def check_rates(alpha: float | None, fdr: float | None, quantile: float | None) -> None:
    """ParameterError for several of these, and for those that are not above 0 and below 1."""
    given = {name: value for name, value in {"alpha": alpha, "fdr": fdr, "quantile": quantile}.items() if value is not None}
    if len(given) > 1:
        raise ParameterError(f"Rows are chosen by {' or by '.join(given)}, one of them: leave the others out.")
    for name, value in given.items():
        check_rate(value, name)


def rarer_label(labels: Any) -> str | None:
    """The rarer of two labels, by which anomalies are known where nobody says; None where there are not two.

    >>> rarer_label(["sick", "well", "well"]), rarer_label([0, 1, 2]) is None
    ('sick', True)
    """
    names = class_names(labels)
    known, counts = np.unique([] if names is None else names[names != ""], return_counts=True)
    return str(known[counts.argmin()]) if len(known) == 2 else None


def curves_of(found: OddRows) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """(truth, scores) of the rows that quality rests on, by the names of :attr:`OddRows.quality`. {} without a truth."""
    if found.anomalous is None or found.judged is None or found.quality is None:
        return {}
    truth, named = found.anomalous[found.judged], {ALL: found.scores, **found.parts}
    return {name: (truth, named[name][found.judged]) for name in found.quality}


def with_levels(found: OddRows, table: Any) -> OddRows:
    """The same with levels that training never saw as they stand in the table, where ``table[column][row]`` is a cell."""

    def named(row: int, blame: Blame) -> Blame:
        return blame if blame.saw is not None else replace(blame, saw=str(table[blame.column][row]).strip())

    blames = {row: tuple(named(row, b) for b in every) for row, every in found.blames.items()}
    return replace(found, blames=blames)


@final
@dataclass(frozen=True, eq=False)
class _Told:
    """What a model says about rows. strict: p-values that are not smoothed. usual: as in :class:`OddRows`."""

    scores: np.ndarray
    parts: Mapping[str, np.ndarray]
    p_values: np.ndarray
    strict: np.ndarray
    threshold: float
    false_alarms: float
    rows: int
    held_out: bool
    known: np.ndarray
    verdict: Verdict | None


def _by_screen(trained: Trained, source: Source, quantile: float | None) -> _Told:
    screen, keys = Screen.of(trained), row_keys(source)
    scores = screen.scores(source, keys)
    value, alarms = screen.threshold.value, screen.threshold.false_alarms
    if quantile is not None:
        value, alarms = threshold_of(screen.usual, check_quantile(quantile))
    return _Told(
        scores=scores.total,
        parts={name: scores.parts[name] for name in WEIGHTS if name in scores.parts},
        p_values=screen.p_values(source),
        strict=screen.p_values(source, smoothed=False),
        threshold=value,
        false_alarms=alarms,
        rows=len(screen.usual),
        held_out=True,
        known=screen.memory.places(keys) >= 0,
        verdict=screen.verdict,
    )


def _by_judge(trained: Trained, source: Source, y: Any, quantile: float | None, reference: Source | None) -> _Told:
    found = detect(trained, source, y, quantile=QUANTILE if quantile is None else quantile, reference=reference)
    beside = {NAMES.get(name, name): values for name, values in found.beside.items()}
    parts = {OWN: found.scores} | {name: beside[name] for name in (*WEIGHTS, *beside) if name in beside}
    return _Told(
        scores=found.scores,
        parts=parts,
        p_values=found.p_values,
        strict=found.p_values,
        threshold=found.threshold,
        false_alarms=found.false_alarms,
        rows=found.rows,
        held_out=found.held_out,
        known=np.zeros(len(source), dtype=bool),
        verdict=None,
    )


def _chosen(told: _Told, alpha: float | None, fdr: float | None) -> tuple[np.ndarray, np.ndarray, str, float, float | None]:
    """Which rows stand out, their p-values, by which rule, at which level, and the share of usual rows that do."""
    if fdr is not None:
        found = discoveries(told.strict, fdr)
        return found.found, told.strict, FDR, found.rate, None
    if alpha is not None:
        return told.p_values <= alpha, told.p_values, ALPHA, alpha, alpha
    return told.scores > told.threshold, told.p_values, THRESHOLD, told.threshold, told.false_alarms


def _quality(told: _Told, truth: np.ndarray, judged: np.ndarray | None) -> dict[str, Quality] | None:
    rows = np.ones(len(truth), dtype=bool) if judged is None else judged
    if truth[rows].all() or not truth[rows].any():
        raise DataError("The rows to be judged are all normal or all anomalies: there is nothing to tell apart.")
    named = {**told.parts} if told.verdict is None and told.scores is told.parts.get(OWN) else {ALL: told.scores, **told.parts}
    return {
        name: Quality(float(roc_auc_score(truth[rows], s[rows])), float(average_precision_score(truth[rows], s[rows])))
        for name, s in named.items()
    }


def _names(trained: Trained) -> tuple[str, ...]:
    layout = trained.kind.layout
    return tuple(c.name for c in layout.columns) if layout.columns else tuple(layout.names)


def _cells(trained: Trained, source: Source, rows: np.ndarray) -> tuple[tuple[Any, ...], ...]:
    """The values of rows (k, d) as the caller has them."""
    raw, kind = source.take(torch.from_numpy(rows)).cpu(), trained.kind
    return tuple(map(tuple, kind.shown(raw) if isinstance(kind, MixedTableKind) else raw.tolist()))


def _blames(trained: Trained, source: Source, y: np.ndarray | None, rows: np.ndarray) -> dict[int, tuple[Blame, ...]]:
    """The cells to blame, by row; further ones only where they are not clear."""
    found = explain(trained, Subset(source, torch.from_numpy(rows)), None if y is None else y[rows], most=MOST_BLAMED)
    kept = [tuple(b for at, b in enumerate(blames) if at == 0 or abs(b.sigmas) > CLEAR) for blames in found]
    return dict(zip(rows.tolist(), kept, strict=True))
