"""How much generated rows are like real ones, from each distribution codes can be drawn from, beside PCA."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.codes.embed import made_of
from diabolo.jobs.codes.reconstruct import encode_all, restored
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.findings import Finding
from diabolo.jobs.generation.features import Features, features_of
from diabolo.jobs.generation.holes import Places, places
from diabolo.jobs.generation.sample import origins_of, sample_codes, usual_origin
from diabolo.jobs.labels import rows_and_labels
from diabolo.metrics.generation import frechet_distance, nearest_distances, precision_recall
from diabolo.trained import Trained

ROWS = 2000
NEAR_ROWS = 2000
"""Rows whose nearest training row is looked for."""
NEAREST = 0.01
SAME = 1e-9
"""Two rows no farther apart are the same."""
BESIDE = "pca + gaussian"


@final
@dataclass(frozen=True)
class Samples:
    """One line: new rows of one origin.

    frechet, precision, recall: see :mod:`diabolo.metrics.generation`.
    copies: the share that lies nearer to a training row than 99 % of the real rows do: about 0.01 where none is copied.
    nearness: the median distance to the nearest training row over that of the real rows: near 1 as it should be, near 0 for
    copies, far above 1 for rows unlike any. Both by cells, None without training rows or where the real rows are such.
    holes: the share of the drawn codes that lie farther from every training code than 99 % of the real rows' do: about 0.01
    where there are no holes; None where no codes were drawn.
    """

    origin: str
    frechet: float
    precision: float
    recall: float
    copies: float | None = None
    nearness: float | None = None
    holes: float | None = None


@final
@dataclass(frozen=True)
class SampleJudgment:
    """The lines, the best of the model first to last by Fréchet distance, PCA after them.

    features: the name of what the figures are of. about: what that is. width: how many numbers. rows: so many real ones, and as
    many of each origin: the Fréchet distance is biased upwards, the more the fewer rows and the wider the features, so only
    figures of equal numbers and features can be compared (Chong & Forsyth 2020, https://arxiv.org/abs/1911.07023).
    floor: the Fréchet distance of the real rows' two halves, which is more than that of two whole sets would be: near it no
    difference can be told. restored: that of the real rows' reconstructions, which new codes hardly better.
    prior: whether the recipe trains codes towards a distribution. usual: the origin that ``sample`` takes unless told
    otherwise. seen: the share of the real rows that are training rows, which should be 0. near: the median distance of a real
    row to the nearest training row, by cells. Both None without training rows.
    """

    table: tuple[Samples, ...]
    features: str
    rows: int
    floor: float
    restored: float
    width: int
    about: Finding
    prior: bool
    usual: str
    seen: float | None = None
    near: float | None = None

    @property
    def own(self) -> tuple[Samples, ...]:
        """The lines of the model itself, the best first."""
        return tuple(line for line in self.table if line.origin != BESIDE)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self) | {"about": self.about.to_dict()}


@final
@dataclass(frozen=True, eq=False)
class _Bench:
    """What each origin is held to. real: features (n, d). known: training rows (m, cells) or None. usual: how near to them real
    rows lie, (n,). places: where training codes lie."""

    take: Callable[[np.ndarray], np.ndarray]
    real: np.ndarray
    known: np.ndarray | None
    usual: np.ndarray
    places: Places | None

    def line(self, name: str, made: np.ndarray, z: np.ndarray | None = None) -> Samples:
        """made: new rows (n, cells). z: the codes they were made of, (n, K)."""
        features = self.take(made)
        precision, recall = precision_recall(self.real, features)
        copies, nearness, holes = None, None, None
        if self.known is not None:
            near = nearest_distances(made[:NEAR_ROWS], self.known)
            low, middle = np.quantile(self.usual, (NEAREST, 0.5))
            copies = float((near < low).mean()) if low > SAME else None
            nearness = float(np.median(near) / middle) if middle > SAME else None
        if self.places is not None and z is not None:
            holes = self.places.share(z)
        return Samples(name, frechet_distance(self.real, features), precision, recall, copies, nearness, holes)


def judge_samples(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    training: Any = None,
    training_labels: Any = None,
    origins: Sequence[str] | None = None,
    features: str | Features = "cells",
    rows: int = ROWS,
    seed: int = 0,
) -> SampleJudgment:
    """New rows from the prior (where there is one) and from each density fitted to the codes, held to real rows.

    Beside them: one Gaussian on the numbers of PCA, as many as the code has. Figures change with the number of rows
    and the features: compare within one table.

    Args:
        data: real rows the model was not trained on, at least 20; of more than ``rows`` so many are drawn. y: labels; a
            conditional recipe draws new rows with these.
        training: training rows, to look for copies and for features that are fitted to them. training_labels: (n,), those
            that came with the rows otherwise.
        origins: "prior" and names of densities; None for all there are.
        features: a name of :func:`diabolo.jobs.generation.features.features_of` (``"cells"``, ``"pca-64"``, ``"probe"``,
            ``"codes"``), or what that gave for this model's data.
    """
    source, y = rows_and_labels(trained, data, y)
    if trained.target_kind is not None:
        raise UnsupportedError(
            "New rows of a model trained on pairs are judged by no rows of its inputs. Compare them yourself."
        )
    if len(source) < 20:
        raise DataError(f"New rows are judged beside at least 20 real ones, got {len(source)}.")
    kept = np.random.default_rng(seed).permutation(len(source))[:rows]  # in random order, as halves of them are compared
    labels = None if y is None else np.broadcast_to(np.asarray(y), len(source))[kept]
    given = labels if trained.model.condition else None
    chosen = Subset(source, torch.from_numpy(kept))
    known, known_labels = (None, None) if training is None else _rows(trained, training, training_labels)
    seen = features if isinstance(features, Features) else features_of(trained, features, known, known_labels, seed=seed)
    cells = encode_all(trained, chosen).flatten(1).numpy()
    bench = _bench(trained, seen, chosen, given, cells, known, seed)
    names = origins_of(trained) if origins is None else origins
    lines = []
    for name in names:
        z = sample_codes(trained, len(kept), density=name, random_state=seed)
        lines.append(bench.line(name, made_of(trained, z, given, seed=seed).flatten(1).numpy(), z))
    lines.sort(key=lambda line: line.frechet)
    beside = [] if trained.model.condition else _pca(trained, len(kept), seed, bench)
    half = len(kept) // 2
    back = restored(trained, chosen, trained.condition(given, len(chosen))).flatten(1).numpy()
    return SampleJudgment(
        (*lines, *beside),
        seen.name,
        len(kept),
        frechet_distance(bench.real[:half], bench.real[half : 2 * half]),
        frechet_distance(bench.real, seen.take(back)),
        seen.width,
        seen.about,
        trained.model.bottleneck.prior() is not None,
        usual_origin(trained),
        None if known is None else float((bench.usual < SAME).mean()),
        None if known is None else float(np.median(bench.usual)),
    )


def _rows(trained: Trained, training: Any, labels: Any) -> tuple[np.ndarray, Any]:
    """Training rows (n, F, *P) inside the model's scale, and their labels."""
    source, labels = rows_and_labels(trained, training, labels)
    return encode_all(trained, source).numpy(), labels


def _bench(
    trained: Trained, seen: Features, source: Source, y: Any, cells: np.ndarray, known: np.ndarray | None, seed: int
) -> _Bench:
    flat = None if known is None else known.reshape(len(known), -1)
    near = np.empty(0) if flat is None else nearest_distances(cells[:NEAR_ROWS], flat)
    return _Bench(seen.take, seen.take(cells), flat, near, places(trained, source, y, seed))


def _pca(trained: Trained, n: int, seed: int, bench: _Bench) -> list[Samples]:
    twin = linear_twin(trained)
    if twin is None:
        return []
    bounds = trained.out_kind.layout.bounds
    z = np.random.default_rng(seed).standard_normal((n, len(twin.explained))) * np.sqrt(twin.explained)
    made = twin.inverse_transform(z.astype(np.float32))
    return [bench.line(BESIDE, made if bounds is None else made.clip(*bounds))]
