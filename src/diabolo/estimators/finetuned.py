"""FineTunedClassifier: a classifier that begins with a trained encoder."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, Self, final

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from diabolo.errors import DataError, ParameterError
from diabolo.estimators.autoencoder import Autoencoder
from diabolo.estimators.features import remember_features
from diabolo.estimators.parameters import seed_of
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.learning.finetune import ClassifierModule, FineTuned, Tuning, fine_tune, refuse_conditional, targets_of
from diabolo.trained import Trained


@final
class FineTunedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier whose encoder learned without labels before, and is trained further with a few.

    Args:
        autoencoder: an :class:`Autoencoder`. A fitted one is used as it is, also by clones of this estimator and so in grid
            searches; one that is not is fitted to X first. None: ``Autoencoder("denoising")``.
        epochs: passes over the labeled rows at most; ``"auto"``: about 1 500 steps. Labels held out choose the best one.
        batch_size: rows a step. learning_rate: of the head. encoder_rate: the encoder's, as a multiple of it.
        dropout: share of the features that the head does not see in training. weight_decay: of all weights.
        random_state: a whole number makes it repeatable.

    Attributes:
        classes_: (C,). finetuned_: a :class:`~diabolo.jobs.learning.finetune.FineTuned`. module_: rows in your own scale
            to logits, an ``nn.Module``. autoencoder_: the autoencoder it began with. n_features_in_: numbers a row.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> ae = Autoencoder("plain", latent_dim=2, epochs=2, random_state=0).fit(X)
        >>> FineTunedClassifier(ae, epochs=5, random_state=0).fit(X[::5], y[::5]).predict_proba(X).shape
        (150, 3)
    """

    def __init__(
        self,
        autoencoder: Any = None,
        *,
        epochs: int | str = "auto",
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        encoder_rate: float = 0.3,
        dropout: float = 0.2,
        weight_decay: float = 0.01,
        random_state: Any = None,
    ) -> None:
        self.autoencoder = autoencoder
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.encoder_rate = encoder_rate
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on rows X, in any form :meth:`Autoencoder.fit` takes, with labels y (n,), or those that came with X."""
        options, given = self._options(), self._given()
        if y is not None:
            y = column_or_1d(y, warn=True)
            if y.dtype.kind == "f" and not np.isfinite(y).all():
                raise DataError("Input y contains NaN or infinity. Leave those rows out, or give them a label of their own.")
            check_classification_targets(y)
            targets_of(y, len(y))
        trained = getattr(given, "trained_", None)
        if trained is not None:
            refuse_conditional(trained)
            remember_features(given, X, trained.kind, reset=False)
        else:
            given = clone(given).fit(X)
            trained = given.trained_
        source, labels = rows_and_labels(trained, X, y)
        if labels is None:
            raise DataError("FineTunedClassifier requires y to be passed, but the target y is None. Give labels, one a row.")
        self.autoencoder_ = given
        self.finetuned_: FineTuned = fine_tune(trained, source, labels, options)
        self.module_: ClassifierModule = self.finetuned_.module
        self.classes_ = self.finetuned_.classes
        remember_features(self, X, trained.kind, reset=True)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """p(class | row), (n, C), in the order of ``classes_``."""
        return self._fitted(X).probabilities(X)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row, (n,)."""
        return self._fitted(X).predict(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The share of rows whose label is found. y: labels (n,), or None: those that came with X.

        Warns of labels that no row had in ``fit``; such rows count as wrong.
        """
        if y is None:
            _, y = rows_and_labels(self._fitted(X).base, X)
        if y is None:
            raise DataError("A score needs labels, one a row, and X came without any: score(X, y).")
        unseen = sorted({str(v) for v in np.ravel(np.asarray(y)).tolist() if v not in set(self._fitted().classes.tolist())})
        if unseen:
            warnings.warn(
                f"y holds labels never seen in fit, whose rows count as wrong: {', '.join(unseen[:10])}. "
                f"Known: {', '.join(map(str, self.classes_[:10]))}.",
                stacklevel=2,
            )
        return float(super().score(X, y, sample_weight))

    # --- inside ----------------------------------------------------------------------------------------------------

    def __sklearn_clone__(self) -> Self:
        """An unfitted copy that keeps a fitted autoencoder, which is what it begins with and not what it learns."""
        params = self.get_params(deep=False)
        kept = {"autoencoder": self.autoencoder} if self._trained() is not None else {}
        return type(self)(**{name: clone(value, safe=False) for name, value in params.items() if name not in kept}, **kept)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = tags.input_tags.categorical = True
        return tags

    def _given(self) -> Autoencoder:
        given = self.autoencoder.estimator if isinstance(self.autoencoder, FrozenEstimator) else self.autoencoder
        if given is None:
            return Autoencoder("denoising", random_state=self.random_state)
        if not isinstance(given, Autoencoder):
            raise ParameterError(f"autoencoder must be an Autoencoder, fitted or not, got {type(given).__name__}.")
        return given

    def _trained(self) -> Trained | None:
        return getattr(self.autoencoder, "trained_", None)

    def _options(self) -> Tuning:
        names = {f.name for f in dataclasses.fields(Tuning)} - {"seed"}
        options = Tuning(**{name: getattr(self, name) for name in names}, seed=seed_of(self.random_state))
        options.check()
        return options

    def _fitted(self, X: Any = None) -> FineTuned:
        check_is_fitted(self, "finetuned_")
        if X is not None:
            remember_features(self, X, self.finetuned_.base.kind, reset=False)
        return self.finetuned_
