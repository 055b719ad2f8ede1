"""How much generated rows are like real ones, from each distribution codes can be drawn from, beside PCA."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data.subset import Subset
from diabolo.densities import DENSITIES, DISCRETE
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.discrete import quantizer
from diabolo.jobs.embed import decoded
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.reconstruct import encode_all
from diabolo.jobs.sample import sample_codes
from diabolo.metrics.generation import frechet_distance, nearest_distances, precision_recall
from diabolo.trained import Trained

ROWS = 2000
NEAREST = 0.01
Features = Callable[[np.ndarray], np.ndarray]


@final
@dataclass(frozen=True)
class Samples:
    """One line: new rows of one origin.

    frechet, precision, recall: see :mod:`diabolo.metrics.generation`. copies: the share that lies nearer to a training row than
    99 % of the real rows do: about 0.01 where none is copied, None without training rows.
    """

    origin: str
    frechet: float
    precision: float
    recall: float
    copies: float | None


@final
@dataclass(frozen=True)
class SampleJudgment:
    """The lines, the best of the model first to last by Fréchet distance, PCA after them. features: what the figures are of.

    rows: so many real ones, and as many of each origin. floor: the Fréchet distance of the real rows' two halves, which is more
    than that of two whole sets would be: near it no difference can be told.
    """

    table: tuple[Samples, ...]
    features: str
    rows: int
    floor: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)


def judge_samples(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    training: Any = None,
    origins: Sequence[str] | None = None,
    features: Features | None = None,
    features_name: str = "all cells",
    seed: int = 0,
) -> SampleJudgment:
    """New rows from the prior (where there is one) and from each density fitted to the codes, held to real rows.

    Beside them: one Gaussian on the numbers of PCA, as many as the code has. Figures change with the number of rows
    and the features: compare within one table.

    Args:
        data: real rows the model was not trained on, at least 20; of more than 2 000 so many are drawn. y: labels; a
            conditional recipe draws new rows with these.
        training: training rows, to look for copies. origins: "prior" and names of densities; None for all there are.
        features: rows (n, cells) in the model's units -> (n, d), the features compared; None: the cells themselves.
        features_name: what those are called.
    """
    source, y = rows_and_labels(trained, data, y)
    if trained.target_kind is not None:
        raise UnsupportedError(
            "New rows of a model trained on pairs are judged by no rows of its inputs. Compare them yourself."
        )
    if len(source) < 20:
        raise DataError(f"New rows are judged beside at least 20 real ones, got {len(source)}.")
    kept = np.random.default_rng(seed).permutation(len(source))[:ROWS]  # in random order, as halves of them are compared
    labels = None if y is None else np.broadcast_to(np.asarray(y), len(source))[kept]
    take: Features = features or (lambda x: x)
    cells = encode_all(trained, Subset(source, torch.from_numpy(kept))).flatten(1).numpy()
    real = take(cells)
    near = None if training is None else _nearness(trained, training, cells)
    prior = ["prior"] if trained.model.bottleneck.prior() is not None else []
    fitted = DENSITIES if quantizer(trained) is None else DISCRETE
    names = [*prior, *(d.name for d in fitted)] if origins is None else list(origins)
    lines = []
    for name in names:
        z = sample_codes(trained, len(kept), density=name, random_state=seed)
        made = decoded(trained, z, labels if trained.model.condition else None).flatten(1).numpy()
        lines.append(_line(name, take, real, made, near))
    lines.sort(key=lambda line: line.frechet)
    beside = [] if trained.model.condition else _pca(trained, len(kept), seed, take, real, near)
    half = len(real) // 2
    return SampleJudgment((*lines, *beside), features_name, len(kept), frechet_distance(real[:half], real[half : 2 * half]))


def _line(name: str, take: Features, real: np.ndarray, made: np.ndarray, near: Any) -> Samples:
    features = take(made)
    precision, recall = precision_recall(real, features)
    return Samples(name, frechet_distance(real, features), precision, recall, None if near is None else near(made))


def _nearness(trained: Trained, training: Any, real: np.ndarray) -> Callable[[np.ndarray], float]:
    """Rows -> the share of them that is nearer to a training row than all but the nearest hundredth of the real rows."""
    rows = encode_all(trained, trained.out_kind.read(training)).flatten(1).numpy()
    usual = np.quantile(nearest_distances(real, rows), NEAREST)
    return lambda made: float((nearest_distances(made, rows) < usual).mean())


def _pca(trained: Trained, n: int, seed: int, take: Features, real: np.ndarray, near: Any) -> list[Samples]:
    twin = linear_twin(trained)
    if twin is None:
        return []
    bounds = trained.out_kind.layout.bounds
    z = np.random.default_rng(seed).standard_normal((n, len(twin.explained))) * np.sqrt(twin.explained)
    made = twin.inverse_transform(z.astype(np.float32))
    return [_line("pca + gaussian", take, real, made if bounds is None else made.clip(*bounds), near)]
