"""Descriptions of parts: ranges, text, JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import pytest

from diabolo.composition import FAMILIES
from diabolo.errors import ParameterError
from diabolo.spec import Part, describe, find, from_json, option, parse
from diabolo.training.optimizers import OPTIMIZERS

ALL = [(family, part) for family in (*FAMILIES.values(), OPTIMIZERS) for part in family]


@final
@dataclass
class Example(Part):
    family: ClassVar[str] = "example"
    name: ClassVar[str] = "example"

    share: float = option(0.5, "a share", low=0, high=1)
    widths: tuple[int, ...] | None = option(None, "widths", low=1)
    mode: str = option("a", "a mode", choices=("a", "b"))
    flag: bool = option(False, "a flag")
    weight: float = option(1.0, "a weight", low=0)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("share", "0.25", 0.25),
        ("share", "1", 1.0),
        ("widths", "256,128", (256, 128)),
        ("widths", "(8)", (8,)),
        ("widths", "(8,)", (8,)),
        ("widths", "", ()),
        ("widths", "none", None),
        ("mode", "b", "b"),
        ("flag", "true", True),
        ("flag", "no", False),
    ],
)
def test_text_becomes_a_value(key: str, text: str, value: object) -> None:
    assert getattr(Example().with_text(key, text), key) == value


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("share", "2", "between 0 and 1, got 2.0"),
        ("share", "much", "a number"),
        ("share", "nan", "between 0 and 1"),
        ("widths", "0", "at least 1"),
        ("widths", "a,b", "whole numbers"),
        ("widths", "1,,2", "whole numbers"),
        ("widths", ",1", "whole numbers"),
        ("weight", "inf", "finite number"),
        ("weight", "nan", "at least 0"),
        ("mode", "c", "There is no example.mode 'c'"),
        ("flag", "perhaps", "true or false"),
        ("shar", "1", "Did you mean 'share'"),
    ],
)
def test_wrong_text_says_what_was_expected(key: str, text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Example().with_text(key, text)


def test_values_are_checked_when_made_and_when_set() -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        Example(share=-0.1)
    with pytest.raises(ParameterError, match="a number"):
        Example(share="x")  # type: ignore[arg-type]
    part = Example()
    with pytest.raises(ParameterError, match="Known: flag, mode, share, weight, widths"):
        part.set_params(size=3)


@pytest.mark.parametrize(("family", "part"), ALL, ids=lambda x: getattr(x, "name", "") if isinstance(x, type) else "")
def test_every_part_describes_itself(family: tuple[type[Part], ...], part: type[Part]) -> None:
    assert find(family, part.name) is part
    assert all(row["doc"] for row in describe(part))
    if part.name != "custom":
        assert from_json(family, part().to_json()) == part()


def test_json_with_an_unknown_option_is_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'share'"):
        from_json((Example,), {"name": "example", "shares": 1})
    with pytest.raises(ParameterError, match="object with a name"):
        from_json((Example,), {"share": 1})


def test_parse_reads_unions_from_left_to_right() -> None:
    assert parse("3", int | float, "x") == 3
    assert parse("3.5", int | float, "x") == 3.5
