"""Language: every text a reader of a report sees, and how its language writes numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, final

from markupsafe import Markup, escape

from diabolo.errors import unknown
from diabolo.jobs.diagnosis.anatomy import ENGLISH, is_share
from diabolo.jobs.diagnosis.remarks import ENGLISH as REMARKS
from diabolo.jobs.findings import Finding
from diabolo.recipes import RECIPES

Text = str | Mapping[str, str]

LANGUAGES = ("en", "ru")
THIN, HARD = "\u202f", "\u00a0"  # spaces that do not break: a narrow one between digits, a full one before units
MINUS, DOT = "\u2212", "\u00b7"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_CODE = re.compile(r"`([^`]+)`")


@final
@dataclass(frozen=True)
class Language:
    """A catalogue of texts. Called with a key and values it gives the text as safe HTML.

    A text is a string with ``{names}``, or one string for each grammatical number ("one", "few", "many", "other") of the value
    its "by" names ("n" by default). Words between backticks become ``<code>``. Whatever stands in braces is escaped.

    >>> say = language("ru")
    >>> say.number(0.00493), say.count(60000), say.times(24.5)
    ('0,00493', '60\\u202f000', '24,5')
    """

    code: str
    texts: Mapping[str, Text]

    def __call__(self, key: str, /, **values: Any) -> Markup:
        return _marked(self._filled(key, {k: escape(self.value(k, v)) for k, v in values.items()}))

    def plain(self, key: str, /, **values: Any) -> str:
        """The text without markup, for attributes and figures."""
        return self._filled(key, {k: self.value(k, v) for k, v in values.items()}).replace("`", "")

    def say(self, finding: Finding) -> Markup:
        """The words of a finding."""
        return self(finding.key, **finding.values)

    def has(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in self.texts

    def value(self, name: str, value: Any) -> str:
        """A value as this language writes it: shares in percent, other numbers rounded to three digits."""
        if isinstance(value, Finding):
            return self.plain(value.key, **value.values)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        if isinstance(value, int):
            return self.count(value)
        if name in ("times", "effective"):
            return self.times(value)
        return self.percent(value) if name.endswith("share") or is_share(name) else self.number(value)

    # --- numbers ---------------------------------------------------------------------------------------------------

    def count(self, n: int) -> str:
        """A whole number in groups of three; Russian leaves numbers of four digits whole."""
        if self.code == "ru":
            return _signed(f"{n:,}".replace(",", THIN) if abs(n) >= 10_000 else str(n))
        return _signed(f"{n:,}")

    def number(self, x: float, digits: int = 3, *, trim: bool = True) -> str:
        """So many significant digits; far from 1 with a power of ten. trim: without zeros at the end.

        >>> english = language("en")
        >>> english.number(0.25), english.number(0.25, trim=False), english.number(1234.6), english.number(0.0000123)
        ('0.25', '0.250', '1,235', '1.23·10⁻⁵')
        """
        if not math.isfinite(x):
            return "∞" if x > 0 else f"{MINUS}∞" if x < 0 else "–"
        if x == 0:
            return "0"
        rounded = float(f"{x:.{digits - 1}e}")
        power = math.floor(math.log10(abs(rounded)))
        if power < -4 or power >= 9:
            mantissa = self._decimal(f"{rounded / 10**power:.{digits - 1}f}", trim)
            return f"{mantissa}{DOT}10{str(power).translate(_SUPERSCRIPTS)}"
        if power >= digits - 1 and abs(rounded) >= 1000:
            return self.count(round(x))
        return self._decimal(f"{x:.{max(0, digits - 1 - power)}f}", trim)

    def fixed(self, x: float, decimals: int) -> str:
        """So many decimals, and digits in groups of three before them."""
        whole, _, rest = f"{x:.{decimals}f}".partition(".")
        sign = "-" if whole.startswith("-") else ""
        return _signed(sign) + self.count(abs(int(whole))) + (self._decimal(f".{rest}", trim=False) if rest else "")

    def times(self, x: float) -> str:
        """How many times larger: 1.03, 3.4, 24.5, 140."""
        if not math.isfinite(x):
            return "∞"
        decimals = 2 if x < 2 else 1 if x < 100 else 0
        return self._decimal(f"{x:.{decimals}f}", trim=True) if x < 1000 else self.count(round(x))

    def percent(self, share: float) -> str:
        """A share in percent: whole ones from 10 % on."""
        x = 100 * share
        rounded = f"{x:.0f}" if abs(x) >= 9.95 or x == 0 else f"{x:.1f}" if abs(x) >= 0.095 else f"{x:.2f}"
        return self._decimal(rounded, trim=True) + ("%" if self.code == "en" else f"{HARD}%")

    def duration(self, seconds: float) -> str:
        """Seconds as people say them, in at most two units."""
        if seconds < 60:
            return self.plain("unit.seconds", x=self.number(seconds, 2))
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self.plain("unit.minutes", minutes=minutes, seconds=rest)
        return self.plain("unit.hours", hours=minutes // 60, minutes=minutes % 60)

    def _decimal(self, text: str, trim: bool) -> str:
        if trim and "." in text:
            text = text.rstrip("0").rstrip(".")
        return _signed(text.replace(".", ",") if self.code == "ru" else text)

    # --- texts -----------------------------------------------------------------------------------------------------

    def _filled(self, key: str, values: Mapping[str, str]) -> str:
        text = self.texts[key]
        if not isinstance(text, str):
            text = text.get(plural(self.code, str(values[text.get("by", "n")])), text["other"])
        return text.format_map(values)


def plural(code: str, shown: str) -> str:
    """The grammatical number a written number asks for (Unicode CLDR's rules).

    >>> [plural("ru", n) for n in ("1", "2", "5", "11", "21", "2,5")]
    ['one', 'few', 'many', 'many', 'one', 'other']
    >>> [plural("en", n) for n in ("1", "2", "1.5")]
    ['one', 'other', 'other']
    """
    digits = shown.replace(THIN, "").replace(MINUS, "")
    if code == "en":
        return "one" if digits == "1" else "other"
    if not digits.isdigit():
        return "other"
    last, tens = int(digits[-1]), int(digits[-2:])
    if last == 1 and tens != 11:
        return "one"
    return "few" if last in (2, 3, 4) and tens not in (12, 13, 14) else "many"


@cache
def language(code: str) -> Language:
    """The catalogue of a language. Raises ParameterError for one that is not there."""
    if code not in LANGUAGES:
        raise unknown("language of reports", code, LANGUAGES)
    file = resources.files("diabolo.report").joinpath("texts").joinpath(f"{code}.json")
    texts: dict[str, Text] = json.loads(file.read_text(encoding="utf-8"))
    return Language(code, MappingProxyType({**(_english() if code == "en" else {}), **texts}))


def _english() -> dict[str, Text]:
    """What the house says in English elsewhere already: of layers and parts, and of recipes."""
    said = {f"recipe.{r.name}.{what}": getattr(r, what) for r in RECIPES.values() for what in ("what", "when")}
    return {**ENGLISH, **REMARKS, **said}


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def _marked(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(text)))
