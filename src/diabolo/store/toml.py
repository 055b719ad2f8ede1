"""Plain values as TOML, for run.toml: Python reads TOML but does not write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(data: Mapping[str, Any]) -> str:
    """Tables of plain values; None is left out, as TOML has no word for it.

    >>> print(to_toml({"run": {"data": "mnist", "seed": 0, "note": None, "part": {"name": "mlp", "widths": [8, 4]}}}))
    [run]
    data = "mnist"
    seed = 0
    part = { name = "mlp", widths = [8, 4] }
    """
    blocks = []
    for table, values in data.items():
        lines = [f"{_key(k)} = {_value(v)}" for k, v in values.items() if v is not None]
        blocks.append("\n".join([f"[{_key(table)}]", *lines]))
    return "\n\n".join(blocks) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value if v is not None) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)
