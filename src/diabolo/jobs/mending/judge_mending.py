"""How well a model mends pictures, beside what is simpler: filters, interpolation, and the best linear map in closed form."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.baselines import filters, inpainting, jigsaw, resizing
from diabolo.baselines.inpainting import ConditionalGaussian, fit_conditional_gaussian
from diabolo.baselines.ridge import Ridge, RidgeFilter, fit_ridge, fit_ridge_filter
from diabolo.data.examples import Examples
from diabolo.data.sources import Source
from diabolo.errors import DataError, MissingExtraError
from diabolo.jobs.evaluation.contenders import Contender, quality_of
from diabolo.jobs.inference import chunk_rows
from diabolo.jobs.mending.mend import grid_of, in_order
from diabolo.jobs.mending.tasks import DENOISE, IMPUTE, UNSHUFFLE, UPSCALE, enlargement, tasks_of
from diabolo.parts.corruptions import BlindSpots, Corruption, GaussianNoise
from diabolo.parts.corruptions.shuffle import picture_of, placed, tiles_of
from diabolo.trained import Companion, Trained

RIDGE, GAUSSIAN = "ridge", "gaussian"
"""Names of the companions: the linear map from damaged to clean, and the Gaussian over the cells of a row."""

SIMPLER = (RIDGE, GAUSSIAN)

WIDEST = 1024  # cells of a row up to which the linear map looks at the whole picture; above, at a window
FIT_CELLS, FIT_ROWS = 2**24, 20_000  # how much of the training rows what is simpler is fitted on
JUDGED_ROWS = 200  # rows of a report's table; some of the filters take 20 ms a picture
BLOCK = 2048

Pictures = np.ndarray
Contenders = dict[str, Callable[[], Tensor]]


@final
@dataclass(frozen=True)
class Mending:
    """How well a model does its task on damaged pictures whose clean ones are known.

    task: "denoise", "upscale", "impute" or "unshuffle". damage: what was done to the pictures, the corruption with its
    options, or how many times smaller they are; empty for pairs of one size. rows: how many were judged. table: the model
    first; errors: psnr in dB of the mean squared error of all pixels, ssim, and for "unshuffle" tiles, the share of tiles in a
    place where they belong. absent: what could not be computed here, and why.
    """

    task: str
    damage: str
    rows: int
    table: tuple[Contender, ...]
    absent: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self)


@final
@dataclass(frozen=True)
class _Damaged:
    """clean, seen: (N, F, H, W) inside the model's scale; ``upscale`` sees smaller ones. hidden: like seen, or None."""

    clean: Tensor
    seen: Tensor
    hidden: Tensor | None
    condition: Tensor | None


def judge_mending(
    trained: Trained, source: Source, y: Any = None, target: Any = None, *, seed: int = 0, rows: int = JUDGED_ROWS
) -> Mending | None:
    """Damage pictures as in training (or take the pairs), mend them with the model and with what is simpler, and compare.

    source: rows as the model takes them, clean ones unless ``target`` holds what should come out. rows: how many are judged,
    the first ones. None for tables, for models that were not trained to mend, and where clean pictures are not known.
    """
    tasks, part = _tasks(trained), trained.model.composition.corruption
    if not tasks or (target is None and (part is None or isinstance(part, BlindSpots))):
        return None
    given = target is not None and trained.target_kind is None  # noisy and clean rows, for a model of damaged ones
    task = DENOISE if given else tasks[0]
    index = torch.arange(min(rows, len(source)))
    condition = trained.condition(y if y is None or np.ndim(y) == 0 else np.asarray(y)[index.numpy()], len(index))
    damaged = _damaged(trained, source, target, index, condition, seed)
    simpler, absent = _simpler(trained, task, damaged, None if given else part)
    made = {"model": _mended(trained, task, damaged)} | simpler
    return Mending(task, "" if given else _words(trained, task), len(index), _table(task, trained, damaged, made), absent)


def fit_simpler(trained: Trained, examples: Examples, rows: Tensor, seed: int) -> dict[str, Companion]:
    """What is simpler than the model, fitted on its training rows, by name; empty for models that mend no pictures."""
    tasks, blind = _tasks(trained), isinstance(trained.model.composition.corruption, BlindSpots)
    if not tasks:
        return {}
    cells = max(trained.kind.layout.cells, trained.out_kind.layout.cells)
    most = max(2, min(FIT_ROWS, FIT_CELLS // cells))
    generator = torch.Generator().manual_seed(seed)
    some = rows if len(rows) <= most else rows[torch.randperm(len(rows), generator=generator)[:most]].sort().values
    found: dict[str, Companion] = {}
    if blind:
        noisy = (_outside(trained, examples.batch(index, torch.device("cpu")).x) for index in some.split(BLOCK))
        found[RIDGE] = _kept(fit_ridge_filter(((x, x) for x in noisy), blind=True), len(some))
    elif cells <= WIDEST:
        pairs = ((_flat(seen), _flat(clean)) for seen, clean in _pairs(trained, examples, some, generator))
        found[RIDGE] = _kept(fit_ridge(pairs), len(some))
        if tasks[0] == IMPUTE:
            gaussian = fit_conditional_gaussian(_flat(trained.kind.inside(examples.source, some)))
            found[GAUSSIAN] = _kept(gaussian, len(some))
    elif tasks[0] != UNSHUFFLE and trained.kind.layout.fields == trained.out_kind.layout.fields:
        windows = ((_outside(trained, a), _outside(trained, b)) for a, b in _pairs(trained, examples, some, generator))
        found[RIDGE] = _kept(fit_ridge_filter(windows), len(some))
    return found


def _tasks(trained: Trained) -> tuple[str, ...]:
    """The tasks of a model of bounded pictures; none for others."""
    before, after = trained.kind.layout, trained.out_kind.layout
    pictures = len(before.positions) == 2 and before.bounds is not None and before.bounds == after.bounds
    return tasks_of(trained) if pictures else ()


def _pairs(trained: Trained, examples: Examples, rows: Tensor, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Damaged and clean training rows, a block at a time, on the host."""
    for index in rows.split(BLOCK):
        batch = examples.batch(index, torch.device("cpu"))
        yield trained.model.corrupt(batch.x, generator).x.cpu(), batch.aim.cpu()


def _kept(fitted: Ridge | RidgeFilter | ConditionalGaussian, rows: int) -> Companion:
    """rows: of the data; a filter has seen many more windows of them."""
    return Companion(fitted.data | {"rows": rows}, {name: np.asarray(a, dtype=np.float32) for name, a in fitted.arrays.items()})


# --- damaged pictures, and what becomes of them --------------------------------------------------------------------------


@torch.inference_mode()
def _damaged(trained: Trained, source: Source, target: Any, index: Tensor, condition: Tensor | None, seed: int) -> _Damaged:
    x = trained.kind.inside(source, index)
    if target is not None:
        aim = target if isinstance(target, Source) else trained.out_kind.read(target)
        return _Damaged(trained.out_kind.inside(aim, index), x, None, condition)
    made = trained.model.corrupt(x, torch.Generator().manual_seed(seed))
    return _Damaged(x, made.x, made.hidden, condition)


@torch.inference_mode()
def _mended(trained: Trained, task: str, d: _Damaged) -> Tensor:
    """What the model makes of the damaged pictures."""
    model, found = trained.model.eval(), []
    rows = chunk_rows(trained)
    for i, seen in enumerate(d.seen.split(rows)):
        part = None if d.condition is None else d.condition[i * rows :][: len(seen)].to(trained.device)
        found.append(model.decode(model.encode(seen.to(trained.device), None, part), part).mean.cpu())
    x_hat = torch.cat(found)
    if task == IMPUTE:
        return _visible_kept(d, x_hat)
    return in_order(d.seen, x_hat, grid_of(trained))[1] if task == UNSHUFFLE else x_hat


def _visible_kept(d: _Damaged, x_hat: Tensor) -> Tensor:
    assert d.hidden is not None  # masks tell which cells they hid
    return torch.where(d.hidden, x_hat, d.clean)


def _simpler(trained: Trained, task: str, d: _Damaged, part: Corruption | None) -> tuple[dict[str, Tensor], str]:
    """What is simpler makes of the same pictures, by name, and what could not be computed."""
    others = {UPSCALE: _upscaled, IMPUTE: _imputed, UNSHUFFLE: _unshuffled}
    tried = _denoised(trained, d, part) if task == DENOISE else others[task](trained, d)
    found, absent = {}, ""
    for name, make in tried.items():
        try:
            found[name] = _visible_kept(d, make()) if task == IMPUTE else make()
        except (MissingExtraError, DataError) as problem:  # not installed, or a picture that gives it nothing to go by
            absent = str(problem)
    return found, absent


def _denoised(trained: Trained, d: _Damaged, part: Corruption | None) -> Contenders:
    if d.seen.shape != d.clean.shape:  # gray to color, say: no filter does that
        return _linear(trained, d)
    low, high = trained.out_kind.layout.bounds or (0.0, 1.0)
    known = isinstance(part, GaussianNoise) and part.least is None  # then the filters are told what the model was
    std = part.std / (high - low) if isinstance(part, GaussianNoise) and known else None
    seen = _outside(trained, d.seen)

    def filtered(name: str) -> Callable[[], Tensor]:
        own = {} if name == "median" else {"std": std}
        return lambda: _within(trained, filters.FILTERS[name](seen, **own))

    return {"input": lambda: d.seen, **_linear(trained, d), **{name: filtered(name) for name in filters.FILTERS}}


def _upscaled(trained: Trained, d: _Damaged) -> Contenders:
    if d.seen.shape[1] != d.clean.shape[1]:
        return _linear(trained, d)
    seen, factor = _outside(trained, d.seen), enlargement(trained)

    def enlarged(way: str) -> Callable[[], Tensor]:
        return lambda: _within(trained, resizing.enlarge(seen, factor, way))

    return {**_linear(trained, d), **{way: enlarged(way) for way in ("nearest", "bicubic", "lanczos")}}


def _imputed(trained: Trained, d: _Damaged) -> Contenders:
    assert d.hidden is not None  # masks tell
    hidden, clean = d.hidden, _outside(trained, d.clean)
    gone = hidden.any(1).numpy()  # (N, H, W); patches hide all channels
    found = _linear(trained, d)
    kept = trained.companions.get(GAUSSIAN)
    if kept is not None:
        gaussian = ConditionalGaussian.of({k: v.astype(np.float64) for k, v in kept.arrays.items()}, kept.data)
        bounds = trained.kind.layout.bounds
        rows, cells = _flat(d.clean), hidden.flatten(1).numpy()
        found["gaussian"] = lambda: torch.from_numpy(gaussian.fill(rows, cells, bounds)).reshape(d.clean.shape)
    found |= _mean(trained, d)
    if bool((hidden == hidden[:, :1]).all()):
        found["biharmonic"] = lambda: _within(trained, inpainting.biharmonic(clean, gone))
    return found


def _unshuffled(trained: Trained, d: _Damaged) -> Contenders:
    grid = grid_of(trained)
    tiles = tiles_of(d.seen, grid)

    def by_edges() -> Tensor:
        order = [jigsaw.solve(t.permute(0, 2, 3, 1).numpy(), (grid, grid)) for t in tiles]
        return picture_of(placed(tiles, torch.from_numpy(np.stack(order))), grid)

    def placed_as(make: Callable[[], Tensor]) -> Callable[[], Tensor]:
        return lambda: in_order(d.seen, make(), grid)[1]

    guesses = {name: placed_as(make) for name, make in {**_linear(trained, d), **_mean(trained, d)}.items()}
    return {"input": lambda: d.seen, **guesses, "edges": by_edges}


def _mean(trained: Trained, d: _Damaged) -> Contenders:
    """The mean of the training pictures, whatever was damaged."""
    twin = trained.companions.get("pca")
    if twin is None:
        return {}
    mean = torch.from_numpy(twin.arrays["mean"]).reshape(d.clean.shape[1:])
    return {"mean": lambda: mean.expand(d.clean.shape)}


def _linear(trained: Trained, d: _Damaged) -> Contenders:
    kept = trained.companions.get(RIDGE)
    if kept is None:
        return {}
    if "size" in kept.data:
        whole = RidgeFilter.of(kept.arrays, kept.data)
        return {"ridge": lambda: _within(trained, whole.predict(_outside(trained, d.seen)))}
    ridge, bounds = Ridge.of(kept.arrays, kept.data), trained.out_kind.layout.bounds
    return {"ridge": lambda: torch.from_numpy(ridge.predict(_flat(d.seen), bounds)).reshape(d.clean.shape)}


def _table(task: str, trained: Trained, d: _Damaged, made: dict[str, Tensor]) -> tuple[Contender, ...]:
    bounds = trained.out_kind.layout.bounds
    numbers = int(np.prod(trained.model.code_shape))
    rows = []
    for name, x_hat in made.items():
        errors = quality_of(d.clean.numpy(), x_hat.numpy(), bounds)
        if task == UNSHUFFLE:
            errors = {"tiles": _share_in_place(d.clean, x_hat, grid_of(trained))} | errors
        rows.append(Contender(name, numbers if name == "model" else 0, errors))
    return tuple(rows)


def _share_in_place(clean: Tensor, made: Tensor, grid: int) -> float:
    """The share of places that hold their own tile, or one that looks the same."""
    return float((tiles_of(clean, grid) == tiles_of(made, grid)).flatten(2).all(2).float().mean())


def _words(trained: Trained, task: str) -> str:
    part = trained.model.composition.corruption
    if part is not None:
        options = ", ".join(f"{k}={v}" for k, v in part.get_params().items() if v is not None)
        return f"{part.name} ({options})"
    return f"{enlargement(trained)}×" if task == UPSCALE else ""


def _flat(x: Tensor) -> np.ndarray:
    return x.flatten(1).numpy()


def _outside(trained: Trained, x: Tensor) -> Pictures:
    """x (N, F, H, W) inside the model's scale -> pictures (N, H, W, F) of which clean ones lie in [0, 1]."""
    low, high = trained.out_kind.layout.bounds or (0.0, 1.0)
    return ((x - low) / (high - low)).permute(0, 2, 3, 1).contiguous().numpy()


def _within(trained: Trained, pictures: Pictures) -> Tensor:
    """The inverse of :func:`_outside`."""
    low, high = trained.out_kind.layout.bounds or (0.0, 1.0)
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) * (high - low) + low
