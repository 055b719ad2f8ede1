"""Checkpoints: everything a broken run needs to end where an unbroken one ends, in one safetensors file.

One file, written whole or not at all, so that a full disk or a killed process leaves the last good checkpoint as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diabolo.errors import StoreError
from diabolo.writing import write_whole

FILE = "last.safetensors"


def write(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> Path:
    """Write ``folder/last.safetensors`` whole or not at all. Raises OSError where the disk is full or closed to us."""
    path = folder / FILE
    write_whole(
        path, save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, {"state": json.dumps(state)})
    )
    return path


def read(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The inverse of :func:`write`. Raises StoreError where there is no checkpoint or it is damaged."""
    path = folder / FILE
    if not path.is_file():
        raise StoreError(f"There is no checkpoint in {folder}: nothing to resume. Train without --resume.")
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            return {key: file.get_tensor(key) for key in file.keys()}, state  # noqa: SIM118 (not a dict)
    except (SafetensorError, KeyError, ValueError) as problem:
        raise StoreError(f"The checkpoint {path} is damaged ({problem}). Train without --resume.") from problem


def optimizer_tensors(optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """What the optimizers remember, flat: ``optimizer.<which>.<weight>.<key>``."""
    return {
        f"optimizer.{i}.{weight}.{key}": torch.as_tensor(value)
        for i, optimizer in enumerate(optimizers)
        for weight, memory in optimizer.state_dict()["state"].items()
        for key, value in memory.items()
        if value is not None
    }


def restore_optimizers(optimizers: Sequence[torch.optim.Optimizer], tensors: Mapping[str, Tensor]) -> None:
    """Give freshly built optimizers back what :func:`optimizer_tensors` kept."""
    for i, optimizer in enumerate(optimizers):
        memory: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            parts = name.split(".", 3)
            if parts[:2] == ["optimizer", str(i)]:
                memory.setdefault(int(parts[2]), {})[parts[3]] = value
        optimizer.load_state_dict({"state": memory, "param_groups": optimizer.state_dict()["param_groups"]})


def with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under ``prefix.name``."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix.``, without it."""
    return {name.removeprefix(prefix + "."): value for name, value in tensors.items() if name.startswith(prefix + ".")}
