"""How well anomalies are found in tables, beside what is simpler: 22 sets of ADBench.

    DIABOLO_DATA=folder python benchmarks/tables.py [--case adbench] [--seeds 3] [--sets NAME ...] [--json]

At most 10 000 rows of a set, drawn with a fixed seed. one-class: fitted on a random half of the normal rows; the other half
and all anomalies are scored. contaminated: all rows are fitted and scored. Columns are scaled by the training part only. Means
over the sets of the medians over the seeds of ROC-AUC and average precision, in percent; seconds are those of all fits and
scores of one seed together. Nothing is chosen by labels, and one configuration serves all sets. PyOD is compared with where
it is installed (see requirements.txt).
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler

from diabolo.data.reading import read
from diabolo.data.subset import at_most
from diabolo.jobs.anomalies.detector.scores import score_rows, train_scores

Array = NDArray[np.float64]
MODES = ("one-class", "contaminated")
MOST_ROWS = 10_000
NEIGHBORS = (1, 5, 50)
TARGETS = {"one-class": (89.5, 75.0), "contaminated": (81.5, 46.5)}


@dataclass(frozen=True)
class Task:
    """One set in one mode. training: (n, d). test: (m, d), the same rows where ``same``. truth: (m,), 1 for anomalies."""

    name: str
    mode: str
    seed: int
    training: Array
    test: Array
    truth: NDArray[np.int64]

    @property
    def same(self) -> bool:
        return self.mode == "contaminated"

    @classmethod
    def of(cls, path: Path, mode: str, seed: int) -> Task:
        """The task that a file of ADBench with arrays X and y makes. Rows are drawn alike for all seeds."""
        with np.load(path) as data:
            chosen = at_most(len(data["X"]), MOST_ROWS, 0)
            x, y = data["X"][chosen].astype(np.float64), data["y"][chosen].ravel().astype(np.int64)
        if mode == "contaminated":
            return cls(path.stem, mode, seed, x, x, y)
        normal = np.random.default_rng(seed).permutation(np.flatnonzero(y == 0))
        training = np.sort(normal[: len(normal) // 2])
        test = np.setdiff1d(np.arange(len(x)), training)
        return cls(path.stem, mode, seed, x[training], x[test], y[test])

    @property
    def scaled(self) -> tuple[Array, Array]:
        """Both parts in standard deviations of the training part from its mean."""
        scaler = StandardScaler().fit(self.training)
        return scaler.transform(self.training), scaler.transform(self.test)


def isolation_forest(task: Task) -> dict[str, Array]:
    """With scikit-learn's defaults."""
    training, test = task.scaled
    forest = IsolationForest(random_state=task.seed).fit(training)
    return {"IsolationForest": -forest.score_samples(test)}


def neighbors(task: Task, k: int) -> dict[str, Array]:
    """The distance to the k-th nearest training row, a row itself left out."""
    training, test = task.scaled
    k = min(k, len(training) - 1)
    search = NearestNeighbors(n_neighbors=k).fit(training)
    return {f"{k}-NN": search.kneighbors(None if task.same else test)[0][:, -1]}


def local_outlier_factor(task: Task) -> dict[str, Array]:
    """With scikit-learn's defaults: 20 neighbors."""
    training, test = task.scaled
    found = LocalOutlierFactor(n_neighbors=min(20, len(training) - 1), novelty=not task.same).fit(training)
    return {"LOF": -(found.negative_outlier_factor_ if task.same else found.score_samples(test))}


def pca(task: Task) -> dict[str, Array]:
    """The squared residual of the components that explain 95 %."""
    training, test = task.scaled
    found = PCA(0.95, svd_solver="full").fit(training)
    return {"PCA 95 %": np.square(test - found.inverse_transform(found.transform(test))).sum(axis=1)}


def pyod_autoencoder(task: Task) -> dict[str, Array]:
    """With PyOD's defaults."""
    from pyod.models.auto_encoder import AutoEncoder

    training, test = task.scaled
    found = AutoEncoder(random_state=task.seed, verbose=0, device=torch.device("cpu")).fit(training)
    return {"PyOD AutoEncoder": found.decision_scores_ if task.same else found.decision_function(test)}


def diabolo(task: Task) -> dict[str, Array]:
    """The blended score, and what each of its parts says alone."""
    trained = train_scores(read(task.training), novelty=not task.same, seed=task.seed)
    found = score_rows(trained, trained.kind.read(task.test), training=task.same)
    return {"Diabolo": found.total} | {f"its {name} alone": values for name, values in found.parts.items()}


def contenders() -> dict[str, Callable[[Task], dict[str, Array]]]:
    """All that can run here, the slow ones last."""
    found: dict[str, Callable[[Task], dict[str, Array]]] = {"IsolationForest": isolation_forest}
    for k in NEIGHBORS:
        found[f"{k}-NN"] = lambda task, k=k: {f"{k}-NN": next(iter(neighbors(task, k).values()))}
    found |= {"LOF": local_outlier_factor, "PCA 95 %": pca, "Diabolo": diabolo}
    return found | ({"PyOD AutoEncoder": pyod_autoencoder} if find_spec("pyod") else {})


@dataclass(frozen=True)
class Row:
    """What one contender reached on one set in one mode: medians over the seeds. seconds: of one seed, with its companions."""

    who: str
    mode: str
    name: str
    auc: float
    precision: float
    seconds: float


def judged(task: Task, scores: Mapping[str, Array], seconds: float) -> list[Row]:
    """One row a score; the time belongs to the first."""
    rows = []
    for i, (who, values) in enumerate(scores.items()):
        auc, precision = roc_auc_score(task.truth, values), average_precision_score(task.truth, values)
        rows.append(Row(who, task.mode, task.name, 100 * float(auc), 100 * float(precision), 0.0 if i else seconds))
    return rows


def adbench(sets: list[str], seeds: int, who: list[str] | None, told: Callable[[str], None]) -> list[Row]:
    """All rows of the table, medians over seeds."""
    folder = Path(os.environ.get("DIABOLO_DATA", ".")) / "adbench"
    paths = [p for p in sorted(folder.glob("*.npz"), key=lambda p: p.stat().st_size) if not sets or p.stem in sets]
    if not paths:
        raise SystemExit(f"No sets of ADBench in {folder}. Set DIABOLO_DATA to the folder that holds adbench/*.npz.")
    rows: list[Row] = []
    for path in paths:
        for mode in MODES:
            found: dict[str, list[Row]] = {}
            for seed in range(seeds):
                task = Task.of(path, mode, seed)
                for name, contender in contenders().items():
                    if who and name not in who:
                        continue
                    tick = time.perf_counter()
                    scores = contender(task)
                    for row in judged(task, scores, time.perf_counter() - tick):
                        found.setdefault(row.who, []).append(row)
            rows += [median(many) for many in found.values()]
            told("; ".join(f"{r.who} {r.auc:.1f}/{r.precision:.1f}" for r in rows if (r.name, r.mode) == (path.stem, mode)))
    return rows


def median(rows: list[Row]) -> Row:
    """One row for those of several seeds."""
    figures = {f: float(np.median([getattr(r, f) for r in rows])) for f in ("auc", "precision", "seconds")}
    return Row(rows[0].who, rows[0].mode, rows[0].name, **figures)


def table(rows: list[Row]) -> str:
    """Means over the sets, then every set."""
    whos = list(dict.fromkeys(r.who for r in rows))
    lines = [f"{'mean of the sets':28s}" + "".join(f"{mode:>16s}{'seconds':>9s}" for mode in MODES)]
    for who in whos:
        line = f"{who:28s}"
        for mode in MODES:
            own = [r for r in rows if (r.who, r.mode) == (who, mode)]
            auc, precision = np.mean([r.auc for r in own]), np.mean([r.precision for r in own])
            line += f"{auc:9.2f} /{precision:5.1f}{sum(r.seconds for r in own):9.1f}"
        lines.append(line)
    lines.append("to reach: " + ", ".join(f"{m} {a} / {p}" for m, (a, p) in TARGETS.items()))
    for mode in MODES:
        lines += ["", f"{mode:18s}" + "".join(f"{who[:15]:>16s}" for who in whos)]
        for name in dict.fromkeys(r.name for r in rows):
            own = {r.who: r for r in rows if (r.name, r.mode) == (name, mode)}
            lines.append(f"{name:18s}" + "".join(f"{own[w].auc:9.1f} /{own[w].precision:5.1f}" for w in whos))
    return "\n".join(lines)


CASES = {"adbench": adbench}


def main() -> None:
    """Run the chosen cases and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, nargs="+", default=list(CASES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=[], help="names of files, without .npz; all without")
    parser.add_argument("--who", nargs="+", default=None, choices=list(contenders()), help="all that can run without")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of rivals: too few rows for their neighbors, columns that are constant
    for case in given.case:
        rows = CASES[case](given.sets, given.seeds, given.who, (lambda text: None) if given.json else print)
        print(json.dumps([asdict(r) for r in rows]) if given.json else table(rows), flush=True)


if __name__ == "__main__":
    main()
