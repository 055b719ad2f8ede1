"""What a straight cut through the code can tell: the linear probe."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from diabolo.errors import DataError
from diabolo.metrics.arrays import flat_codes, labels_of


@final
@dataclass(frozen=True)
class Probe:
    """What :func:`linear_probe` finds; accuracies in [0, 1].

    majority: the test accuracy of always saying the train rows' commonest label. converged: False where the solver
    stopped at its last iteration, so that a little more accuracy may be in the code.
    """

    train_accuracy: float
    test_accuracy: float
    majority: float
    converged: bool

    def to_dict(self) -> dict[str, float | bool]:
        """Plain values by name, ready for JSON."""
        return dict(vars(self))


def linear_probe(train_z: Any, train_labels: Any, test_z: Any, test_labels: Any, *, max_iter: int = 1000) -> Probe:
    """Accuracy of a logistic regression (L2 with C = 1) on standardized codes, fitted on the train rows and on no others.

    train_z: (n, K, *L), test_z: (m, K, *L), labels: (n,) and (m,). A test label that no train row has counts as wrong.
    Raises DataError where the widths differ or the train rows have one label only.
    Reference: Alain & Bengio, 2016, https://arxiv.org/abs/1610.01644.
    """
    train, test = flat_codes(train_z), flat_codes(test_z)
    y, test_y = labels_of(train_labels, len(train)), labels_of(test_labels, len(test))
    if train.shape[1] != test.shape[1]:
        raise DataError(f"Expected test codes of {train.shape[1]} numbers, as the train codes have, got {test.shape[1]}.")
    known, counts = np.unique(y, return_counts=True)
    if len(known) < 2:
        raise DataError(f"A probe needs at least two different labels among the train rows, got only {known[0]!r}.")
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=max_iter))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # told by Probe.converged instead
        model.fit(train, y)
    return Probe(
        train_accuracy=float((model.predict(train) == y).mean()),
        test_accuracy=float((model.predict(test) == test_y).mean()),
        majority=float((test_y == known[counts.argmax()]).mean()),
        converged=bool(np.max(model[-1].n_iter_) < max_iter),
    )
