"""Writing files whole or not at all, and reading them with errors that say what is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from diabolo.errors import StoreError
from diabolo.writing import write_whole


def write_bytes(path: Path, content: bytes) -> None:
    """Whole or not at all. Raises StoreError where the disk is full or closed to us."""
    try:
        write_whole(path, content)
    except OSError as problem:
        raise StoreError(
            f"{path} could not be written: {os.strerror(problem.errno or 0)}. What was there before is kept."
        ) from problem


def write_text(path: Path, text: str) -> None:
    """Text as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Readable JSON, whole or not at all."""
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Arrays as safetensors, whole or not at all."""
    write_bytes(path, save_arrays({name: np.asarray(array, order="C") for name, array in arrays.items()}))


def read_json(path: Path) -> dict[str, Any]:
    """The inverse of :func:`write_json`. Raises StoreError where the file is missing or damaged."""
    try:
        data = json.loads(_read(path))
    except ValueError as problem:
        raise StoreError(f"{path} is damaged: it is no JSON ({problem}). Copy the model folder again.") from problem
    if not isinstance(data, dict):
        raise StoreError(f"{path} is damaged: expected a JSON object.")
    return data


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The inverse of :func:`write_arrays`. Raises StoreError where the file is missing or damaged."""
    content = _read(path)
    try:
        return dict(load_arrays(content))
    except (SafetensorError, ValueError, KeyError) as problem:
        raise StoreError(f"{path} is damaged or cut short ({problem}). Copy the model folder again.") from problem


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise StoreError(f"{path.name} is missing in {path.parent}: it is no whole model folder.") from problem
    except OSError as problem:
        raise StoreError(f"{path} could not be read: {os.strerror(problem.errno or 0)}.") from problem
