"""What holds for the description of every bottleneck, corruption, likelihood and regularizer."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest
from sklearn.base import clone

from diabolo.errors import ParameterError
from diabolo.parts.bottlenecks import BOTTLENECKS
from diabolo.parts.corruptions import CORRUPTIONS
from diabolo.parts.likelihoods import LIKELIHOODS, Custom
from diabolo.parts.regularizers import REGULARIZERS
from diabolo.spec import Part, describe, find, from_json

FAMILIES: tuple[tuple[type[Part], ...], ...] = (BOTTLENECKS, CORRUPTIONS, LIKELIHOODS, REGULARIZERS)
MEMBERS = [pytest.param(family, part, id=f"{part.family}-{part.name}") for family in FAMILIES for part in family]
OPTIONS = [
    pytest.param(part, field, id=f"{part.name}.{field.name}")
    for family in FAMILIES
    for part in family
    for field in dataclasses.fields(part)
]


def other_value(part: type[Part], field: Any) -> Any:
    """A value in the option's range that is not its default."""
    low, high, choices, default = (*(field.metadata[k] for k in ("low", "high", "choices")), field.default)
    if choices:
        return next(c for c in choices if c != default)
    if isinstance(default, bool):
        return not default
    if field.name == "function":
        return abs
    if isinstance(default, tuple):
        return (*(value + 1 for value in default), 7)
    if "int" in str(field.type):
        return (default or 0) + 1
    for value in (0.5, 0.25) if not field.name.startswith("min_") else (0.01,):  # a floor stays below what starts above it
        if value != default and (low is None or value >= low) and (high is None or value <= high):
            return value
    raise AssertionError(f"no other value for {part.name}.{field.name}")


def changed(part: type[Part]) -> Part:
    """Every option other than it comes; several samples, and a prior beside a bounded code, go with no other."""
    return part(**{f.name: other_value(part, f) for f in dataclasses.fields(part) if f.name not in ("samples", "prior")})


@pytest.mark.parametrize(("family", "part"), MEMBERS)
def test_json_round_trip(family: tuple[type[Part], ...], part: type[Part]) -> None:
    for given in (part(), changed(part)):
        back = from_json(family, json.loads(json.dumps(given.to_json())))
        assert type(back) is part
        assert back == given or part is Custom  # the user's function is code, and is not kept
    assert part is Custom or changed(part) != part() or not dataclasses.fields(part)


@pytest.mark.parametrize(("family", "part"), MEMBERS)
def test_found_by_its_name_and_aliases(family: tuple[type[Part], ...], part: type[Part]) -> None:
    assert [find(family, name) for name in (part.name, *part.aliases)] == [part] * (1 + len(part.aliases))


@pytest.mark.parametrize(("family", "part"), MEMBERS)
def test_scikit_learn_clones_it(family: tuple[type[Part], ...], part: type[Part]) -> None:
    original = changed(part)
    copy = clone(original)
    assert copy is not original
    assert copy == original
    assert part().set_params(**original.get_params()) == original


@pytest.mark.parametrize(("family", "part"), MEMBERS)
def test_unknown_options_are_refused(family: tuple[type[Part], ...], part: type[Part]) -> None:
    with pytest.raises(ParameterError, match="nonsense"):
        part().set_params(nonsense=1)
    with pytest.raises(ParameterError, match="nonsense"):
        from_json(family, {"name": part.name, "nonsense": 1})


@pytest.mark.parametrize(("part", "field"), OPTIONS)
def test_out_of_range_is_refused(part: type[Part], field: Any) -> None:
    wrong: list[Any] = [object()]
    if field.metadata["low"] is not None:
        wrong.append(field.metadata["low"] - 1)
        wrong.append(float("nan") if "float" in str(field.type) else 1.5)
    if field.metadata["high"] is not None:
        wrong.append(field.metadata["high"] + 1)
    for value in wrong:
        with pytest.raises(ParameterError, match=f"{part.name}.{field.name}"):
            part(**{field.name: value})


@pytest.mark.parametrize(("part", "field"), OPTIONS)
def test_text_gives_the_value(part: type[Part], field: Any) -> None:
    if field.name == "function":
        with pytest.raises(ParameterError, match=r"custom\.function"):
            part().with_text("function", "abs")
        return
    value = other_value(part, field)
    assert getattr(part().with_text(field.name, str(value)), field.name) == value
    if type(None) in typing.get_args(typing.get_type_hints(part)[field.name]):
        assert getattr(part().with_text(field.name, "none"), field.name) is None


@pytest.mark.parametrize(("family", "part"), MEMBERS)
def test_documented(family: tuple[type[Part], ...], part: type[Part]) -> None:
    assert part is Custom or "http" in (part.__doc__ or "")
    assert all(row["doc"] and row["name"] for row in describe(part))
    assert "object at 0x" not in repr(part())
