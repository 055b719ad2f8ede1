"""Vary: rows near real ones, by small moves of their codes or of the rows themselves, and how steady outputs are then."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError, unknown
from diabolo.jobs.codes.discrete import snapped
from diabolo.jobs.codes.embed import decoded, embed
from diabolo.jobs.codes.reconstruct import encode_all, restored, restored_tensor
from diabolo.jobs.codes.units import units_of
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.labels import rows_and_labels
from diabolo.metrics.generation import nearest_distances
from diabolo.parts.corruptions import GaussianNoise
from diabolo.spec import is_whole
from diabolo.trained import Trained

BY = ("code", "input")
ROWS, MOVES = 500, 4


@final
@dataclass(frozen=True)
class Steadiness:
    """How far outputs go when rows or their codes are moved a little.

    by, spread: what was moved, and how far; see :func:`vary`. rows, moves: so many rows, and moves of each. change: the root
    mean square distance between the outputs with and without the move, over that between two rows of the data: 0 where
    nothing changes, 1 where a move makes another row altogether. nearness: the median distance of the moved outputs to the
    nearest training row, over that of the unmoved ones: 1 where moves do not lead away from the data; None without training
    rows.
    """

    by: str
    spread: float
    rows: int
    moves: int
    change: float
    nearness: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)


def vary(
    trained: Trained,
    data: Any,
    n: int = 8,
    y: Any = None,
    *,
    spread: float = 0.3,
    by: str = "code",
    random_state: int | None = None,
) -> Any:
    """n rows near each of the m given ones, (m·n, ...) as the caller's data: those of the first row first.

    Args:
        by: ``"code"``: every number of the code is moved by ``spread`` times its standard deviation over the training rows
            times standard normal noise, and decoded; a discrete code then goes to the entries nearest to where it was
            moved, which for a small ``spread`` are its own. ``"input"``: such noise is added to the row and the model restores
            what it then sees; of ``spread`` times the range of a pixel (the result stays in the range), or standard
            deviations of a column.
        spread: how far. y: labels of the rows, for conditional recipes.
    """
    source, y = rows_and_labels(trained, data, y)
    return trained.out_kind.decode(varied(trained, source, n, y, spread=spread, by=by, random_state=random_state))


def varied(
    trained: Trained, source: Source, n: int, y: Any, *, spread: float, by: str, random_state: int | None = None
) -> Tensor:
    """What :func:`vary` gives, inside the model's scale: (m·n, F, *P). y: labels (m,), or one."""
    if by not in BY:
        raise unknown("thing to move", by, BY)
    if not is_whole(n, 1):
        raise ParameterError(f"n must be a whole number of at least 1, got {n!r}.")
    if isinstance(spread, bool) or not isinstance(spread, int | float) or not 0 < spread < np.inf:
        raise ParameterError(f"spread must be a number above 0, such as 0.3, got {spread!r}.")
    labels = None if y is None else np.repeat(np.broadcast_to(np.asarray(y), len(source)), n)
    seed = int(np.random.default_rng(random_state).integers(2**31))
    if by == "code":
        z = np.repeat(embed(trained, source, y), n, axis=0)
        step = units_of(trained).std * np.random.default_rng(seed).standard_normal(z.shape)
        return decoded(trained, snapped(trained, (z + spread * step).astype(np.float32)), labels)
    x = trained.kind.inside(source).repeat_interleave(n, 0)
    noise = GaussianNoise(std=spread * _width(trained), clip=True)
    moved = noise(x, trained.kind.layout, torch.Generator().manual_seed(seed)).x
    return restored_tensor(trained, moved, trained.condition(labels, len(moved)))


def steadiness(
    trained: Trained,
    data: Any,
    y: Any = None,
    *,
    spread: float = 0.3,
    by: str = "code",
    training: Any = None,
    moves: int = MOVES,
    seed: int = 0,
) -> Steadiness:
    """How steady the outputs are under the moves of :func:`vary`, of the first 500 rows.

    training: training rows, for how far moves lead away from them. Raises DataError for a single row of a model trained on
    pairs, where nothing says how far two rows lie apart.
    """
    source, y = rows_and_labels(trained, data, y)
    some = Subset(source, torch.arange(min(ROWS, len(source))))
    labels = None if y is None else np.broadcast_to(np.asarray(y), len(source))[: len(some)]
    moved = varied(trained, some, moves, labels, spread=spread, by=by, random_state=seed).flatten(1).double().numpy()
    still = restored(trained, some, trained.condition(labels, len(some))).flatten(1).double().numpy()
    squares = np.square(moved - still.repeat(moves, 0)).sum(1).mean()
    nearness = None
    if training is not None:
        known = encode_all(trained, trained.out_kind.read(training)).flatten(1).numpy()
        near = [float(np.median(nearest_distances(x, known))) for x in (moved, still)]
        nearness = near[0] / near[1] if near[1] > 0 else None
    return Steadiness(by, float(spread), len(some), moves, float(np.sqrt(squares / _between(trained, still))), nearness)


def _width(trained: Trained) -> float:
    """What noise is measured in: the range of a pixel, or a column's standard deviation, which is 1 inside the model."""
    bounds = trained.kind.layout.bounds
    return 1.0 if bounds is None else bounds[1] - bounds[0]


def _between(trained: Trained, outputs: np.ndarray) -> float:
    """Mean squared distance between two rows: twice the variance of the training rows; for pairs, of the outputs (n, d)."""
    twin = linear_twin(trained)
    if twin is None and len(outputs) < 2:
        raise DataError("How far outputs move is measured by how far two rows lie apart: give at least two rows.")
    total = float(outputs.var(0, ddof=1).sum()) if twin is None else twin.total
    if not total > 0:
        raise DataError("All rows are alike, so that nothing says how far two rows lie apart.")
    return 2 * total
