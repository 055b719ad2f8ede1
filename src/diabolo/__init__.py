"""Diabolo: autoencoders for the data people really have.

Names are resolved when they are first used, so that ``import diabolo`` is quick.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diabolo.data import read as read
    from diabolo.estimators.autoencoder import Autoencoder as Autoencoder
    from diabolo.estimators.autoencoder import load as load
    from diabolo.estimators.detector import AnomalyDetector as AnomalyDetector
    from diabolo.estimators.finetuned import FineTunedClassifier as FineTunedClassifier
    from diabolo.parts.networks import Custom as Custom

# Threads of GNU's OpenMP, which PyTorch uses on Linux, spin while they wait. Where other work wants the cores too, that makes
# a training many times slower. A short spin costs nothing on a quiet machine (LOG.md). It must be set before torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

__version__ = "0.1.0"

_HOMES = {
    "AnomalyDetector": "diabolo.estimators.detector",
    "Autoencoder": "diabolo.estimators.autoencoder",
    "Custom": "diabolo.parts.networks",
    "FineTunedClassifier": "diabolo.estimators.finetuned",
    "load": "diabolo.estimators.autoencoder",
    "read": "diabolo.data",
}

__all__ = ["AnomalyDetector", "Autoencoder", "Custom", "FineTunedClassifier", "__version__", "load", "read"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'diabolo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
