"""Curves: what a training's history says, by rules that are stated here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from diabolo.jobs.findings import Finding
from diabolo.trained import CRITIC, Trained

Row = Mapping[str, float]

SHORT = 5  # epochs below which nothing can be read from a curve
TAIL = 0.1  # the share of the epochs that counts as the end
FALLING = 0.1  # of the second half's gain, made in the tail: from here on the curve still falls
MOVING = 0.01  # of the whole fall, made in the second half: below this it does not move any more
RISE = 0.02  # of the whole fall, lost again at the end: from here on it is overfitting
GAP = 1.5  # held-out error over training error: from here on the model knows its training rows too well
SLOW = 0.1  # of the highest learning rate: below this a flat end may be the schedule's doing
WAITED = 10  # epochs after the best one, from which on a training that ended before its plan was stopped for want of progress


@final
@dataclass(frozen=True)
class Curves:
    """What :func:`judge_curves` finds in the last run of a history.

    epochs: passes in this run. best: number of the epoch whose weights were kept. watched: the column that chose it.
    everyday: name of the everyday figure; train, held_out: its values in the best epoch, None where there is none. seconds:
    of training.
    """

    epochs: int
    best: int
    watched: str
    everyday: str
    train: float | None
    held_out: float | None
    seconds: float
    findings: tuple[Finding, ...]

    def has(self, key: str) -> bool:
        """Whether a finding of that key is among them."""
        return any(f.key == key for f in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"findings": [f.to_dict() for f in self.findings]}


def read_curves(trained: Trained) -> Curves | None:
    """:func:`judge_curves` of a model's own history; None where it has none."""
    steps = trained.config.plan.get("steps")
    return judge_curves(trained.history, trained.model.composition.likelihood.everyday, steps) if trained.history else None


def judge_curves(history: Sequence[Row], everyday: str, steps: int | None = None) -> Curves:
    """Read the last run of a history. steps: what its plan allowed.

    With w the watched loss (validation, else training), m its least value so far and its whole fall that from the first
    epoch to the best:

    - ``curves.short``: fewer than 5 epochs; nothing else is said.
    - ``curves.stopped``: it ended before its plan, at least 10 epochs after the best one, with ``.training`` where the training
      loss was watched; ``curves.ended`` where sooner.
    - ``curves.overfit``: over the last tenth of the epochs w is, in the median, above its least value by 2 % of the whole fall
      or more, while the training loss is lower than in the best epoch.
    - ``curves.falling``: not overfitting; the second half brought 1 % of the whole fall or more, and the last tenth brought
      10 % of that or more. Else ``curves.level``, or ``curves.level-schedule`` where the learning rate was below a tenth of its
      highest by then.
    - ``curves.gap``: in the best epoch the held-out everyday figure is 1.5 times the training's or more.
    - ``curves.unwatched``: no rows were held out.
    - ``curves.critic``: a critic judged (a column ends in ``_critic``). Its opinion changes as it learns, so the losses of two
      epochs cannot be compared: of the above, only short runs, gaps and rows that were not held out are spoken of, and the best
      epoch is the last.
    """
    run = last_run(history)
    held_out = "validation_loss" in run[0]
    watched = "validation_loss" if held_out else "train_loss"
    w = _column(run, watched)
    best, judged = best_of(run), has_critic(run)
    train, other = (run[best].get(f"{side}_{everyday}") for side in ("train", "validation"))
    found = [] if held_out else [Finding("curves.unwatched")]
    if len(run) < SHORT:
        found.insert(0, Finding("curves.short", {"n": len(run)}))
    else:
        shape = [Finding("curves.critic")] if judged else [*_ended(run, best, steps), *_shape(run, w, best)]
        found = [*shape, *_gap(train, other), *found]
    return Curves(
        epochs=len(run),
        best=int(run[best]["epoch"]),
        watched=watched,
        everyday=everyday,
        train=train,
        held_out=other,
        seconds=float(run[-1].get("seconds", 0.0)),
        findings=tuple(found),
    )


def has_critic(run: Sequence[Row]) -> bool:
    """Whether a critic had a say in these losses."""
    return any(column.endswith(CRITIC) for column in run[-1])


def best_of(run: Sequence[Row]) -> int:
    """The row of a run whose weights were kept: the least validation loss, or training loss with nothing held out; the last
    one with a critic.

    >>> best_of([{"train_loss": 2.0}, {"train_loss": 1.0}, {"train_loss": 3.0}])
    1
    """
    w = _column(run, "validation_loss" if "validation_loss" in run[0] else "train_loss")
    return int(np.nanargmin(w)) if np.isfinite(w).any() and not has_critic(run) else len(run) - 1


def last_run(history: Sequence[Row]) -> Sequence[Row]:
    """The rows since training was last begun: where it is gone on with, its steps count from the beginning.

    >>> [row["epoch"] for row in last_run([{"epoch": 1, "step": 9}, {"epoch": 2, "step": 18}, {"epoch": 3, "step": 9}])]
    [3]
    """
    steps = [row.get("step", i) for i, row in enumerate(history)]
    begun = max((i for i in range(1, len(steps)) if steps[i] <= steps[i - 1]), default=0)
    return history[begun:]


def _ended(run: Sequence[Row], best: int, steps: int | None) -> list[Finding]:
    if steps is None or run[-1].get("step", steps) >= steps:
        return []
    waited = len(run) - 1 - best
    values = {"epoch": int(run[-1]["epoch"]), "best": int(run[best]["epoch"]), "n": waited}
    watched = "" if "validation_loss" in run[-1] else ".training"
    return [Finding(f"curves.stopped{watched}" if waited >= WAITED else "curves.ended", values)]


def _shape(run: Sequence[Row], w: NDArray[np.float64], best: int) -> list[Finding]:
    """Overfitting, still falling, or level."""
    tail = max(1, round(TAIL * len(w)))
    least = np.fmin.accumulate(w)
    whole = float(least[0] - least[-1])
    train = _column(run, "train_loss")
    lost = float(np.nanmedian(w[-tail:])) - float(least[-1])
    learned = float(np.nanmedian(train[-tail:])) < float(train[best])
    if whole > 0 and lost >= RISE * whole and learned and best < len(w) - tail:
        return [Finding("curves.overfit", {"epoch": int(run[best]["epoch"])})]
    half = float(least[(len(w) - 1) // 2] - least[-1])
    end = float(least[-tail - 1] - least[-1])
    if whole > 0 and half >= MOVING * whole and end >= FALLING * half:
        return [Finding("curves.falling", {"share": end / half, "n": tail})]
    rates = _column(run, "learning_rate")
    slowed = np.isfinite(rates).all() and rates[-1] < SLOW * rates.max()
    return [Finding("curves.level-schedule" if slowed else "curves.level", {"epoch": int(run[best]["epoch"])})]


def _gap(train: float | None, held_out: float | None) -> list[Finding]:
    if train is None or held_out is None or train <= 0 or held_out < GAP * train:
        return []
    return [Finding("curves.gap", {"times": held_out / train})]


def _column(run: Sequence[Row], name: str) -> NDArray[np.float64]:
    return np.array([row.get(name, np.nan) for row in run], dtype=float)


def telling(trained: Trained) -> list[dict[str, float]]:
    """The history's columns that say something of their own, for drawing.

    What is left out: the reconstruction, which the everyday figure shows; a price of the code that is 0 or the KL; a loss that
    is the everyday figure in another unit.
    """
    rows = [dict(row) for row in trained.history]
    everyday = trained.model.composition.likelihood.everyday
    measures = {column.partition("_")[2] for row in rows for column in row if column.startswith("train_")}
    cost, loss, shown = (_column(rows, f"train_{name}") for name in ("cost", "loss", everyday))
    dropped = {"reconstruction"}
    if "kl" in measures or not cost.any():
        dropped.add("cost")
    if not measures - {"loss", "cost", "reconstruction", everyday} and _alike(loss, shown):
        dropped.add("loss")
    unsaid = {f"{side}_{measure}" for side in ("train", "validation") for measure in dropped}
    return [{k: v for k, v in row.items() if k not in unsaid} for row in rows]


def _alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether one is a line in the other."""
    if len(a) < 3 or not (np.isfinite(a).all() and np.isfinite(b).all()) or a.std() == 0 or b.std() == 0:
        return False
    return bool(np.corrcoef(a, b)[0, 1] > 0.99999)
