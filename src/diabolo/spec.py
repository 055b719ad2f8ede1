"""Parts described as data: dataclass <-> JSON <-> ``--set`` <-> scikit-learn parameters.

A :class:`Part` is a mutable description without tensors. It has a name, typed options with ranges, and a ``build``
of its own that makes the ``nn.Module``. Everything generic about descriptions stands here and nowhere else.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import types
import typing
from abc import ABC
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, ClassVar, Self

from diabolo.errors import ParameterError, unknown


def option(default: Any, doc: str, *, low: float | None = None, high: float | None = None, choices: Sequence[Any] = ()) -> Any:
    """A field of a :class:`Part` with its meaning and range: ``low <= value <= high``, or one of ``choices``.

    For a sequence the range holds for every entry. None is accepted where the annotation allows it.
    """
    return dataclasses.field(default=default, metadata={"doc": doc, "low": low, "high": high, "choices": tuple(choices)})


@dataclass
class Part(ABC):
    """Base of every description (abstract). Subclasses are dataclasses whose fields are made with :func:`option`.

    family: the kind of part, as errors name it. name: what users write. aliases: other names for the same part.
    """

    family: ClassVar[str]
    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise ParameterError where an option has the wrong type or is out of its range."""
        hints = _hints(type(self))
        for f in dataclasses.fields(self):
            _check(f"{self.name}.{f.name}", getattr(self, f.name), hints[f.name], f.metadata)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name, as scikit-learn's ``clone`` and ``GridSearchCV`` want them."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def set_params(self, **params: Any) -> Self:
        """Change options in place; an unknown name or a value out of range is a ParameterError."""
        for key, value in params.items():
            if key not in self.get_params():
                raise unknown(f"option of {self.family} {self.name!r}", key, self.get_params())
            setattr(self, key, value)
        self.check()
        return self

    def with_text(self, key: str, text: str) -> Self:
        """A copy with the option ``key`` read from text, as ``--set`` gives it."""
        if key not in self.get_params():
            raise unknown(f"option of {self.family} {self.name!r}", key, self.get_params())
        return dataclasses.replace(self, **{key: parse(text, _hints(type(self))[key], f"{self.name}.{key}")})

    def to_json(self) -> dict[str, Any]:
        """``{"name": ..., option: value, ...}``, ready for ``json.dump``."""
        return {"name": self.name} | {k: _plain(v) for k, v in self.get_params().items()}


PartT = typing.TypeVar("PartT", bound=Part)


def is_number(value: object) -> typing.TypeGuard[float]:
    """Whether a value is a real number, Python's or NumPy's, infinite and NaN among them; truth values are none."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_whole(value: object, low: int) -> bool:
    """Whether a value is a whole number of at least ``low``, Python's or NumPy's; truth values are none."""
    return hasattr(value, "__index__") and not isinstance(value, bool) and value.__index__() >= low


def names(family: Iterable[type[Part]]) -> tuple[str, ...]:
    """The names of a family's members, without aliases."""
    return tuple(p.name for p in family)


def find(family: Sequence[type[PartT]], name: str) -> type[PartT]:
    """The member called ``name``; an unknown one is a ParameterError that gives the nearest."""
    for part in family:
        if name == part.name or name in part.aliases:
            return part
    known = [n for p in family for n in (p.name, *p.aliases)]
    raise unknown(family[0].family, name, known)


def from_json(family: Sequence[type[PartT]], data: Mapping[str, Any]) -> PartT:
    """The inverse of :meth:`Part.to_json`. Names and options that are not known are refused."""
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise ParameterError(f"Expected a {family[0].family} as an object with a name, got {data!r}.")
    part = find(family, data["name"])
    params = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k != "name"}
    for key in params:
        if key not in _hints(part):
            raise unknown(f"option of {part.family} {part.name!r}", key, [f.name for f in dataclasses.fields(part)])
    return part(**params)


def describe(part: type[Part]) -> list[dict[str, Any]]:
    """One row an option: name, type, default, range, meaning. For help texts, documentation and forms."""
    rows = []
    for f in dataclasses.fields(part):
        rows.append(
            {
                "name": f.name,
                "type": str(f.type),
                "default": None if f.default is MISSING else f.default,
                "range": _range(f.metadata),
                "doc": f.metadata.get("doc", ""),
            }
        )
    return rows


def parse(text: str, hint: Any, where: str) -> Any:
    """Read ``text`` as a value of the type ``hint``: ``4``, ``0.1``, ``true``, ``none``, ``256,128``."""
    kinds = _members(hint)
    if text.strip().lower() in ("none", "null") and type(None) in kinds:
        return None
    for kind in (k for k in kinds if k is not type(None)):
        try:
            return _parse_one(text.strip(), kind)
        except ValueError:
            continue
    raise ParameterError(f"{where} expects {_readable(hint)}, got {text!r}.")


def _parse_one(text: str, kind: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        inner = text.strip("()[]").strip().removesuffix(",")
        return tuple(_parse_one(t.strip(), typing.get_args(kind)[0]) for t in inner.split(",")) if inner else ()
    if kind is bool:
        if text.lower() not in ("true", "false", "yes", "no", "1", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "yes", "1")
    if kind in (int, float, str):
        return kind(text)
    raise ValueError(text)


def _hints(part: type[Part]) -> dict[str, Any]:
    hints = typing.get_type_hints(part)
    return {f.name: hints[f.name] for f in dataclasses.fields(part)}


def _plain(value: Any) -> Any:
    """A value as JSON holds it: numpy's numbers become Python's, tuples lists."""
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value.item() if hasattr(value, "item") and hasattr(value, "dtype") else value


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union else (hint,)


def _fits(value: Any, kind: Any) -> bool:
    if typing.get_origin(kind) is tuple:
        return isinstance(value, (tuple, list)) and all(_fits(v, typing.get_args(kind)[0]) for v in value)
    if kind is float:
        return is_number(value)
    if kind is int:
        return hasattr(value, "__index__") and not isinstance(value, bool)
    if kind is Any or not isinstance(kind, type):
        return True
    return isinstance(value, kind)


def _check(where: str, value: Any, hint: Any, metadata: Mapping[str, Any]) -> None:
    if not any(_fits(value, kind) for kind in _members(hint)):
        raise ParameterError(f"{where} expects {_readable(hint)}, got {value!r}.")
    low, high, choices = (metadata.get(k) for k in ("low", "high", "choices"))
    for entry in value if isinstance(value, (tuple, list)) else (value,):
        if entry is None or isinstance(entry, str) and not choices:
            continue
        if choices and entry not in choices:
            raise unknown(f"{where}", entry, [str(c) for c in choices])
        if not choices and (low is not None and not entry >= low or high is not None and not entry <= high):
            raise ParameterError(f"{where} must be {_range(metadata)}, got {entry!r}.")
        if isinstance(entry, numbers.Real) and not math.isfinite(entry):
            raise ParameterError(f"{where} must be a finite number, got {entry!r}.")


def _range(metadata: Mapping[str, Any]) -> str:
    low, high, choices = (metadata.get(k) for k in ("low", "high", "choices"))
    if choices:
        return "one of " + ", ".join(map(str, choices))
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def _readable(hint: Any) -> str:
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "a name", type(None): "none"}
    texts = [
        "whole numbers such as 256,128" if typing.get_origin(k) is tuple else plain.get(k, getattr(k, "__name__", str(k)))
        for k in _members(hint)
    ]
    return " or ".join(texts)
