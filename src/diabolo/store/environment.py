"""What a model was made with: versions and machine, without names or paths."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

PACKAGES = ("diabolo", "torch", "numpy", "scikit-learn", "polars", "safetensors")


def environment(plan: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Versions and processor of this machine; threads and device of the plan, where one is given: what bits depend on."""
    used = plan or {}
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": used.get("threads", torch.get_num_threads()),
        "device": used.get("device", "none chosen"),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
