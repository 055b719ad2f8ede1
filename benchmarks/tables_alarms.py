"""How often a detector of anomalies cries wolf: 22 sets of ADBench, fresh normal rows.

    DIABOLO_DATA=folder python benchmarks/tables_alarms.py [--seeds 3] [--sets NAME ...] [--calibration split|cross] [--json]

The one-class protocol of benchmarks/tables.py: fitted on a random half of the normal rows; the other half are fresh ones,
of which conformal p-values promise a share α at most α. Beside it, at α = 0.05, the share of anomalies that is found, with
what a plain rank of the training rows' own scores would have given (which has no held-out rows); and the ROC-AUC and average
precision of the same detector. The rate of one set is that of few held-out rows (a fifth, 20 to 1 000), so that it varies by
itself; the mean over the sets is what is promised.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score
from tables import Task

from diabolo import AnomalyDetector
from diabolo.jobs.anomalies.calibration import p_values

ALPHAS = (0.01, 0.05, 0.1)
WITHIN = 0.01


@dataclass(frozen=True)
class Alarms:
    """What one detector did. rates: false alarms at each of ALPHAS. naive: at 0.05, by the training rows' own scores."""

    name: str
    seed: int
    rows: int
    held_out: int
    rates: tuple[float, ...]
    naive: float
    found: float
    auc: float
    precision: float
    seconds: float


def alarms(path: Path, seed: int, calibration: str) -> Alarms:
    """One set, one seed."""
    task, tick = Task.of(path, "one-class", seed), time.perf_counter()
    detector = AnomalyDetector(novelty=True, calibration=calibration, random_state=seed).fit(task.training)
    p, scores = detector.p_values(task.test), -detector.score_samples(task.test)
    seconds, fresh = time.perf_counter() - tick, task.truth == 0
    naive = p_values(scores[fresh], -detector.score_samples(task.training))
    return Alarms(
        name=task.name,
        seed=seed,
        rows=len(task.training),
        held_out=len(detector.calibration_scores_),
        rates=tuple(float((p[fresh] <= alpha).mean()) for alpha in ALPHAS),
        naive=float((naive <= 0.05).mean()),
        found=float((p[~fresh] <= 0.05).mean()),
        auc=100 * float(roc_auc_score(task.truth, scores)),
        precision=100 * float(average_precision_score(task.truth, scores)),
        seconds=seconds,
    )


def false_alarms(sets: list[str], seeds: int, calibration: str, told: Callable[[str], None]) -> list[Alarms]:
    """All sets and seeds."""
    folder = Path(os.environ.get("DIABOLO_DATA", ".")) / "adbench"
    paths = [p for p in sorted(folder.glob("*.npz"), key=lambda p: p.stat().st_size) if not sets or p.stem in sets]
    if not paths:
        raise SystemExit(f"No sets of ADBench in {folder}. Set DIABOLO_DATA to the folder that holds adbench/*.npz.")
    found = []
    for path in paths:
        found += [alarms(path, seed, calibration) for seed in range(seeds)]
        told(line(found[-seeds:], path.stem))
    return found


def line(rows: list[Alarms], name: str) -> str:
    """Means over rows."""
    rates = " ".join(f"{np.mean([r.rates[i] for r in rows]):6.3f}" for i in range(len(ALPHAS)))
    figures = {n: float(np.mean([getattr(r, n) for r in rows])) for n in ("naive", "found", "auc", "precision", "seconds")}
    held = f"{np.mean([r.rows for r in rows]):7.0f} {np.mean([r.held_out for r in rows]):6.0f}"
    return (
        f"{name:16s} {held}  {rates}  {figures['naive']:6.3f} {figures['found']:6.3f}  {figures['auc']:5.1f} /"
        f"{figures['precision']:5.1f} {figures['seconds']:6.1f}"
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=[], help="names of files, without .npz; all without")
    parser.add_argument("--calibration", choices=("split", "cross"), default="split")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if not given.json:
        names = " ".join(f"{a:6.2f}" for a in ALPHAS)
        print(f"{'false alarms at':16s} {'rows':>7s} {'held':>6s}  {names}  {'naive':>6s} {'found':>6s}    AUC / AP  seconds")
    rows = false_alarms(
        given.sets, given.seeds, given.calibration, (lambda t: None) if given.json else lambda t: print(t, flush=True)
    )
    if given.json:
        print(json.dumps([asdict(r) for r in rows]))
        return
    mean = float(np.mean([r.rates[1] for r in rows]))
    print(line(rows, "mean of the sets"))
    print(f"to reach at 0.05: 0.05 ± {WITHIN} averaged over the sets: {'reached' if abs(mean - 0.05) <= WITHIN else 'MISSED'}")


if __name__ == "__main__":
    main()
