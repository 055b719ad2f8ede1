"""Whole photographs for a model that was trained on squares of such: which data are meant so, and one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from diabolo.data.kinds.base import Kind
from diabolo.data.kinds.image import ImageKind
from diabolo.data.pictures import labels_of, picture_paths, read_whole
from diabolo.errors import SourceError


@final
@dataclass(frozen=True)
class Photographs:
    """n photographs of any size; those that are files are read when they are asked for.

    kind: of the model, whose channels they are read in. given: paths or arrays (H, W) or (H, W, C). names: of each. labels:
    (n,), the sub-folders of a folder, or None. name: of all of them.
    """

    kind: ImageKind
    given: tuple[Path | np.ndarray, ...]
    names: tuple[str, ...]
    labels: np.ndarray | None = None
    name: str = "the photographs"

    def __len__(self) -> int:
        return len(self.given)

    def pixels(self, i: int) -> np.ndarray:
        """One of them. Raises SourceError where it cannot be read, or is smaller than the model's squares."""
        one, side = self.given[i], self.kind.height
        pixels = read_whole(one, self.kind.channels) if isinstance(one, Path) else one
        if min(pixels.shape[:2]) < side:
            raise SourceError(
                f"{self.names[i]} is {pixels.shape[0]}×{pixels.shape[1]}, and the model looks at squares of {side}×{side}. "
                "Take it out, or train a model with smaller squares (--patch)."
            )
        return pixels


def photographs_of(kind: Kind, data: Any) -> Photographs | None:
    """The photographs that are meant by data: a picture file, a folder of such, an array, or a list of arrays or files.

    None where data are rows: for other models, and arrays whose rows are as large as the model's.
    """
    if not isinstance(kind, ImageKind) or not kind.patch:
        return None
    if isinstance(data, str | Path):
        return _from_path(kind, Path(data).expanduser())
    if isinstance(data, np.ndarray):
        data = [data] if data.ndim == len(kind.shape) else [] if data.shape[1:] == kind.shape else list(data)
    if not isinstance(data, list | tuple) or not data or not all(_is_one(kind, one) for one in data):
        return None
    if all(isinstance(one, np.ndarray) and one.shape == kind.shape for one in data):
        return None
    given = tuple(one if isinstance(one, np.ndarray) else Path(one).expanduser() for one in data)
    return Photographs(kind, given, tuple(one.name if isinstance(one, Path) else str(i) for i, one in enumerate(given)))


def _is_one(kind: ImageKind, one: Any) -> bool:
    """Whether this is a file's name, or an array of the axes of one picture."""
    if isinstance(one, str | Path):
        return True
    return isinstance(one, np.ndarray) and one.ndim == len(kind.shape) and one.shape[2:] == kind.shape[2:]


def _from_path(kind: ImageKind, path: Path) -> Photographs | None:
    files = picture_paths(path)
    if not files:
        return None
    names: Sequence[str] = [f.relative_to(path).as_posix() if path.is_dir() else f.name for f in files]
    if not path.is_dir():
        return Photographs(kind, tuple(files), tuple(names), name=path.name)
    return Photographs(kind, tuple(files), tuple(names), labels_of(names), f"{path.resolve().name}/")
