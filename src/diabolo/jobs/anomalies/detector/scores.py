"""Scores: how strange rows of a table are to the autoencoder, a linear model and the nearest neighbors, and to all three."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data.kinds.base import Kind
from diabolo.data.reading import Reading
from diabolo.data.sources import Source
from diabolo.data.subset import Subset, at_most
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.anomalies.detector.residuals import Residuals
from diabolo.jobs.anomalies.detector.ruler import Ruler
from diabolo.jobs.anomalies.detector.trust import MOST_ROWS, standardized, trusted, usual
from diabolo.jobs.anomalies.detector.view import View
from diabolo.jobs.train import Options, Reader, train
from diabolo.parts.corruptions import NoisyMask
from diabolo.parts.networks import Mlp
from diabolo.trained import Companion, Trained
from diabolo.training.optimizers import AdamW, Muon
from diabolo.training.plan import steps_per_epoch

WEIGHTS = {"autoencoder": 0.3, "linear": 0.05, "neighbors": 0.65}
"""What each part counts in the total."""
CLEAN, DIRTY = (1, 5), (5, 50)
"""How near the neighbors are that distances are taken to, in clean training rows and in those that may hold anomalies."""
RULERS = {"plain": Ruler.plain, "bent": Ruler.bending}
PREFIX = "scores-"
LEAST_STEPS, MOST_STEPS, BATCH, WIDTH, RATE = 125, 500, 128, 128, 0.02
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Scores:
    """How strange n rows are; higher is stranger.

    total: (n,), the parts by :data:`WEIGHTS`. parts: by name, (n,) each: the log of what a part measures, in standard
    deviations (by their 99 % quantile) from the median of the training rows that are trusted. "autoencoder": see
    :class:`Residuals`. "linear": :meth:`View.far`. "neighbors": distances to near training rows, :meth:`View.near`. The last
    two are means over columns measured plainly and bent (:class:`Ruler`), and of neighbors over two of them each.
    """

    total: Array
    parts: Mapping[str, Array]


def train_scores(reading: Reading, *, novelty: bool, seed: int, readers: Sequence[Reader] = ()) -> Trained:
    """A model of a table trained so that its scores are good, with what :func:`score_rows` needs, fitted to all rows.

    novelty: whether the rows are clean; else it learns from those it trusts, see
    :func:`diabolo.jobs.anomalies.detector.trust.trusted`.
    """
    everything = torch.arange(len(reading.source))
    rows = everything if novelty else trusted_rows(reading.kind.fit(reading.source, everything), reading.source, seed=seed)
    learned = dataclasses.replace(reading, source=Subset(reading.source, rows))
    trained = train(learned, training_options(len(rows), seed=seed), readers=readers)
    for name, companion in fit_scores(trained, reading.source, everything, novelty=novelty, seed=seed).items():
        trained = trained.with_companion(name, companion)
    return trained


def training_options(rows: int, *, seed: int) -> Options:
    """How a model is trained whose scores are good: one that fills in and cleans, and need not squeeze; about a step a row, at
    least 125 and at most 500.

    All rows train, and all steps are made. Few rows would be learned by heart in many steps; to hold some of them out to see
    when costs more than it gives, and a loss that was measured on noise of every strength tells epochs badly apart.
    """
    batch, steps = max(1, min(BATCH, rows)), min(max(rows, LEAST_STEPS), MOST_STEPS)
    epochs = -(-steps // steps_per_epoch(rows, batch))
    muon = hasattr(torch.optim, "Muon")
    return Options(
        recipe="denoising",
        network=Mlp(widths=(WIDTH, WIDTH), skip=True),
        corruption=NoisyMask(),
        latent_dim=WIDTH // 2,
        epochs=epochs,
        batch_size=batch,
        optimizer=Muon(patience=epochs) if muon else AdamW(patience=epochs),
        learning_rate=RATE if muon else "auto",
        validation_fraction=0.0,
        seed=seed,
    )


def trusted_rows(kind: Kind, source: Source, rows: Tensor | None = None, *, seed: int) -> Tensor:
    """The numbers of the rows to learn from where anomalies are expected. kind: fitted. rows: numbers; all without."""
    rows = torch.arange(len(source)) if rows is None else rows
    return rows[torch.from_numpy(trusted(_natural(kind, Subset(source, rows)), kind.layout, seed))]


def fit_scores(trained: Trained, source: Source, rows: Tensor, *, novelty: bool, seed: int) -> dict[str, Companion]:
    """What :func:`score_rows` needs beside the model, fitted to its training rows: companions by name.

    Args:
        trained: a model of a table. source: the data. rows: the numbers of the training rows, int64.
        novelty: whether the training rows are clean; else anomalies are expected among them, and those trusted are fitted to.
        seed: of the choice of rows where there are more than 10 000.

    Raises:
        UnsupportedError for what is no table, DataError for fewer than two rows.
    """
    _check(trained)
    if len(rows) < 2:
        raise DataError(f"Scores need at least 2 training rows, got {len(rows)}.")
    v, places, kept = _learned(trained, Subset(source, rows), novelty, seed)
    layout = trained.kind.layout
    views = {name: View.fit(make(v, layout), v, kept, places) for name, make in RULERS.items()}
    companions = {f"{PREFIX}{name}-{part}": c for name, view in views.items() for part, c in view.companions().items()}
    some = Subset(source, rows[torch.from_numpy(places[kept])])
    companions[PREFIX + "residuals"] = Residuals.fit(trained, some).companion()
    for name, companion in companions.items():
        trained = trained.with_companion(name, companion)
    found = {
        name: usual(values) for name, values in _measured(trained, some, CLEAN if novelty else DIRTY, places[kept]).items()
    }
    blend = Companion(
        {"ks": list(CLEAN if novelty else DIRTY), "novelty": novelty, "usual": {k: list(u) for k, u in found.items()}}
    )
    return companions | {PREFIX + "blend": blend}


def fit_neighbors(trained: Trained, source: Source, *, seed: int) -> dict[str, Companion]:
    """The companions of :func:`fit_scores` that hold neighbors, with all rows of a source in place of the training rows; those
    trusted among them, where the model's scores are for data that are not clean."""
    v, places, kept = _learned(trained, source, bool(_kept(trained, "blend").data["novelty"]), seed)
    views = {name: _view(trained, name).among(v[kept], places[kept]) for name in RULERS}
    return {f"{PREFIX}{name}-neighbors": view.neighbors.companion() for name, view in views.items()}


def score_rows(trained: Trained, source: Source, *, training: bool = False) -> Scores:
    """How strange the rows of a source are to a model that carries what :func:`fit_scores` found.

    training: the rows are the training rows themselves, in order; each is left out of its own neighbors.
    """
    blend = _kept(trained, "blend").data
    measured = _measured(trained, source, blend["ks"], np.arange(len(source)) if training else None)
    found = {name: standardized(values, *blend["usual"][name]) for name, values in measured.items()}
    parts = {part: np.mean([f for name, f in found.items() if name.split("-")[0] == part], axis=0) for part in WEIGHTS}
    return Scores(np.asarray(sum(WEIGHTS[part] * values for part, values in parts.items())), parts)


def _learned(trained: Trained, source: Source, novelty: bool, seed: int) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    """The training rows that are trusted in their own units (m, F), their places (m,), and which of them are kept."""
    v = _natural(trained.kind, source)
    places = np.arange(len(v)) if novelty else np.flatnonzero(trusted(v, trained.kind.layout, seed))
    return v[places], places, at_most(len(places), MOST_ROWS, seed)


def _measured(trained: Trained, source: Source, ks: Sequence[int], own: NDArray[np.int64] | None) -> dict[str, Array]:
    """What each part measures, by its name and what tells it from others of the part: (n,) each."""
    v = _natural(trained.kind, source)
    found = {"autoencoder": Residuals.from_companion(_kept(trained, "residuals")).of(trained, source)}
    for name in RULERS:
        view = _view(trained, name)
        near = view.near(v, ks, own)
        found |= {f"neighbors-{name}-{k}": near[:, i] for i, k in enumerate(ks)}
        found[f"linear-{name}"] = view.far(v)
    return found


def _natural(kind: Kind, source: Source) -> Array:
    return kind.natural(kind.inside(source)).double().numpy()


def _view(trained: Trained, name: str) -> View:
    return View.from_companions({part: _kept(trained, f"{name}-{part}") for part in ("ruler", "linear", "neighbors")})


def _kept(trained: Trained, name: str) -> Companion:
    companion = trained.companions.get(PREFIX + name)
    if companion is None:
        raise UnsupportedError("This model carries no scores for rows of a table. Fit an AnomalyDetector, which keeps them.")
    return companion


def _check(trained: Trained) -> None:
    if trained.kind.layout.positions or trained.model.source.shape != trained.model.target.shape:
        raise UnsupportedError(
            f"Scores are for tables and models that restore their own input; this one takes {trained.model.source.shape} and "
            f"gives {trained.model.target.shape}. For pictures use Autoencoder.detect."
        )
