"""Scores: how strange rows of a table are to the autoencoder, a linear model and the nearest neighbors, and to all three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.baselines.pca import Pca, fit_pca
from diabolo.data.sources import Source
from diabolo.data.subset import Subset, at_most
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.anomalies.neighbors import Neighbors
from diabolo.jobs.anomalies.residuals import Residuals
from diabolo.jobs.anomalies.ruler import Ruler
from diabolo.jobs.train import Options
from diabolo.parts.corruptions import GaussianNoise
from diabolo.parts.networks import Mlp
from diabolo.trained import Companion, Trained

PARTS = ("autoencoder", "linear", "neighbors")
PREFIX = "scores-"
STEPS = 1_000
MOST_ROWS = 10_000
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Scores:
    """How strange n rows are; higher is stranger.

    total: (n,), the mean of the parts. parts: by name, (n,) each: the log of what a part measures, in robust standard
    deviations
    from the median of the training rows. "autoencoder": see :class:`Residuals`. "linear": the distance from the mean
    along the principal axes. "neighbors": distances to the nearest training rows.
    """

    total: Array
    parts: Mapping[str, Array]


def training_options(rows: int, *, seed: int) -> Options:
    """How a model is trained whose scores are good: a denoising one that need not squeeze, about 1 000 steps."""
    batch = min(256, rows)
    return Options(
        recipe="denoising",
        network=Mlp(widths=(256, 256)),
        corruption=GaussianNoise(std=1.0, least=0.05),
        latent_dim=128,
        epochs=max(1, -(-STEPS // max(1, int(0.9 * rows) // batch))),
        batch_size=batch,
        seed=seed,
    )


def fit_scores(trained: Trained, source: Source, rows: Tensor, *, novelty: bool, seed: int) -> dict[str, Companion]:
    """What :func:`score_rows` needs beside the model, fitted to its training rows: companions by name.

    Args:
        trained: a model of a table. source: the data. rows: the numbers of the training rows, int64.
        novelty: whether the training rows are clean; else anomalies are expected among them.
        seed: of the choice of rows where there are more than 10 000.

    Raises:
        UnsupportedError for what is no table, DataError for fewer than two rows.
    """
    _check(trained)
    if len(rows) < 2:
        raise DataError(f"Scores need at least 2 training rows, got {len(rows)}.")
    training = Subset(source, rows)
    some = Subset(source, rows[torch.from_numpy(at_most(len(rows), MOST_ROWS, seed))])
    x = trained.kind.inside(training).numpy()
    ruler = Ruler.fit(x, trained.kind.layout)
    measured = ruler.measured(x)
    pca = fit_pca(measured, measured.shape[1])
    fitted = {
        "ruler": Companion({}, {"center": ruler.center, "scale": ruler.scale}),
        "residuals": Companion({}, {"usual": Residuals.fit(trained, some).usual}),
        "linear": Companion({"total": pca.total}, {name: getattr(pca, name) for name in ("mean", "components", "explained")}),
        "neighbors": Neighbors.fit(measured, seed).companion(),
    }
    companions = {PREFIX + name: companion for name, companion in fitted.items()}
    for name, companion in companions.items():
        trained = trained.with_companion(name, companion)
    raw = _raw(trained, training, novelty=novelty, training=True)
    quartiles = {name: np.quantile(values, (0.25, 0.5, 0.75)).tolist() for name, values in raw.items()}
    return companions | {PREFIX + "blend": Companion({"novelty": novelty, "quartiles": quartiles})}


def score_rows(trained: Trained, source: Source, *, training: bool = False) -> Scores:
    """How strange the rows of a source are to a model that carries what :func:`fit_scores` found.

    training: the rows are the training rows themselves, in order; each is left out of its own neighbors.
    """
    blend = _kept(trained, "blend").data
    raw = _raw(trained, source, novelty=bool(blend["novelty"]), training=training)
    parts = {}
    for name, values in raw.items():
        low, middle, high = blend["quartiles"][name]
        parts[name] = (values - middle) / ((high - low) / 1.349 or 1.0)
    return Scores(np.mean(list(parts.values()), axis=0), parts)


def _raw(trained: Trained, source: Source, *, novelty: bool, training: bool) -> dict[str, Array]:
    """The logs of what each part measures, (n,) each."""
    ruler, residuals = Ruler(**_kept(trained, "ruler").arrays), Residuals(**_kept(trained, "residuals").arrays)
    linear = _kept(trained, "linear")
    pca = Pca(**linear.arrays, total=linear.data["total"])
    x = ruler.measured(trained.kind.inside(source).numpy())
    z = pca.transform(x)
    variances = pca.explained + 0.1 * pca.explained.mean()
    found = Neighbors.from_companion(_kept(trained, "neighbors")).distances(x, 5 if novelty else 50, training=training)
    measured = {
        "autoencoder": residuals.of(trained, source),
        "linear": np.square(z / np.sqrt(variances)).sum(axis=1),
        "neighbors": np.square(found).mean(axis=1),
    }
    return {name: np.log(values + 1e-6) for name, values in measured.items()}


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
