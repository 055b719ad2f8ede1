"""User data: read, understood, brought to tensors and back. Names are resolved when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diabolo.data.frames import aligned as aligned
    from diabolo.data.reading import Reading as Reading
    from diabolo.data.reading import read as read
    from diabolo.data.reading import read_like as read_like

_WHERE = {
    "Reading": "diabolo.data.reading",
    "aligned": "diabolo.data.frames",
    "read": "diabolo.data.reading",
    "read_like": "diabolo.data.reading",
}

__all__ = ["Reading", "aligned", "read", "read_like"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
