"""AnomalyDetector: which rows are unlike the others, how sure that is, and which cells make them so."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from diabolo import store
from diabolo.data import Reading, read_like
from diabolo.data.kinds import MixedTableKind, TableKind
from diabolo.data.sources import Source
from diabolo.errors import ParameterError
from diabolo.estimators.autoencoder import Autoencoder
from diabolo.estimators.features import remember_features
from diabolo.estimators.parameters import asked_of, seed_of
from diabolo.jobs.anomalies.blame.explain import Blame, explain
from diabolo.jobs.anomalies.detector.discoveries import Discoveries, check_rate, discoveries
from diabolo.jobs.anomalies.detector.drift import ALPHA, Drift
from diabolo.jobs.anomalies.detector.screen import (
    CROSS,
    SPLIT,
    Screen,
    check_calibration,
    features_of,
    fit_screen,
    read_rows,
    screen_around,
)
from diabolo.jobs.anomalies.detector.threshold import AUTO, check_contamination
from diabolo.jobs.anomalies.detector.verdict import Verdict
from diabolo.trained import Trained
from diabolo.training.progress import readers_for


@final
class AnomalyDetector(OutlierMixin, BaseEstimator):
    """Finds rows that are unlike those it was fitted to: an autoencoder, its linear twin and nearest neighbors, blended.

    Args:
        autoencoder: ``"auto"``: one that is good at this; the name of a recipe; an :class:`Autoencoder`. A fitted one is used
            as it is, also by clones and in grid searches; ``fit`` then only finds what rows are judged by.
        contamination: the share of anomalies among the rows given to ``fit``, in (0, 0.5]: ``predict`` gives -1 to that share
            of them. ``"auto"``: the rule of :func:`~diabolo.jobs.anomalies.detector.threshold.choose_threshold`, which points
            at those beyond the whisker of a boxplot for skewed values, and at the strangest hundredth at least; with
            ``novelty`` at about 1 % of usual rows.
        novelty: whether the rows given to ``fit`` are known to be normal. Else there may be anomalies among them.
        calibration: how p-values come about. ``"split"``: a fifth of the rows (20 to 1 000, a quarter at most) is held out for
            that alone. ``"cross"``: five more models are trained, for few rows and more exact p-values; see
            :mod:`diabolo.jobs.anomalies.detector.screen` for what each promises. A fitted autoencoder stays as it is, and
            cannot be had with "cross"; rows that it was trained by then never calibrate.
        label, id, ignore: columns of a data frame or file that are no features. Labels are not learned from.
        kind: as of :class:`Autoencoder`, where ``autoencoder`` is none. ``"auto"`` infers it, and takes all tables for mixed
            ones: scaled by what lies in their middle, so that rows far out do not set the scale, and with empty cells allowed.
        random_state: a whole number makes every bit repeatable on one machine; None draws a new seed.
        verbose: 0 silent (a moving line in a notebook), 1 choices, expected false alarms and the verdict, 2 a line an epoch.

    Attributes:
        offset_: ``decision_function(X) = score_samples(X) - offset_``, negative for outliers. false_alarms_: the share of usual
            rows that ``predict`` will say -1 of, as held-out rows say; less where these hold anomalies. threshold_rule_: where
            it comes from: "contamination", "fence" or "level". verdict_: whether the autoencoder beats what is simpler,
            ``print(verdict_)``; None for pictures. calibration_scores_: (m,) of held-out rows, higher is more normal.
            autoencoder_: the :class:`Autoencoder`. trained_: its :class:`~diabolo.trained.Trained` record. kind_, kind_reason_.
            n_features_in_: numbers in a row.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(120, 3))
        >>> detector = AnomalyDetector(Autoencoder(epochs=2), novelty=True, random_state=0).fit(X)
        >>> detector.predict([[0.0, 0.0, 0.0], [9.0, -9.0, 9.0]])
        array([ 1, -1])
        >>> detector.predict([[0.0, 0.0, 0.0], [9.0, -9.0, 9.0]], alpha=0.05)
        array([ 1, -1])
    """

    def __init__(
        self,
        autoencoder: Any = "auto",
        *,
        contamination: float | str = AUTO,
        novelty: bool = False,
        calibration: str = SPLIT,
        label: str | None = None,
        id: str | None = None,
        ignore: Sequence[str] = (),
        kind: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.autoencoder = autoencoder
        self.contamination = contamination
        self.novelty = novelty
        self.calibration = calibration
        self.label = label
        self.id = id
        self.ignore = ignore
        self.kind = kind
        self.random_state = random_state
        self.verbose = verbose

    # --- learning --------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what usual rows are like from X, in any form :meth:`Autoencoder.fit` takes. y is ignored.

        With a fitted autoencoder its own training rows serve, or other rows that are usual.
        """
        check_contamination(self.contamination)
        check_calibration(self.calibration)
        given, seed = self._given(), seed_of(self.random_state)
        trained = getattr(given, "trained_", None)
        rules: dict[str, Any] = {"contamination": self.contamination, "novelty": bool(self.novelty), "seed": seed}
        rules |= {"kind": self.kind, "readers": readers_for(self.verbose)}
        if trained is None:
            reading = self._read(X, given)
            options = None if given is None else asked_of(given, seed)
            screen = fit_screen(reading, options, calibration=self.calibration, **rules)
        else:
            self._check_fits(trained)
            trained = self._ignoring(trained)
            reading = read_like(trained.kind, X, label=self.label, id=self.id)
            screen = screen_around(trained, reading.source, groups=reading.groups, **rules)
        if screen.doubt:
            warnings.warn(screen.doubt, UserWarning, stacklevel=2)
        self._wrap(screen)
        self._remember(X, reset=True)
        return self

    def fit_predict(self, X: Any, y: Any = None, **kwargs: Any) -> np.ndarray:
        """``fit(X)`` and ``predict(X)``: no row is its own nearest neighbor."""
        return self.fit(X).predict(X)

    # --- judging ---------------------------------------------------------------------------------------------------

    def predict(self, X: Any, *, alpha: float | None = None, fdr: float | None = None) -> np.ndarray:
        """-1 for outliers and 1 for the others, (n,) int64.

        Without more, outliers have scores below ``offset_``. alpha: those with a p-value of at most alpha; of usual rows a
        share of alpha is among them. fdr: those that :meth:`discoveries` finds among these rows.
        """
        if alpha is not None and fdr is not None:
            raise ParameterError("Give alpha= (a rate of false alarms among usual rows) or fdr= (among alarms), not both.")
        if fdr is not None:
            found = self.discoveries(X, rate=fdr).found
        elif alpha is not None:
            found = self.p_values(X) <= check_rate(alpha, "alpha")
        else:
            found = self.decision_function(X) < 0
        return np.where(found, -1, 1)

    def score_samples(self, X: Any) -> np.ndarray:
        """(n,), higher is more normal. A row that was given to ``fit`` has the score it had there, with itself left out."""
        return -self._fitted().scores(self._rows(X)).total

    def decision_function(self, X: Any) -> np.ndarray:
        """``score_samples(X) - offset_``, (n,): negative for outliers."""
        return self.score_samples(X) - self.offset_

    def score_parts(self, X: Any) -> dict[str, np.ndarray]:
        """What each of "autoencoder", "linear" and "neighbors" says alone, (n,), higher is more normal."""
        return {name: -values for name, values in self._fitted().scores(self._rows(X)).parts.items()}

    def p_values(self, X: Any, *, smoothed: bool = True) -> np.ndarray:
        """Conformal p-values (n,): of fresh usual rows a share α gets α or less.

        Exactly so where smoothed: ties, and what lies between two steps of 1 / (m + 1), are decided by a number that hangs on
        the row and ``random_state`` alone. Without, they are a little too large. Rows that were given to ``fit`` are not fresh.
        Where the rows of ``fit`` held anomalies, p-values are too large.
        """
        return self._fitted().p_values(self._rows(X), smoothed=smoothed)

    def discoveries(self, X: Any, *, rate: float = 0.1) -> Discoveries:
        """The rows of this batch to look at, of which a share of at most ``rate`` is false on the average; see ``.found``.

        By Benjamini and Hochberg's rule on p-values that are not smoothed. With m held-out rows and n rows in the batch nothing
        can be found unless ``k / n · rate >= 1 / (m + 1)`` for the k strangest.
        """
        return discoveries(self.p_values(X, smoothed=False), rate)

    def explain(self, X: Any, *, most: int = 3) -> tuple[tuple[Blame, ...], ...]:
        """The cells to blame of each row, the first first: what it saw, what was expected, sigmas, and what would clear it.

        A :class:`~diabolo.jobs.anomalies.blame.explain.Blame` each, ``most`` a row at most. UnsupportedError for pictures. The
        model that scores was trained with hidden cells, so it is the one that explains too. Of an ``autoencoder`` that was
        not, blame is less sharp, see :func:`~diabolo.jobs.anomalies.blame.explain.explain`.
        """
        screen = self._fitted()
        self._remember(X, reset=False)
        return explain(screen.trained, X, most=most)

    def drift(self, X: Any, *, alpha: float = ALPHA) -> Drift:
        """Whether these rows are still like the training data, by column and as a whole: ``print(result)``, ``.drifted``.

        See :func:`~diabolo.jobs.anomalies.detector.drift.find_drift`. alpha: the chance of a false alarm.
        """
        alpha, screen, source = check_rate(alpha, "alpha"), self._fitted(), self._rows(X)
        return screen.drift(source, alpha=alpha)

    # --- keeping ---------------------------------------------------------------------------------------------------

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write a model folder (JSON and safetensors, nothing that can run code), which ``load`` and the command line read too.

        It holds the training rows that neighbors are looked for among. ``overwrite=True`` replaces a model folder.
        """
        return store.save(self._fitted().trained, store.prepare_for_model(folder, overwrite=overwrite))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What :meth:`save` wrote. Raises as :func:`diabolo.load` does, and UnsupportedError for another model."""
        return cls.from_trained(store.load(folder))

    @classmethod
    def from_trained(cls, trained: Trained) -> Self:
        """A detector around what travels with a model. UnsupportedError where nothing does that rows are judged by."""
        screen, aside = Screen.of(trained), trained.kind.wants
        detector = cls(
            Autoencoder.from_trained(trained),
            contamination=screen.contamination,
            novelty=screen.novelty,
            calibration=CROSS if screen.method == CROSS else SPLIT,
            kind=screen.kind,
            label=aside.label,
            id=aside.id,
            ignore=aside.ignore,
            random_state=screen.seed,
        )
        detector._wrap(screen)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(detector.autoencoder, name):
                setattr(detector, name, getattr(detector.autoencoder, name))
        return detector

    # --- inside ----------------------------------------------------------------------------------------------------

    def __sklearn_clone__(self) -> Self:
        """An unfitted copy that keeps a fitted autoencoder, which is what it begins with and not what it learns."""
        params = self.get_params(deep=False)
        kept = {"autoencoder": self.autoencoder} if hasattr(self.autoencoder, "trained_") else {}
        return type(self)(**{name: clone(value, safe=False) for name, value in params.items() if name not in kept}, **kept)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = tags.input_tags.categorical = True  # missing cells are masked, text is categories
        return tags

    def _given(self) -> Autoencoder | None:
        """The autoencoder that was given, or one of the recipe that was named; None for ``"auto"``."""
        given = self.autoencoder.estimator if isinstance(self.autoencoder, FrozenEstimator) else self.autoencoder
        if isinstance(given, str):
            return None if given == AUTO else Autoencoder(given, kind=self.kind)
        if not isinstance(given, Autoencoder):
            raise ParameterError(
                f"autoencoder must be an Autoencoder, fitted or not, a recipe's name or 'auto', got {type(given).__name__}."
            )
        return given

    def _check_fits(self, trained: Trained) -> None:
        """Raise ParameterError for what a fitted autoencoder leaves no choice of."""
        if self.calibration == CROSS:
            raise ParameterError(
                "calibration='cross' trains further autoencoders, and a fitted one is used as it is. Give one that is not "
                "fitted, such as sklearn.base.clone(ae), or calibration='split'."
            )
        asked, own = self.kind, trained.kind.name
        if asked not in (AUTO, own) and not (asked == "table" and own == "mixed"):
            raise ParameterError(f"kind={asked!r}, but the fitted autoencoder reads {own!r}. Leave kind at 'auto'.")
        read = [f.name for f in features_of(trained.kind) if f.name in self.ignore]
        if read:
            raise ParameterError(
                f"ignore names columns that the fitted autoencoder reads: {', '.join(map(str, read))}. Train one without them."
            )

    def _ignoring(self, trained: Trained) -> Trained:
        """The model with further columns to ignore in the tables it reads."""
        kind = trained.kind
        if not isinstance(kind, TableKind | MixedTableKind):
            return trained
        further = tuple(name for name in self.ignore if name not in kind.wants.apart)
        aside = dataclasses.replace(kind.aside, ignore=(*kind.aside.ignore, *further))
        return dataclasses.replace(trained, kind=dataclasses.replace(kind, aside=aside)) if further else trained

    def _read(self, X: Any, given: Autoencoder | None) -> Reading:
        names = ("kind", "image_shape", "value_range", "patch")
        asked = {"kind": self.kind} if given is None else {name: getattr(given, name) for name in names}
        return read_rows(X, label=self.label, id=self.id, ignore=self.ignore, **asked)

    def _wrap(self, screen: Screen) -> None:
        self.screen_ = screen
        self.trained_ = screen.trained
        self.offset_ = -screen.threshold.value
        self.false_alarms_ = screen.threshold.false_alarms
        self.threshold_rule_ = screen.threshold.rule
        self.verdict_: Verdict | None = screen.verdict
        self.calibration_scores_ = -screen.usual
        self.kind_ = screen.trained.kind.name
        self.kind_reason_ = str(screen.trained.config.data.get("reason", ""))

    @property
    def autoencoder_(self) -> Autoencoder:
        """The autoencoder, ready to embed, restore and draw."""
        return Autoencoder.from_trained(self._fitted().trained)

    def _fitted(self) -> Screen:
        check_is_fitted(self, "screen_")
        return self.screen_

    def _rows(self, X: Any) -> Source:
        screen = self._fitted()
        self._remember(X, reset=False)
        return read_like(screen.trained.kind, X).source

    def _remember(self, X: Any, *, reset: bool) -> None:
        kind = self.trained_.kind
        if not (hasattr(X, "columns") and kind.wants.apart):
            remember_features(self, X, kind, reset=reset)
        elif reset:  # a frame with columns that are no features, which further rows need not have
            features = features_of(kind)
            self.n_features_in_ = len(features)
            self.feature_names_in_ = np.array([f.name for f in features], dtype=object)
