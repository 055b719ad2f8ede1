"""Screen: a trained model with all that rows are judged by, and what of it promises a rate of false alarms.

What is exchangeable. A conformal p-value is the rank of a row's score among the scores of held-out rows. It promises that of
fresh rows like those held out a share α gets α or less, if nothing that made the score knows a held-out row better than a fresh
one. Such scores come about in three ways:

split       A share of the rows (by a hash of the row number, a split of its own beside training and validation) trains nothing
            and chooses no epoch. The autoencoder and the linear model are fitted to the others. Nearest neighbors are looked
            for among all rows, a held-out row itself left out: so it sees one row less than a fresh one, which makes the fresh
            one look usual by a hair (as in the jackknife). Without novelty, held-out rows also have a say in which rows are
            trusted to be neighbors, as a fresh one has not; a strange one is then left out, and compared as a fresh one is.
            All else is exactly exchangeable (Vovk et al. 2005; Bates et al. 2023). Smoothing makes the rate exact however few
            the held-out rows are; what few rows cost is power, since no p-value is surely below 1 / (m + 1).
cross       For few rows and patient people: the model is fitted to all rows, and each fifth of them scored by a further model
            that was fitted to the other four, autoencoder and all. A companion alone could not be fitted anew: the autoencoder
            would know the rows. Fresh rows are scored by the model of all rows and the others by those of four fifths, so that
            this is the plain cross-validation of Barber et al. 2021, section 2.3: without a guarantee for any data, right where
            leaving out a fifth hardly changes scores, and else rather too careful, since more rows fit better.
validation  For an autoencoder that was trained before, on these rows: its validation rows, which only chose the best epoch.

A row that an autoencoder was trained by, here or before, calibrates nothing: see :mod:`diabolo.jobs.anomalies.seen`.

Rows that hold anomalies make held-out rows strange: p-values are then too large, alarms too few, never too many.

References: Vovk, Gammerman & Shafer 2005, https://doi.org/10.1007/b106715; Barber, Candès, Ramdas & Tibshirani 2021, Predictive
inference with the jackknife+, https://doi.org/10.1214/20-AOS1965; Bates, Candès, Lei, Romano & Sesia 2023, Testing for outliers
with conformal p-values, https://doi.org/10.1214/22-AOS2244
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from diabolo import recipes
from diabolo.data import Reading, read
from diabolo.data.examples import Examples
from diabolo.data.kinds import MixedTableKind, TableKind
from diabolo.data.kinds.base import Kind
from diabolo.data.sources import ArraySource, Source
from diabolo.data.split import folds, split, split_off
from diabolo.data.subset import Subset, at_most
from diabolo.errors import DataError, ParameterError, StoreError, UnsupportedError
from diabolo.jobs.anomalies.blame.column_figures import NAME as USUAL
from diabolo.jobs.anomalies.blame.column_figures import usual_of
from diabolo.jobs.anomalies.calibration import CODES, p_values
from diabolo.jobs.anomalies.detector.drift import ALPHA, Drift, Feature, find_drift
from diabolo.jobs.anomalies.detector.known_rows import Memory, chances, row_keys
from diabolo.jobs.anomalies.detector.scores import Scores, training_options
from diabolo.jobs.anomalies.detector.scoring import among_all, is_table, neighbor_places, score, to_learn_from, with_scores
from diabolo.jobs.anomalies.detector.threshold import AUTO, Threshold, check_contamination, choose_threshold
from diabolo.jobs.anomalies.detector.verdict import ALL, Verdict, cells_spoiled, spoiled, wins
from diabolo.jobs.anomalies.seen import Seen
from diabolo.jobs.inference import codes
from diabolo.jobs.train import GONE_ON_WITH, Options, Reader, train
from diabolo.trained import Companion, Trained
from diabolo.training.events import Notice

NAME = "screen"
SPLIT, CROSS, VALIDATION = "split", "cross", "validation"
CALIBRATIONS = (SPLIT, CROSS)
FOLDS = 5
LEAST_ROWS = 4
HELD_OUT, LEAST_HELD_OUT, MOST_HELD_OUT, MOST_SHARE = 0.2, 20, 1_000, 0.25
SAMPLE_ROWS = 2_000
MOST_SPOILED = 2_000
UNKNOWN = (
    "The autoencoder does not tell which rows it was trained by (a version before this one wrote it, or they were too many): "
    "if some of these were among them, p-values are too small."
)


@final
@dataclass(frozen=True, eq=False)
class Screen:
    """What :func:`fit_screen` makes. It travels with the model as the companion "screen".

    usual: (m,) scores of held-out rows, higher is stranger. method: "split", "cross" or "validation", how they were held out.
    memory: the scores of the rows given to fit; a row that is one of them has the score it had there, not its own neighbor.
    sample: (k, d) raw training rows, each column sorted by itself, NaN last; None for pictures. verdict: None for pictures.
    kind: how the rows were asked to be read. doubt: why p-values may be too small, "" where nothing speaks for it.
    """

    trained: Trained
    usual: np.ndarray
    method: str
    memory: Memory
    threshold: Threshold
    contamination: float | str
    novelty: bool
    seed: int
    sample: np.ndarray | None
    verdict: Verdict | None
    kind: str = AUTO
    doubt: str = ""

    def scores(self, source: Source, keys: np.ndarray | None = None) -> Scores:
        """How strange rows are, higher is stranger. keys: of the rows, where they are known already."""
        return recalled(self.trained, self.memory, source, row_keys(source) if keys is None else keys)

    def p_values(self, source: Source, *, smoothed: bool = True) -> np.ndarray:
        """Conformal p-values, (n,); smoothed by numbers that are the same for the same row whatever rows it comes with."""
        keys = row_keys(source)
        return p_values(self.scores(source, keys).total, self.usual, chances(keys, self.seed) if smoothed else None)

    def drift(self, source: Source, *, alpha: float = ALPHA) -> Drift:
        """Whether rows are still like the training data, see :func:`diabolo.jobs.anomalies.detector.drift.find_drift`."""
        keys = row_keys(source)
        fresh = self.scores(source, keys).total[self.memory.places(keys) < 0]
        now = np.empty((len(source), 0)) if self.sample is None else _raw(source, torch.arange(len(source)))
        return find_drift(self.sample, now, features_of(self.trained.kind), self.usual, fresh, alpha=alpha)

    def in_words(self) -> tuple[str, ...]:
        """What a user should know: how often the threshold errs, and the verdict."""
        doubt = "" if self.novelty else "; fewer where these hold anomalies"
        share, rows = self.threshold.false_alarms, len(self.usual)
        told = f"Expected false alarms: {share:.2%} of usual rows, as {rows} held-out rows say{doubt}."
        return tuple(filter(None, (told, "" if self.verdict is None else str(self.verdict), self.doubt)))

    def companion(self) -> Companion:
        """As the store keeps it."""
        data = {
            "method": self.method,
            "threshold": self.threshold.to_dict(),
            "contamination": self.contamination,
            "novelty": self.novelty,
            "seed": self.seed,
            "kind": self.kind,
            "doubt": self.doubt,
            "verdict": None if self.verdict is None else self.verdict.to_dict(),
        }
        kept = {f"memory.{name}": values for name, values in self.memory.values.items()}
        arrays = {"usual": self.usual, "keys": self.memory.keys.view(np.int64), **kept}
        return Companion(data, arrays | ({} if self.sample is None else {"sample": self.sample}))

    @classmethod
    def of(cls, trained: Trained) -> Self:
        """What travels with a model. UnsupportedError where there is nothing, StoreError for what does not fit together."""
        kept = trained.companions.get(NAME)
        if kept is None:
            raise UnsupportedError(
                "This model carries nothing that an AnomalyDetector judges rows by: it never did, or it was trained further, "
                "after which old thresholds do not hold. Fit one around it, on rows that are usual: AnomalyDetector(ae).fit(X)."
            )
        try:
            return cls._read(trained, kept)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise StoreError(
                f"What the model carries to judge rows by is damaged, or of a newer version ({problem!r}). Load it with the "
                "version that wrote it, or fit anew, on rows that are usual: AnomalyDetector(ae).fit(X)."
            ) from problem

    @classmethod
    def _read(cls, trained: Trained, kept: Companion) -> Self:
        data, arrays = kept.data, kept.arrays
        values = {name.removeprefix("memory."): v for name, v in arrays.items() if name.startswith("memory.")}
        return cls(
            trained,
            arrays["usual"],
            str(data["method"]),
            Memory(arrays["keys"].view(np.uint64), values),
            Threshold(**data["threshold"]),
            data["contamination"],
            bool(data["novelty"]),
            int(data["seed"]),
            arrays.get("sample"),
            None if data["verdict"] is None else Verdict.from_dict(data["verdict"]),
            str(data.get("kind", AUTO)),
            str(data.get("doubt", "")),
        )


def read_rows(data: Any, *, kind: str = AUTO, **asked: Any) -> Reading:
    """Data as :func:`diabolo.data.read` reads them; where nobody says which kind, all tables as mixed ones, since further rows
    may have empty cells, and these may be far out."""
    reading = read(data, kind=kind, **asked)
    return read(data, kind="mixed", **asked) if kind == AUTO and isinstance(reading.kind, TableKind) else reading


def fit_screen(
    reading: Reading,
    options: Options | None = None,
    *,
    contamination: float | str = AUTO,
    novelty: bool = False,
    calibration: str = SPLIT,
    seed: int = 0,
    kind: str = AUTO,
    readers: Sequence[Reader] = (),
) -> Screen:
    """Train a model on rows, and keep with it what further rows are judged by.

    Args:
        reading: the rows, with anomalies among them unless ``novelty``. options: of the training, None for :func:`options_for`.
        contamination: see :func:`diabolo.jobs.anomalies.detector.threshold.choose_threshold`.
        calibration: ``"split"`` or ``"cross"``, see the top of this file. seed: of everything that is drawn.
        kind: how the rows were asked to be read, to be kept.

    Raises:
        ParameterError for options, DataError for fewer than four rows, UnsupportedError for squares of photographs and for
        conditional recipes.
    """
    check_calibration(calibration)
    _check(reading, options)
    check_contamination(contamination)
    source, n = reading.source, len(reading.source)
    fit = _Fit(reading, options, novelty, seed)
    if calibration == SPLIT:
        learning, held_out = split_off(n, rows_held_out(n), reading.groups)
        trained = fit.model(learning, readers)
        found = _calibrated(trained, source, learning, held_out, novelty=novelty, seed=seed)
    else:
        found = _crossed(fit, readers)
    return _told(_screen(found, source, calibration, contamination, novelty=novelty, seed=seed, kind=kind), readers)


def screen_around(
    trained: Trained,
    source: Source,
    *,
    contamination: float | str = AUTO,
    novelty: bool = False,
    groups: np.ndarray | None = None,
    seed: int = 0,
    kind: str = AUTO,
    readers: Sequence[Reader] = (),
) -> Screen:
    """A screen around a model that is trained already and stays as it is.

    source: the rows it was trained on, whose validation rows then calibrate; or others, some of which are held out, none that
    it was trained by.

    Raises as :func:`fit_screen` does, and DataError where the model was trained by all of these rows, or by nobody knows which
    of them.
    """
    check_contamination(contamination)
    if trained.config.labels:
        raise UnsupportedError("An AnomalyDetector knows no labels, and this autoencoder needs them. Train one without.")
    _check_rows(len(source), patches=trained.kind.patches)
    method, held_out, doubt = _not_trained_by(trained, source, groups)
    learning = torch.from_numpy(np.setdiff1d(np.arange(len(source)), held_out.numpy()))
    if len(held_out) == 0 or len(learning) < 2:
        raise DataError(
            "The autoencoder was trained on all of these rows, or all but a few, so none is left to calibrate by. Fit the "
            "AnomalyDetector on other rows, or train the autoencoder with validation_fraction=0.1."
        )
    found = _calibrated(trained, source, learning, held_out, novelty=novelty, seed=seed)
    screen = _screen(found, source, method, contamination, novelty=novelty, seed=seed, kind=kind, doubt=doubt)
    return _told(screen, readers)


def check_calibration(given: str) -> None:
    """Raise ParameterError for a way to p-values that is none."""
    if given not in CALIBRATIONS:
        raise ParameterError(f"calibration must be one of {', '.join(map(repr, CALIBRATIONS))}, got {given!r}.")


def options_for(kind: Kind, rows: int, *, seed: int) -> Options:
    """How the autoencoder is trained where nobody says."""
    if kind.name == "image":
        return Options(recipe="denoising", seed=seed)
    return training_options(rows, seed=seed)


def features_of(kind: Kind) -> tuple[Feature, ...]:
    """The columns of a table's raw rows; () for pictures."""
    if isinstance(kind, MixedTableKind):
        return tuple(Feature(name, not sort.counted) for name, sort in zip(kind.names, kind.sorts, strict=True))
    return tuple(Feature(name) for name in kind.names) if isinstance(kind, TableKind) else ()


def rows_held_out(n: int) -> int:
    """How many of n rows calibrate: a fifth, but at least 20 and at most 1 000, and a quarter at most.

    >>> [rows_held_out(n) for n in (40, 80, 1_000, 100_000)]
    [10, 20, 200, 1000]
    """
    return max(1, min(max(round(HELD_OUT * n), LEAST_HELD_OUT), MOST_HELD_OUT, int(MOST_SHARE * n)))


def held_out_of(n: int, groups: np.ndarray | None = None) -> Tensor:
    """The numbers of those of n rows that :func:`fit_screen` holds out for calibration, int64. groups: see :class:`Reading`."""
    return split_off(n, rows_held_out(n), groups)[1]


def recalled(trained: Trained, memory: Memory, source: Source, keys: np.ndarray) -> Scores:
    """Scores of rows, those remembered from memory and the others from the model."""
    place = memory.places(keys)
    new = np.flatnonzero(place < 0)
    values = {name: known[place] for name, known in memory.values.items()}  # of new rows overwritten below
    if len(new):
        fresh = _named(score(trained, Subset(source, torch.from_numpy(new))))
        for name, found in fresh.items():
            values[name][new] = found
    total = values.pop(ALL)
    return Scores(total, values)


@final
@dataclass(frozen=True, eq=False)
class _Fit:
    """How models of some of the rows are trained."""

    reading: Reading
    options: Options | None
    novelty: bool
    seed: int

    def model(self, rows: Tensor, readers: Sequence[Reader] = ()) -> Trained:
        """A model of these rows, or of those among them that can be trusted."""
        kind = self.reading.kind
        rows = to_learn_from(kind, self.reading.source, rows, novelty=self.novelty, seed=self.seed)
        options = self.options or options_for(kind, len(rows), seed=self.seed)
        return train(_part(self.reading, rows), options, readers=readers)


@final
@dataclass(frozen=True, eq=False)
class _Found:
    """A model with its scores. memory: of the rows it knows. usual, own: scores of held-out rows and of all. learning: the
    numbers of the rows it was fitted to. wins: see :class:`Verdict`."""

    trained: Trained
    memory: Memory
    usual: np.ndarray
    own: np.ndarray
    learning: Tensor
    wins: dict[str, np.ndarray]


def _calibrated(trained: Trained, source: Source, learning: Tensor, held_out: Tensor, *, novelty: bool, seed: int) -> _Found:
    """A model that was fitted to the rows ``learning``, calibrated by others, as is what it blames cells by."""
    apart = with_scores(trained, source, learning, novelty=novelty, seed=seed)
    whole = among_all(apart, source, seed=seed)
    expected = usual_of(whole, Examples(source, whole.kind), held_out, held_out=True)
    whole = whole if expected is None else whole.with_companion(USUAL, expected)
    own = _named(score(whole, source, training=True))
    memory = Memory.of(row_keys(source), own, neighbor_places(whole))
    return _Found(whole, memory, own[ALL][held_out.numpy()], own[ALL], learning, _wins(apart, source, held_out, seed))


def _crossed(fit: _Fit, readers: Sequence[Reader]) -> _Found:
    """A model that was fitted to all rows, calibrated by further ones that were each fitted to four fifths."""
    source, novelty, seed = fit.reading.source, fit.novelty, fit.seed
    n = len(source)
    everything = torch.arange(n)
    fold = torch.from_numpy(folds(n, min(FOLDS, n), fit.reading.groups))
    usual, won = np.empty(n), []
    for k in fold.unique():
        others, apart = (fold != k).nonzero()[:, 0], (fold == k).nonzero()[:, 0]
        model = with_scores(fit.model(others), source, others, novelty=novelty, seed=seed)
        rest, left = Subset(source, others), Subset(source, apart)
        memory = Memory.of(row_keys(rest), _named(score(model, rest, training=True)), neighbor_places(model))
        usual[apart.numpy()] = recalled(model, memory, left, row_keys(left)).total
        won.append(_wins(model, source, apart, seed))
    trained = with_scores(fit.model(everything, readers), source, everything, novelty=novelty, seed=seed)
    own = _named(score(trained, source, training=True))
    wins = {name: np.concatenate([w[name] for w in won]) for name in won[0]}
    memory = Memory.of(row_keys(source), own, neighbor_places(trained))
    return _Found(trained, memory, usual, own[ALL], everything, wins)


def _screen(
    found: _Found,
    source: Source,
    method: str,
    contamination: float | str,
    *,
    novelty: bool,
    seed: int,
    kind: str,
    doubt: str = "",
) -> Screen:
    threshold = choose_threshold(contamination, found.own, found.usual, novelty=novelty)
    sample = _sample(source, found.learning, seed) if is_table(found.trained) else None
    columns = 0 if sample is None else sample.shape[1]
    verdict = Verdict.of(found.wins, cells_spoiled(columns), columns) if found.wins else None
    contamination = contamination if isinstance(contamination, str) else float(contamination)
    screen = Screen(
        found.trained,
        found.usual,
        method,
        found.memory,
        threshold,
        contamination,
        novelty,
        seed,
        sample,
        verdict,
        kind,
        doubt,
    )
    return dataclasses.replace(screen, trained=found.trained.with_companion(NAME, screen.companion()))


def _told(screen: Screen, readers: Sequence[Reader]) -> Screen:
    for reader in readers:
        for text in screen.in_words():
            reader(Notice(text, about=NAME))
    return screen


def _wins(trained: Trained, source: Source, held_out: Tensor, seed: int) -> dict[str, np.ndarray]:
    """Which score finds a spoiled copy stranger than the row itself, of up to 2 000 held-out rows; {} for pictures."""
    if not is_table(trained) or len(held_out) < 2:
        return {}
    some = held_out[torch.from_numpy(at_most(len(held_out), MOST_SPOILED, seed))]
    as_is = _named(score(trained, Subset(source, some)))
    worse = _named(score(trained, ArraySource(spoiled(source, some, seed))))
    return {name: wins(worse[name], values) for name, values in as_is.items()}


def _named(scores: Scores) -> dict[str, np.ndarray]:
    """The scores by name, the total as "all"."""
    return {**scores.parts, ALL: scores.total}


def _sample(source: Source, rows: Tensor, seed: int) -> np.ndarray:
    """Up to 2 000 raw rows, (k, d), each column sorted by itself: enough to compare columns; no row can be read off it."""
    some = rows[torch.from_numpy(at_most(len(rows), SAMPLE_ROWS, seed))]
    return np.sort(_raw(source, some), axis=0)


def _raw(source: Source, rows: Tensor) -> np.ndarray:
    """Rows of a table as they came, (n, d) float64."""
    return np.asarray(source.take(rows).cpu().numpy().astype(np.float64))


def _part(reading: Reading, rows: Tensor) -> Reading:
    """Some rows of a reading, without their labels, which an anomaly detector does not learn from."""
    groups = None if reading.groups is None else reading.groups[rows.numpy()]
    return dataclasses.replace(reading, source=Subset(reading.source, rows), labels=None, ids=None, groups=groups)


def _not_trained_by(trained: Trained, source: Source, groups: np.ndarray | None) -> tuple[str, Tensor, str]:
    """Which rows may calibrate a model that was trained before: the method, their numbers, and what is doubtful about them."""
    n, seen = len(source), Seen.of(trained)
    same, first = _was_trained_on(trained, source), split_off(n, rows_held_out(n), groups)[1]
    if seen is None:
        return _by_their_places(trained, n, groups, first, same=same)
    keys = row_keys(source)
    learned, validation = split(n, seen.fraction, groups)
    if seen.once(keys[learned.numpy()]):
        return VALIDATION, validation, ""  # by their numbers, since rows held out may be equal to others
    lacks, known = seen.lacks(keys), seen.has(keys)
    if same and not known.any():  # as where numbers were rounded
        raise DataError(
            "The autoencoder was trained on rows so like these that their codes are the same, though not one is equal to what "
            "it was. Fit the AnomalyDetector on the rows in the very type that the autoencoder was trained on, or on others."
        )
    if groups is not None:
        lacks &= ~np.isin(groups, groups[~lacks])
    if lacks[first.numpy()].all():
        return SPLIT, first, ""
    free = torch.from_numpy(np.flatnonzero(lacks))
    if len(free) > max(2, MOST_SHARE * n):
        free = free[
            split_off(len(free), min(rows_held_out(n), len(free) - 1), None if groups is None else groups[free.numpy()])[1]
        ]
    return VALIDATION if known.any() else SPLIT, free, ""


def _by_their_places(
    trained: Trained, n: int, groups: np.ndarray | None, first: Tensor, *, same: bool
) -> tuple[str, Tensor, str]:
    """The same where a model does not tell which rows it was trained by: by the numbers of the rows, if they are the same."""
    again = any(reason.endswith(GONE_ON_WITH) for reason in trained.config.reasons)
    if same and again:
        raise DataError(
            "The autoencoder was trained several times, on these rows among others, and does not tell which of them it was "
            "trained by (a version before this one wrote it, or they were too many), so that none can calibrate. Fit the "
            "AnomalyDetector on other rows, or the autoencoder anew."
        )
    if same:
        return VALIDATION, split(n, float(trained.config.options["validation_fraction"]), groups)[1], ""
    return SPLIT, first, UNKNOWN


def _was_trained_on(trained: Trained, source: Source) -> bool:
    """Whether these are the rows of the training: as many, and those whose codes were kept have them still."""
    kept = trained.companions[CODES].arrays
    rows = kept["row"][:16]
    if trained.config.data.get("rows") != len(source) or (len(rows) and rows.max() >= len(source)):
        return False
    z = codes(trained, Subset(source, torch.from_numpy(rows.copy()))).flatten(1).numpy()
    return bool(np.allclose(z, kept["z"][:16], rtol=1e-3, atol=1e-4))


def _check(reading: Reading, options: Options | None) -> None:
    if options is not None and recipes.get(options.recipe).conditional:
        raise UnsupportedError(
            f"An AnomalyDetector knows no labels, and the recipe {options.recipe!r} needs them. Take one without."
        )
    _check_rows(len(reading.source), patches=reading.kind.patches)


def _check_rows(n: int, *, patches: bool) -> None:
    if n < LEAST_ROWS:
        raise DataError(f"Found {n} sample(s) while an AnomalyDetector needs at least {LEAST_ROWS}: give more rows.")
    if patches:
        raise UnsupportedError("Photographs are judged as a whole, by Autoencoder(..., patch=...).detect.")
