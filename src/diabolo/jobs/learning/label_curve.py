"""Label curve: how good a classifier is with few labels, with and without what an autoencoder learned before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.labels import rows_and_labels, without_missing
from diabolo.jobs.learning.finetune import Tuning, fine_tune, refuse_conditional, targets_of
from diabolo.metrics.probe import linear_probe
from diabolo.spec import is_whole
from diabolo.trained import Companion, Trained, as_labels
from diabolo.training.device import mixed_seed

COUNTS = (30, 100, 300, 1000)
TEST_SHARE, MOST_TEST = 0.3, 10_000
"""Share of the rows that judge where no others are given, and the most of them."""
PROBED_CELLS = 20_000_000
"""Numbers that a logistic regression is fitted to at most; of more rows it is left out."""
METHODS = ("fine-tuned", "scratch", "frozen", "raw")
_TEST, _LABELS = 21, 22
_USUAL = Tuning()


@final
@dataclass(frozen=True)
class Accuracy:
    """How good one method is with so many labels.

    method: "fine-tuned": the trained encoder, trained further. "scratch": the same network and training from random weights.
    "frozen": logistic regression on the codes. "raw": logistic regression on the rows as the model sees them.
    values: the share of test rows that are right, one a seed.
    """

    method: str
    labels: int
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float:
        """Standard deviation over the seeds, 0 of one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"method": self.method, "labels": self.labels, "mean": self.mean, "std": self.std, "values": list(self.values)}


@final
@dataclass(frozen=True)
class LabelCurve:
    """What :func:`label_curve` finds. Accuracies are shares of ``test_rows`` rows whose labels no method was trained with.

    classes: (C,) as text. pool: rows that labels were drawn from. apart: whether the test rows came by themselves; where they
    did not, the autoencoder may have seen them, without labels. majority: accuracy of always saying the commonest class.
    data: their name, where they have one.
    """

    accuracies: tuple[Accuracy, ...]
    classes: tuple[str, ...]
    pool: int
    test_rows: int
    apart: bool
    seeds: int
    majority: float
    data: str = ""

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of labels, ascending."""
        return tuple(dict.fromkeys(a.labels for a in self.accuracies))

    def at(self, method: str, labels: int) -> Accuracy | None:
        """One point of the curve; None where it was left out."""
        return next((a for a in self.accuracies if (a.method, a.labels) == (method, labels)), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return fields | {"accuracies": [a.to_dict() for a in self.accuracies], "classes": list(self.classes)}

    def kept(self) -> Companion:
        """As a model folder keeps it."""
        return Companion(self.to_dict())

    @classmethod
    def from_kept(cls, kept: Companion) -> Self:
        """The inverse of :meth:`kept`. KeyError, TypeError: a damaged one."""
        data = {f.name: kept.data[f.name] for f in dataclasses.fields(cls)}
        points = tuple(Accuracy(a["method"], a["labels"], tuple(a["values"])) for a in data["accuracies"])
        return cls(**data | {"accuracies": points, "classes": tuple(data["classes"])})


def label_curve(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    counts: Sequence[int | str] = COUNTS,
    seeds: int = 5,
    options: Tuning = _USUAL,
    test: Any = None,
    test_y: Any = None,
    told: Callable[[str], None] = lambda text: None,
) -> LabelCurve:
    """Accuracy against the number of labels: fine-tuned, from scratch, on frozen codes, and on the rows themselves.

    data, y: rows and their labels; rows without one are left out. counts: how many labels; ``"all"``: every row. Counts that
    the rows do not reach are left out. Classes are drawn alike as long as each has rows left; with more labels those drawn
    first stay. seeds: how often all of it is repeated, with other labels and other random weights. test, test_y: rows that
    judge; None: three tenths of the data, drawn once, of each class. told: called with a line before each training.

    Raises DataError for labels that are missing, of one class, fewer than classes, or in the test rows alone; ParameterError
    for counts and seeds that are none.
    """
    _check(counts, seeds)
    refuse_conditional(trained)
    source, labels = labeled(*rows_and_labels(trained, data, y))
    classes, target = targets_of(labels, len(source))
    if test is None:
        judged, pool = _apart(target)
        judges: Source = Subset(source, judged)
        wanted = labels[judged.numpy()]
    else:
        judges, given = rows_and_labels(trained, test, test_y)
        if given is None:
            raise DataError("The test rows came without labels to be judged by: give test_y=, or name their column.")
        judges, wanted = labeled(judges, given, "test_y")
        _check_known(wanted, classes)
        pool = torch.arange(len(source))
    numbers = _numbers(counts, len(pool), len(classes))
    found: dict[tuple[str, int], list[float]] = {}
    for seed in range(seeds):
        order = pool[balanced(target[pool], mixed_seed(options.seed, _LABELS, seed))]
        tuning = dataclasses.replace(options, seed=mixed_seed(options.seed, seed) % 2**31)
        for n in numbers:
            told(f"{n} labels, draw {seed + 1} of {seeds}")
            rows = order[:n].sort().values
            for method, value in _accuracies(
                trained, Subset(source, rows), labels[rows.numpy()], judges, wanted, tuning
            ).items():
                found.setdefault((method, n), []).append(value)
    counted = np.unique(wanted, return_counts=True)[1]
    return LabelCurve(
        accuracies=tuple(Accuracy(m, n, tuple(found[m, n])) for n in numbers for m in METHODS if (m, n) in found),
        classes=tuple(map(str, classes.tolist())),
        pool=len(pool),
        test_rows=len(wanted),
        apart=test is not None,
        seeds=seeds,
        majority=float(counted.max() / len(wanted)),
    )


def balanced(target: Tensor, seed: int) -> Tensor:
    """All positions of target (n,) in random order, one of each class in turn as long as it has any left.

    >>> target = torch.tensor([0, 0, 0, 0, 1, 1])
    >>> target[balanced(target, 0)[:4]].sort().values.tolist()
    [0, 0, 1, 1]
    """
    random = np.random.default_rng(seed)
    numbers = target.numpy()
    drawn = random.permutation(len(numbers))
    turn = np.empty(len(numbers), dtype=np.int64)
    for c in np.unique(numbers):
        own = numbers[drawn] == c
        turn[own] = np.arange(own.sum())
    return torch.from_numpy(drawn[np.lexsort((random.random(len(drawn)), turn))])


def _accuracies(
    trained: Trained, rows: Source, labels: np.ndarray, judges: Source, wanted: np.ndarray, options: Tuning
) -> dict[str, float]:
    tuned, scratch = (fine_tune(trained, rows, labels, options, random_start=r) for r in (False, True))
    found = {"fine-tuned": _right(tuned.predict(judges), wanted), "scratch": _right(scratch.predict(judges), wanted)}
    found["frozen"] = linear_probe(embed(trained, rows), labels, embed(trained, judges), wanted).test_accuracy
    if len(rows) * trained.kind.layout.cells <= PROBED_CELLS:
        found["raw"] = linear_probe(_inside(trained, rows), labels, _inside(trained, judges), wanted).test_accuracy
    return found


def _right(said: np.ndarray, wanted: np.ndarray) -> float:
    return float((said == wanted).mean())


def _inside(trained: Trained, source: Source) -> Tensor:
    """Rows as the model sees them, (n, cells)."""
    return trained.kind.inside(source).flatten(1)


def _apart(target: Tensor) -> tuple[Tensor, Tensor]:
    """Row numbers that judge, three tenths of each class, never all rows of one; and the others."""
    order = balanced(target, mixed_seed(0, _TEST)).numpy()
    share = min(TEST_SHARE, MOST_TEST / len(order))
    numbers, judged = target.numpy()[order], []
    for c in np.unique(numbers):
        own = order[numbers == c]
        judged.append(own[: min(round(share * len(own)), len(own) - 1)])
    rows = np.sort(np.concatenate(judged))
    if len(rows) == 0:
        raise DataError(f"{len(order)} rows with labels are too few to train on some and judge by others. Give more, or test=.")
    return torch.from_numpy(rows), torch.from_numpy(np.setdiff1d(np.arange(len(order)), rows))


def labeled(source: Source, y: Any, named: str = "y") -> tuple[Source, np.ndarray]:
    """The rows that have a label, and their labels (n,)."""
    if y is None:
        raise DataError("Fine-tuning needs labels, one a row, and the data came without any: give y=, or name their column.")
    if np.shape(y) != (len(source),):
        raise DataError(
            f"{named} must have one label a row: there are {len(source)} rows, {named} has the shape {np.shape(y)}."
        )
    labels = without_missing(y)
    there = np.array([v is not None and v == v for v in labels.tolist()], dtype=bool)
    if there.all():
        return source, labels
    return Subset(source, torch.from_numpy(np.flatnonzero(there))), as_labels(np.array(labels[there].tolist()))


def _check_known(wanted: np.ndarray, classes: np.ndarray) -> None:
    """DataError where test rows have labels that no row to train on has."""
    unseen = sorted(map(str, set(wanted.tolist()) - set(classes.tolist())))
    if unseen:
        shown, known = ", ".join(unseen[:10]), ", ".join(map(str, classes[:10]))
        raise DataError(f"Test rows have labels that no row to train on has: {shown}. Known: {known}.")


def _numbers(counts: Sequence[int | str], pool: int, classes: int) -> tuple[int, ...]:
    """How many labels, ascending. DataError where there are fewer than classes, or no count is left."""
    numbers = sorted({pool if n == "all" else int(n) for n in counts})
    if numbers[0] < classes:
        raise DataError(
            f"{numbers[0]} label{'s' * (numbers[0] != 1)} for {classes} classes are too few: each needs one at least."
        )
    reached = tuple(n for n in numbers if n <= pool)
    if not reached:
        raise DataError(
            f"There are {pool} rows to draw labels from, and the least number asked for is {numbers[0]}. Ask for 'all'."
        )
    return reached


def _check(counts: Sequence[int | str], seeds: int) -> None:
    if isinstance(counts, str) or len(counts) == 0 or not all(n == "all" or is_whole(n, 1) for n in counts):
        raise ParameterError(f"counts must be whole numbers of at least 1, or 'all', one or several, got {counts!r}.")
    if not is_whole(seeds, 1):
        raise ParameterError(f"seeds must be a whole number of at least 1, got {seeds!r}.")
