"""Findings: what was found, as the key of a sentence and the values in it. The words come later, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, final


@final
@dataclass(frozen=True)
class Finding:
    """One sentence without its words. key: of a text. values: what stands in its braces, numbers unrounded.

    >>> Finding("curves.overfit", {"epoch": 12}).to_dict()
    {'key': 'curves.overfit', 'epoch': 12}
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {"key": self.key, **self.values}
