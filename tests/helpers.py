"""Small data and small trainings that several tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diabolo.jobs.train import Options, train
from diabolo.records import Column, Layout
from diabolo.trained import Trained

MIXED = Layout(
    (
        "age",
        "age missing",
        "red",
        "green",
        "blue",
        "color missing",
        "height",
        "height missing",
        *(f"city {i}" for i in range(21)),
    ),
    columns=(Column("age", 0, 2), Column("color", 2, 6, 3), Column("height", 6, 8), Column("city", 8, 29, 20)),
)
"""Two numbers and two categories inside, one of them of many states."""


def low_rank(rows: int = 200, columns: int = 12, rank: int = 3, seed: int = 0) -> np.ndarray:
    """Rows near a plane of ``rank`` dimensions, (rows, columns) float32, columns of different scales."""
    random = np.random.default_rng(seed)
    plane = random.normal(size=(rank, columns))
    x = random.normal(size=(rows, rank)) @ plane + 0.05 * random.normal(size=(rows, columns))
    return (x * np.linspace(1, 10, columns) + np.arange(columns)).astype(np.float32)


def little_images(rows: int = 120, side: int = 8, seed: int = 0) -> np.ndarray:
    """Bright bars on dark ground at random heights, (rows, side, side) uint8."""
    random = np.random.default_rng(seed)
    images = np.zeros((rows, side, side), dtype=np.uint8)
    for image, top in zip(images, random.integers(0, side - 1, rows), strict=True):
        image[top : top + 2] = random.integers(150, 255)
    return images


def mixed_rows(rows: int = 60, missing: float = 0.2, seed: int = 0) -> Tensor:
    """Rows of the layout ``MIXED``, (rows, 29); a share of the cells is missing."""
    random = torch.Generator().manual_seed(seed)
    x = torch.zeros(rows, MIXED.fields)
    for column in MIXED.columns:
        gone = torch.rand(rows, generator=random) < missing
        if column.levels:
            state = torch.randint(column.levels, (rows,), generator=random)
            x[torch.arange(rows), column.start + state] = 1
        else:
            x[:, column.start] = torch.randn(rows, generator=random)
        x[:, column.start : column.flag] *= ~gone[:, None]
        x[:, column.flag] = gone.float()
    return x


def quick(
    data: Any, recipe: str = "plain", *, y: Any = None, target: Any = None, readers: Any = (), start: Any = None, **options: Any
) -> Trained:
    """A training of a few steps."""
    settings = {"epochs": 3, "batch_size": 32, "optimizer": "adam", "seed": 0} | options
    return train(data, Options(recipe=recipe, **settings), y=y, target=target, readers=readers, start=start)


def weights(trained: Trained) -> dict[str, np.ndarray]:
    """All weights, on the host."""
    return {name: value.cpu().numpy() for name, value in trained.model.state_dict().items()}


def same_weights(a: Trained, b: Trained) -> bool:
    """Whether two models agree bit for bit."""
    return all(np.array_equal(x, weights(b)[name]) for name, x in weights(a).items())


def folder_bytes(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
