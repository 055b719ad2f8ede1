"""Diagnose: what is wrong with a model, by which measure and threshold, and what to change; and what is in order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.jobs.anomalies.traits import fits
from diabolo.jobs.codes.discrete import code_bits, quantizer
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.jobs.companions import CODES, linear_rival, linear_twin
from diabolo.jobs.diagnosis.activity import ENDS, STUCK, LayerActivity, activity, at_an_end
from diabolo.jobs.diagnosis.copying import COPIES, Copying, copying
from diabolo.jobs.diagnosis.curves import GAP, Curves, read_curves
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.shifts import Shifts, code_shifts
from diabolo.jobs.evaluation.contenders import EVEN, errors_of, mean_row, square_error
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.holes import HOLES
from diabolo.jobs.generation.spread import WIDEST, Spread, spread_of
from diabolo.jobs.inference import codes
from diabolo.jobs.labels import rows_and_labels
from diabolo.metrics.codes import ACTIVE, active_units, dead_units, effective_dimension, unit_variance
from diabolo.trained import Trained

Severity = Literal["fault", "warning", "note", "fine", "measured", "skipped"]

ROWS, CELLS = 2_000, 20_000_000
"""Rows that are looked at, and numbers they may hold: fewer of wide ones are taken."""
SICK, RUINED = 0.10, 0.50
"""Shares of a layer's units, dead or saturated, from which on that is a warning, and a fault. Our own."""
NARROW = 0.5
"""Share of the variance below which a code narrower than the data is said to be too narrow. Our own."""
LARGE_PRIOR, LARGE, LONG = 3.0, 1000.0, 100.0
"""Size of codes that are pulled to a standard normal, of others, and the longest code beside the median. Our own."""
UNSTEADY, NOISE = 0.5, 0.25
"""Move of codes, in their spread, below which none is called unsteady; the strength of noise it is looked at. Our own."""
HOLLOW = 0.50
"""The share of codes drawn from the prior that lie in holes from which on that is a warning: most draws do. Our own."""
BUMPY = 2.0
"""Error of a cycle between neighbors beside that at codes, from which on there are holes. Our own."""


@final
@dataclass(frozen=True)
class Check:
    """One question that was asked.

    name: of the check. severity: "fault", "warning" or "note" where something was found, "fine", "measured" where there is
    nothing to judge the figure by, or "skipped" where it could not be asked. said: what was measured, with its threshold and
    where that comes from. remedy: what to change, where something was found. measured, threshold: the figures, None where
    there is none.
    """

    name: str
    severity: Severity
    said: Finding
    remedy: Finding | None = None
    measured: float | None = None
    threshold: float | None = None

    @property
    def found(self) -> bool:
        """Whether there is something to know."""
        return self.severity in ("fault", "warning", "note")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with the English words."""
        measured = None if self.measured is None or not math.isfinite(self.measured) else self.measured
        return {
            "name": self.name,
            "severity": self.severity,
            "measured": measured,
            "threshold": self.threshold,
            "said": self.said.to_dict(),
            "remedy": None if self.remedy is None else self.remedy.to_dict(),
            "text": in_english(self.said),
            "advice": None if self.remedy is None else in_english(self.remedy),
        }


@final
@dataclass(frozen=True)
class Diagnosis:
    """What :func:`diagnose` finds. ``str(diagnosis)`` is all of it in English.

    checks: in the order they were asked. rows: that were looked at, 0 without data. errors: mean squared errors of the model,
    PCA and the mean inside the model's scale. The other fields are the measurements, None where they could not be made.
    """

    checks: tuple[Check, ...]
    rows: int
    errors: Mapping[str, float] = field(default_factory=dict)
    layers: tuple[LayerActivity, ...] = ()
    shifts: Shifts | None = None
    spread: Spread | None = None
    copying: Copying | None = None

    @property
    def findings(self) -> tuple[Check, ...]:
        """What was found, the worst first."""
        rank = ("fault", "warning", "note")
        return tuple(sorted((c for c in self.checks if c.found), key=lambda c: rank.index(c.severity)))

    @property
    def healthy(self) -> bool:
        """Whether there is neither a fault nor a warning."""
        return not any(c.severity in ("fault", "warning") for c in self.checks)

    @property
    def verdict(self) -> Finding:
        """All of it in one sentence."""
        asked = sum(c.severity not in ("measured", "skipped") for c in self.checks)
        if not self.findings:
            return Finding("diagnosis.healthy", {"n": asked})
        key = "diagnosis.healthy.notes" if self.healthy else "diagnosis.sick"
        return Finding(key, {"n": len(self.findings), "checks": asked})

    def check(self, name: str) -> Check:
        """The check of that name."""
        return next(c for c in self.checks if c.name == name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        measured = {"shifts": self.shifts, "spread": self.spread, "copying": self.copying}
        return {
            "healthy": self.healthy,
            "verdict": self.verdict.to_dict(),
            "rows": self.rows,
            "checks": [c.to_dict() for c in self.checks],
            "errors": dict(self.errors),
            "layers": [layer.to_dict() for layer in self.layers],
        } | {name: None if v is None else v.to_dict() for name, v in measured.items()}

    def __str__(self) -> str:
        lines = [in_english(self.verdict)]
        for c in (*self.findings, *(c for c in self.checks if not c.found)):
            lines.append(f"[{c.severity}] {c.name}: {in_english(c.said)}")
            lines += [f"    → {in_english(c.remedy)}"] if c.remedy is not None else []
        return "\n".join(lines)


def diagnose(
    trained: Trained,
    data: Any = None,
    y: Any = None,
    *,
    training: Any = None,
    training_labels: Any = None,
    rows: int = ROWS,
    seed: int = 0,
) -> Diagnosis:
    """Look for what is wrong with a model.

    Args:
        data: rows in the caller's own shape, best ones the model was not trained on; of many 2 000 are looked at, drawn with
            ``seed``. None: only what travels with the model can be judged, its history, training codes and PCA.
        y: labels, for conditional recipes. training: rows it was trained on, with ``training_labels``, to compare errors with;
            without them the history's training error is taken where it is one of the same kind.

    References: active units: Burda et al. 2016, section 5.1, https://arxiv.org/abs/1509.00519; collapse: Bowman et al. 2016,
    https://arxiv.org/abs/1511.06349; dead units: Lu et al. 2019, https://arxiv.org/abs/1903.06733; saturated ones: Glorot &
    Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html; effective dimension: Gao et al. 2017, https://doi.org/10.1101/214262.
    Thresholds without a source are ours, and each finding says its own.
    """
    patient = _Patient.of(trained, data, y, training, training_labels, rows, seed)
    layers = activity(trained, patient.source, patient.condition) if patient.source is not None else ()
    found = None if patient.source is None else copying(trained, patient.source, patient.condition, seed=seed)
    steady = None if patient.source is None else code_shifts(trained, patient.source, patient.condition, seed=seed)
    gaps = spread_of(trained, patient.source, patient.condition, seed=seed)
    checks: list[Check] = []
    for ask in (  # in this order: what is found explains what comes after
        lambda: _layers(patient, layers),
        lambda: _collapsed(patient, checks),
        lambda: _dead(patient, checks),
        lambda: _saturated(patient, layers),
        lambda: _exploding(patient),
        lambda: _overfit(patient),
        lambda: _beside(patient, checks),
        lambda: _unfinished(patient),
        lambda: _narrow(patient, checks),
        lambda: _copying(patient, found, checks),
        lambda: _steady(patient, steady, checks),
        lambda: _holes(patient, gaps, checks),
        lambda: _bumpy(patient, gaps, checks),
    ):
        checks.append(ask())
    looked = 0 if patient.source is None else len(patient.source)
    return Diagnosis(tuple(checks), looked, patient.errors, layers, steady, gaps, found)


@final
@dataclass(frozen=True, eq=False)
class _Patient:
    """What the checks look at. z: (n, K) codes, means where there are any. x: (n, cells) of the rows, None without data.

    errors: mean squared ones by contender, on the rows; without data the history's and PCA's own, where they are comparable.
    train, held_out: errors of one kind on both sides, None where they are not known.
    """

    trained: Trained
    source: Source | None
    condition: Tensor | None
    z: np.ndarray | None
    x: np.ndarray | None
    errors: Mapping[str, float]
    curves: Curves | None
    train: float | None
    held_out: float | None

    @property
    def numbers(self) -> int:
        return math.prod(self.trained.model.code_shape)

    @classmethod
    def of(cls, trained: Trained, data: Any, y: Any, training: Any, training_labels: Any, most: int, seed: int) -> _Patient:
        curves = read_curves(trained)
        if data is None:
            known = trained.companions.get(CODES)
            z = None if known is None else known.arrays["z"].astype(np.float64)
            errors, both = _remembered(trained, curves), _of_history(curves)
            return cls(trained, None, None, z, None, errors, curves, *both)
        source, condition = _some(trained, data, y, most, seed)
        z = codes(trained, source, condition).flatten(1).double().numpy()
        if trained.target_kind is not None or not fits(trained) or trained.model.source.shape != trained.model.target.shape:
            return cls(trained, source, condition, z, None, {}, curves, *_of_history(curves))
        x = encode_all(trained, source)
        measured = errors_of(x.numpy(), restored(trained, source, condition).numpy(), trained.out_kind.layout)
        errors = {"model": measured["mse"]} | _simpler(trained, x.flatten(1).numpy())
        both = _of_history(curves)
        if training is not None:
            rows, labels = _some(trained, training, training_labels, most, seed)
            seen = encode_all(trained, rows).numpy()
            back = restored(trained, rows, labels).numpy()
            both = (square_error(trained.out_kind.layout, seen, back), measured["mse"])
        elif curves is not None and curves.train is not None and _comparable(trained) and curves.everyday in measured:
            both = (curves.train, measured[curves.everyday])
        return cls(trained, source, condition, z, x.flatten(1).double().numpy(), errors, curves, *both)


def _some(trained: Trained, data: Any, y: Any, most: int, seed: int) -> tuple[Source, Tensor | None]:
    """At most so many rows as are looked at, in order, and their labels as the model takes them."""
    source, y = rows_and_labels(trained, data, y)
    condition = trained.condition(y, len(source))
    most = max(20, min(most, CELLS // trained.kind.layout.cells))
    if len(source) <= most:
        return source, condition
    rows = torch.from_numpy(np.sort(np.random.default_rng(seed).choice(len(source), most, replace=False)))
    return Subset(source, rows), None if condition is None else condition[rows]


def _comparable(trained: Trained) -> bool:
    """Whether errors in training are of inputs as they are; draws of a code make them larger, which is on the safe side."""
    return trained.model.composition.corruption is None


def _of_history(curves: Curves | None) -> tuple[float | None, float | None]:
    return (None, None) if curves is None else (curves.train, curves.held_out)


def _simpler(trained: Trained, x: np.ndarray) -> dict[str, float]:
    rival = linear_rival(trained)
    if rival is None:
        return {}
    layout = trained.kind.layout
    mean = np.broadcast_to(mean_row(layout, rival.mean).ravel(), x.shape)
    return {"pca": square_error(layout, x, rival.reconstruct(x)), "mean": square_error(layout, x, mean)}


def _remembered(trained: Trained, curves: Curves | None) -> dict[str, float]:
    """The errors of the training itself: the history's, beside what PCA leaves of its rows."""
    twin = linear_twin(trained)
    if curves is None or twin is None or curves.everyday != "mse" or not _comparable(trained):
        return {}
    if trained.kind.layout.columns:  # what PCA leaves is known of all fields together, and not of the cells that are there
        return {}
    error = curves.train if curves.held_out is None else curves.held_out
    if error is None or trained.model.bottleneck.variational or quantizer(trained) is not None:
        return {}
    cells = len(twin.mean)
    return {"model": error, "pca": (twin.total - float(twin.explained.sum())) / cells, "mean": twin.total / cells}


def _skipped(name: str, why: str) -> Check:
    return Check(name, "skipped", Finding(f"diagnosis.skipped.{why}"))


def _hopeless(checks: list[Check]) -> bool:
    """Whether what was found explains whatever comes after: the code says nothing, or a layer is ruined."""
    return any(c.severity == "fault" and c.name in ("dead layers", "collapsed code", "dead code") for c in checks)


def _layers(p: _Patient, layers: tuple[LayerActivity, ...]) -> Check:
    name = "dead layers"
    if p.source is None:
        return _skipped(name, "data")
    if p.z is not None and _is_still(p.z):  # then nothing behind the code can vary
        layers = tuple(x for x in layers if x.name.startswith("encoder"))
    if not layers:
        return Check(name, "fine", Finding("diagnosis.layers.none"))
    worst = max(layers, key=lambda layer: layer.dead / layer.units)
    share = worst.dead / worst.units
    if share < SICK:
        counts = {"dead": sum(x.dead for x in layers), "n": sum(x.units for x in layers), "limit_share": SICK}
        return Check(name, "fine", Finding("diagnosis.layers.fine", counts), None, share, SICK)
    said = {"dead": worst.dead, "n": worst.units, "layer": worst.name, "function": worst.function}
    finding = Finding("diagnosis.layers.found", said | {"dead_share": share, "limit_share": SICK})
    severity: Severity = "fault" if share >= RUINED else "warning"
    return Check(name, severity, finding, Finding("diagnosis.layers.do"), share, SICK)


def _collapsed(p: _Patient, checks: list[Check]) -> Check:
    name = "collapsed code"
    if not p.trained.model.bottleneck.variational:
        return _skipped(name, "kind")
    if p.z is None or len(p.z) < 2:
        return _skipped(name, "few")
    if _hopeless(checks):
        return _skipped(name, "because")
    used, n = int(active_units(p.z).sum()), p.z.shape[1]
    said: dict[str, Any] = {"used": used, "n": n, "limit": ACTIVE}
    if used == n:
        return Check(name, "fine", Finding("diagnosis.collapsed.fine", said), None, 1.0, 1.0)
    if used:
        do = Finding("diagnosis.collapsed.some.do", {"used": used})
        return Check(name, "note", Finding("diagnosis.collapsed.some", said), do, used / n, 1.0)
    largest = float(unit_variance(p.z).max())
    finding = Finding("diagnosis.collapsed.all", {"largest": largest, "limit": ACTIVE})
    return Check(name, "fault", finding, Finding("diagnosis.collapsed.all.do"), largest, ACTIVE)


def _dead(p: _Patient, checks: list[Check]) -> Check:
    name = "dead code"
    if p.trained.model.bottleneck.variational:
        return _skipped(name, "point")
    if p.z is None or len(p.z) < 2:
        return _skipped(name, "few")
    if _hopeless(checks):
        return _skipped(name, "because")
    n = p.z.shape[1]
    used = int((~dead_units(p.z)).sum())
    said = {"used": used, "n": n}
    if not used or _is_still(p.z):
        do = Finding("diagnosis.dead.all.do")
        return Check(name, "fault", Finding("diagnosis.dead.all"), do, 0.0, 1.0)
    if used == n:
        return Check(name, "fine", Finding("diagnosis.dead.fine", said), None, 1.0, 1.0)
    part = p.trained.model.composition.bottleneck
    key = "diagnosis.dead.some.do"
    if part.name.startswith("sparse-") or part.name == "top-k":
        key = "diagnosis.dead.some.sparse.do"
    elif part.get_params().get("activation") == "relu":
        key = "diagnosis.dead.some.relu.do"
    do = Finding(key, {"used": used} if key != "diagnosis.dead.some.relu.do" else {})
    severity: Severity = "warning" if 1 - used / n >= RUINED else "note"
    return Check(name, severity, Finding("diagnosis.dead.some", said), do, used / n, 1.0)


def _is_still(z: np.ndarray) -> bool:
    """Whether codes differ by no more than rounding does."""
    return bool(np.sqrt(unit_variance(z).max()) <= 1e-6 * max(1e-30, float(np.abs(z).max())))


def _saturated(p: _Patient, layers: tuple[LayerActivity, ...]) -> Check:
    name = "saturated units"
    part = p.trained.model.composition.bottleneck
    function = str(part.get_params().get("activation"))  # sparse-kl has none, and its numbers are meant to be near 0
    ends = next((e for kind, e in ENDS.items() if kind.__name__.lower() == function), None)
    found = [(x.saturated, x.units, x.name) for x in layers if x.function in {kind.__name__ for kind in ENDS}]
    if ends is not None and p.z is not None:
        at = at_an_end(torch.from_numpy(p.z.T), ends)
        found.append((int((at >= STUCK * len(p.z)).sum()), p.z.shape[1], "bottleneck"))
    if not found:
        return _skipped(name, "data") if p.source is None else Check(name, "fine", Finding("diagnosis.saturated.none"))
    stuck, n, layer = max(found, key=lambda f: f[0] / f[1])
    share = stuck / n
    if share < SICK:
        said = {"stuck": sum(f[0] for f in found), "n": sum(f[1] for f in found)}
        return Check(name, "fine", Finding("diagnosis.saturated.fine", said), None, share, SICK)
    finding = Finding("diagnosis.saturated.found", {"stuck": stuck, "n": n, "layer": layer, "limit_share": SICK})
    severity: Severity = "fault" if share >= RUINED else "warning"
    return Check(name, severity, finding, Finding("diagnosis.saturated.do"), share, SICK)


def _exploding(p: _Patient) -> Check:
    name = "exploding codes"
    if p.z is None:
        return _skipped(name, "data")
    pulled = p.trained.model.bottleneck.prior() is not None
    size, limit = float(np.sqrt(np.square(p.z).mean())), LARGE_PRIOR if pulled else LARGE
    lengths = np.linalg.norm(p.z, axis=1)
    times = float(lengths.max() / np.median(lengths)) if np.median(lengths) > 0 else 1.0
    do = Finding("diagnosis.exploding.do")
    if times > LONG:
        return Check(name, "warning", Finding("diagnosis.exploding.row", {"times": times, "limit": LONG}), do, times, LONG)
    if size > limit:
        why = Finding("diagnosis.exploding.prior" if pulled else "diagnosis.exploding.free")
        said = Finding("diagnosis.exploding.size", {"size": size, "limit": limit, "prior": why})
        return Check(name, "warning", said, do, size, limit)
    return Check(name, "fine", Finding("diagnosis.exploding.fine", {"size": size, "limit": limit}), None, size, limit)


def _overfit(p: _Patient) -> Check:
    name = "overfitting"
    if p.curves is None and p.train is None:
        return _skipped(name, "history")
    if p.train is None or p.held_out is None:
        return _skipped(name, "held-out")
    times = p.held_out / p.train if p.train > 0 else math.inf if p.held_out > 0 else 1.0
    said = {"times": times, "held_out": p.held_out, "train": p.train, "limit": GAP}
    if times >= GAP:
        return Check(name, "warning", Finding("diagnosis.overfit.found", said), Finding("diagnosis.overfit.do"), times, GAP)
    past = next((f for f in (p.curves.findings if p.curves else ()) if f.key == "curves.overfit"), None)
    if past is not None:
        finding = Finding("diagnosis.overfit.past", {"epoch": past.values["epoch"]})
        return Check(name, "note", finding, Finding("diagnosis.overfit.past.do"), times, GAP)
    return Check(name, "fine", Finding("diagnosis.overfit.fine", said), None, times, GAP)


def _beside(p: _Patient, checks: list[Check]) -> Check:
    name = "underfitting"
    if "pca" not in p.errors:
        return _skipped(name, "pairs" if p.trained.target_kind is not None else "data" if p.source is None else "pca")
    if _hopeless(checks):
        return _skipped(name, "because")
    error, pca, mean = (p.errors[k] for k in ("model", "pca", "mean"))
    bits = code_bits(p.trained)
    rival = Finding("diagnosis.rival.numbers", {"n": p.numbers})
    if bits is not None:
        rival = Finding("diagnosis.rival.bits", {"n": bits})
    said = {"error": error, "pca": pca, "mean": mean, "rival": rival}
    overfits = any(c.name == "overfitting" and c.severity == "warning" for c in checks)
    if mean > 0 and error * EVEN >= mean and not overfits:
        finding = Finding("diagnosis.beside.mean", said)
        return Check(name, "fault", finding, Finding("diagnosis.beside.mean.do"), error, mean)
    if error <= pca * EVEN or pca <= 1e-6 * mean:  # PCA that restores everything says nothing
        return Check(name, "fine", Finding("diagnosis.beside.fine", said), None, error, pca)
    if overfits:
        return _skipped(name, "because")
    if bits is not None:
        finding = Finding("diagnosis.beside.discrete", said)
        return Check(name, "note", finding, Finding("diagnosis.beside.discrete.do"), error, pca)
    parts = p.trained.model.composition
    if parts.bottleneck.name != "plain" or parts.regularizers or parts.corruption is not None:
        finding = Finding("diagnosis.beside.priced", said)
        return Check(name, "note", finding, Finding("diagnosis.beside.priced.do"), error, pca)
    return Check(name, "warning", Finding("diagnosis.beside.pca", said), Finding("diagnosis.beside.pca.do"), error, pca)


def _unfinished(p: _Patient) -> Check:
    name = "unfinished training"
    if p.curves is None:
        return _skipped(name, "history")
    told = {f.key: f.values for f in p.curves.findings}
    do = Finding("diagnosis.unfinished.do")
    if "curves.short" in told:
        return Check(name, "note", Finding("diagnosis.unfinished.short", dict(told["curves.short"])), do)
    if "curves.falling" in told:
        values = told["curves.falling"]
        finding = Finding("diagnosis.unfinished.falling", {"gain_share": values["share"], "n": values["n"]})
        return Check(name, "note", finding, do, values["share"], 0.1)
    return Check(name, "fine", Finding("diagnosis.unfinished.fine"))


def _narrow(p: _Patient, checks: list[Check]) -> Check:
    name = "narrow code"
    if p.x is None or "mean" not in p.errors:
        return _skipped(name, "pairs" if p.trained.target_kind is not None else "data" if p.source is None else "pca")
    if _hopeless(checks) or not p.errors["mean"] > 0:
        return _skipped(name, "because" if _hopeless(checks) else "few")
    kept, dimensions = 1 - p.errors["model"] / p.errors["mean"], effective_dimension(p.x)
    said = {"kept_share": kept, "dimensions": dimensions, "n": p.numbers}
    as_good_as_pca = any(c.name == "underfitting" and c.severity == "fine" for c in checks)  # else the code is not what limits
    if kept < NARROW and p.numbers < dimensions and as_good_as_pca:
        return Check(name, "warning", Finding("diagnosis.narrow.found", said), Finding("diagnosis.narrow.do"), kept, NARROW)
    return Check(name, "fine", Finding("diagnosis.narrow.fine", said), None, kept, NARROW)


def _copying(p: _Patient, found: Copying | None, checks: list[Check]) -> Check:
    name = "copying"
    if found is None:
        return _skipped(name, "data" if p.source is None else "pairs" if p.x is None else "few")
    if _hopeless(checks):
        return _skipped(name, "because")
    cells = p.trained.kind.features
    said: dict[str, Any] = {"noise_share": max(0.0, found.noise), "data_share": max(0.0, found.data)}
    if found.noise >= COPIES:
        said |= {"n": p.numbers, "cells": cells, "limit_share": COPIES}
        finding = Finding("diagnosis.copying.wide", said)
        return Check(name, "warning", finding, Finding("diagnosis.copying.do"), found.noise, COPIES)
    return Check(name, "fine", Finding("diagnosis.copying.fine", said), None, found.noise, COPIES)


def _steady(p: _Patient, found: Shifts | None, checks: list[Check]) -> Check:
    name = "unsteady codes"
    line = None if found is None else found.at(NOISE)
    if line is None:
        return _skipped(name, "data")
    if line.model is None or _hopeless(checks):
        return _skipped(name, "because" if _hopeless(checks) else "few")
    said = {"model": line.model, "pca": line.pca, "limit": UNSTEADY}
    if line.pca is None:
        return Check(name, "measured", Finding("diagnosis.steady.alone", {"model": line.model}), None, line.model)
    limit = max(UNSTEADY, 2 * line.pca)
    if line.model > limit:
        finding = Finding("diagnosis.steady.found", said)
        return Check(name, "note", finding, Finding("diagnosis.steady.do"), line.model, limit)
    return Check(name, "fine", Finding("diagnosis.steady.fine", said), None, line.model, limit)


def _holes(p: _Patient, found: Spread | None, checks: list[Check]) -> Check:
    name = "holes"
    if quantizer(p.trained) is not None:
        return _skipped(name, "discrete")
    if found is None or _hopeless(checks):
        why = "because" if _hopeless(checks) else "data" if p.source is None else "few"
        return _skipped(name, why)
    said: dict[str, Any] = {"normal": found.normal, "gaussian": found.gaussian, "chance": found.chance}
    best = None if found.mends is None else found.of(found.mends)
    if best is None:
        wide = Finding("diagnosis.holes.wide", said | {"n": found.numbers})
        return Check(name, "measured", wide) if found.numbers > WIDEST else _skipped(name, "few")
    prior, gaussian = found.of("prior"), found.of("gaussian")
    origin = gaussian if prior is None else prior
    assert origin is not None  # a Gaussian is always among those fitted
    said |= {"far_share": origin.far, "limit_share": HOLES}
    if origin.far <= HOLES:
        finding = Finding("diagnosis.holes.fine", said | {"name": origin.name})
        return Check(name, "fine", finding, None, origin.far, HOLES)
    if best is origin:
        finding = Finding("diagnosis.holes.all", said | {"name": origin.name})
        return Check(name, "note", finding, Finding("diagnosis.holes.all.do"), origin.far, HOLES)
    said |= {"name": best.name, "best_share": best.far}
    if prior is not None:
        finding = Finding("diagnosis.holes.prior", {k: v for k, v in said.items() if k != "gaussian"})
        severity: Severity = "warning" if origin.far >= HOLLOW else "note"
        return Check(name, severity, finding, Finding("diagnosis.holes.prior.do", {"name": best.name}), origin.far, HOLES)
    finding = Finding("diagnosis.holes.plain", said)
    return Check(name, "note", finding, Finding("diagnosis.holes.plain.do", {"name": best.name}), origin.far, HOLES)


def _bumpy(p: _Patient, found: Spread | None, checks: list[Check]) -> Check:
    name = "bumpy code"
    if quantizer(p.trained) is not None:
        return _skipped(name, "discrete")
    if found is None or found.bumpiness is None or _hopeless(checks):
        why = "because" if _hopeless(checks) else "data" if p.source is None else "pairs" if p.x is None else "few"
        return _skipped(name, why)
    said = {"times": found.bumpiness, "limit": BUMPY}
    if found.bumpiness > BUMPY:
        finding = Finding("diagnosis.bumpy.found", said)
        return Check(name, "note", finding, Finding("diagnosis.bumpy.do"), found.bumpiness, BUMPY)
    return Check(name, "fine", Finding("diagnosis.bumpy.fine", said), None, found.bumpiness, BUMPY)
