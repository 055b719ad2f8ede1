"""Findings: what was found, as the key of a sentence and the values in it. The words come later, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True)
class Finding:
    """One sentence without its words. key: of a text. values: what stands in its braces, numbers unrounded.

    >>> Finding("curves.overfit", {"epoch": 12}).to_dict()
    {'key': 'curves.overfit', 'epoch': 12}
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = {k: v.to_dict() if isinstance(v, Finding) else v for k, v in self.values.items()}
        return {"key": self.key, **values}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """The inverse of :meth:`to_dict`; KeyError where there is no key.

        >>> Finding.from_dict({"key": "a", "rival": {"key": "b", "n": 2}}).values["rival"]
        Finding(key='b', values={'n': 2})
        """
        values = {k: cls.from_dict(v) if isinstance(v, Mapping) else v for k, v in data.items() if k != "key"}
        return cls(data["key"], values)
