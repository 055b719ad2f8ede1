"""Whatever a caller may hand over, brought to one array of numbers. Nothing here knows any kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from diabolo.data import datasets, torch_data
from diabolo.data.arrays import array
from diabolo.data.files import ARRAYS, TABLES, read_path
from diabolo.data.frames import frame, frame_of
from diabolo.data.given import Given, Wants
from diabolo.data.pictures import ENDINGS
from diabolo.errors import ParameterError, unknown


def gather(data: Any, wants: Wants | None = None) -> Given:
    """Numbers from an array, tensor, data frame, torch dataset or loader, path, or name of a data set.

    Raises DataError (or SourceError, for files) for what holds no usable numbers, ParameterError for an unknown name,
    UnsupportedError for kinds of data this version does not read.
    """
    wants = wants or Wants()
    if isinstance(data, str):
        return _named(data, wants)
    if isinstance(data, Path):
        return read_path(data, wants)
    table = frame_of(data)
    if table is not None:
        return frame(table, wants)
    if isinstance(data, Tensor):
        return torch_data.tensor(data)
    if isinstance(data, Dataset | DataLoader):
        return torch_data.dataset(data)
    if isinstance(data, list | tuple) and data and all(isinstance(item, Tensor) for item in data):
        return array([torch_data.host(item) for item in data])
    return array(data)


def _named(text: str, wants: Wants) -> Given:
    """A text: the name of a data set, else a path."""
    if datasets.is_name(text):
        return datasets.load(text)
    path = Path(text)
    looks_like_path = "/" in text or "\\" in text or path.suffix.lower() in (*TABLES, *ARRAYS, *ENDINGS)
    if looks_like_path or path.exists():
        return read_path(path, wants)
    error = unknown("data set", text, datasets.names())
    raise ParameterError(f"{error} There is no file or folder of that name either.")
