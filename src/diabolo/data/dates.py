"""Dates in text: read as days since 1970-01-01, and written again as they were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, final

import numpy as np

from diabolo.errors import DataError

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1)

_TIME = r"(?:(?P<gap>[T ]+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?)?"
_ZONE = r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
_YEAR_FIRST = re.compile(rf"(?P<a>\d{{4}})(?P<mark>[-./])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{1,2}}){_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[-./])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{4}}){_TIME}{_ZONE}")
_TOKENS = re.compile(r"yyyy|mm|m|dd|d|HH|H|MM|SS|ffffff")

Order = Literal["ymd", "dmy", "mdy"]


@final
@dataclass(frozen=True)
class Dates:
    """Texts that were read as dates. days: a number a text, NaN where it is none. style: how most of them are written."""

    days: np.ndarray
    style: str


def dates(texts: Sequence[str], column: str, style: str = "") -> Dates | None:
    """Texts as days since 1970-01-01; None where less than half of them look like dates.

    ``2020-12-31``, ``31.12.2020`` and both with the time of day are plain. ``03/04/2020`` is read by the other texts: where
    one of them has a first or a second number above 12, the order is known. style: as :class:`Dates` has it, where the order
    is known from before. Raises DataError where nothing tells the day from the month, or texts contradict each other.

    >>> dates(["01.02.2020", "29.02.2020"], "born")
    Dates(days=array([18293., 18321.]), style='dd.mm.yyyy')
    """
    found = [_YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text) for text in texts]
    looking = [match for match in found if match]
    if not looking or 2 * len(looking) < len(texts):
        return None
    order = _order([m for m in looking if m["mark"] != "." and m.re is _YEAR_LAST], column, style)
    days = np.array([_days(match, order) if match else np.nan for match in found])
    return Dates(days, style or _style(looking, order))


def written(days: np.ndarray, style: str) -> list[str | None]:
    """Days as text in a style, None for NaN.

    >>> written(np.array([18321.5, np.nan]), "d.m.yyyy HH:MM")
    ['29.2.2020 12:00', None]
    """
    return [None if moment is None else _write(moment, style) for moment in moments(days)]


def microseconds(days: np.ndarray, unit: str = "us") -> np.ndarray:
    """Days since 1970-01-01 as datetime64[us], NaT for NaN; kept inside the years 1 to 9999, and of the unit "ns" inside what
    64 bits of nanoseconds hold.

    >>> microseconds(np.array([0.5, np.nan, 1e9]), "ns").astype("M8[D]").tolist()
    [datetime.date(1970, 1, 1), None, datetime.date(2262, 4, 10)]
    """
    edges = (datetime(1677, 9, 23), datetime(2262, 4, 10)) if unit == "ns" else (datetime(1, 1, 2), datetime(9999, 12, 30))
    low, high = ((edge - EPOCH) / DAY for edge in edges)  # a day inside, for time zones
    steps = np.round(np.clip(np.nan_to_num(days), low, high) * 86_400e6).astype(np.int64).astype("M8[us]")
    return np.where(np.isnan(days), np.datetime64("NaT"), steps)


def moments(days: np.ndarray, unit: str = "us") -> list[datetime | None]:
    """:func:`microseconds` as dates with time, None for NaN."""
    found: list[datetime | None] = microseconds(days, unit).astype(object).tolist()
    return found


def grain(days: np.ndarray) -> float:
    """The longest of a day, an hour, a minute, a second and a microsecond of which all days (n,) are multiples, in days."""
    steps = np.round(days * 86_400e6)
    return next(unit / 86_400e6 for unit in (86_400e6, 3_600e6, 60e6, 1e6, 1.0) if unit == 1.0 or not (steps % unit).any())


def _order(matches: Sequence[re.Match[str]], column: str, style: str) -> Order:
    """What stands first in dates that end in the year: the day, or the month."""
    if not matches or style.startswith(("d", "m")):
        return "mdy" if style.startswith("m") else "dmy"
    day_first = next((m for m in matches if int(m["a"]) > 12), None)
    month_first = next((m for m in matches if int(m["b"]) > 12), None)
    if (day_first is None) != (month_first is None):
        return "mdy" if day_first is None else "dmy"
    if day_first is not None and month_first is not None:
        raise DataError(
            f"Column {column!r}: {day_first[0]!r} has the day first and {month_first[0]!r} the month. Write all dates as "
            "2020-12-31 or 31.12.2020, or leave the column out with ignore= (--ignore)."
        )
    raise DataError(
        f"Column {column!r}: in {matches[0][0]!r} the day or the month may stand first, and no cell of the column tells which. "
        "Write dates as 2020-12-31 or 31.12.2020, or leave the column out with ignore= (--ignore)."
    )


def _days(match: re.Match[str], order: Order) -> float:
    """Days since 1970-01-01; NaN where there is no such day, or no such time zone."""
    a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
    if match.re is _YEAR_FIRST:
        year, month, day = a, b, c
    else:
        year, (day, month) = c, (a, b) if order == "dmy" or match["mark"] == "." else (b, a)
    try:
        moment = datetime(year, month, day, int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
        if match["zone"] not in (None, "Z"):
            moment -= datetime.strptime(match["zone"], "%z").utcoffset() or timedelta(0)
    except (ValueError, OverflowError):  # an hour of 25, an offset of a hundred, a moment before the year 1
        return float("nan")
    seconds = float(match["fraction"] or 0)
    return (moment - EPOCH) / DAY + seconds / 86_400


def _style(matches: Sequence[re.Match[str]], order: Order) -> str:
    """How most dates are written. Days and months are padded with a zero where all are."""
    first = Counter((m.re is _YEAR_FIRST, m["mark"]) for m in matches).most_common(1)[0][0]
    usual = [m for m in matches if (m.re is _YEAR_FIRST, m["mark"]) == first]
    parts = ("b", "c") if first[0] else ("a", "b")
    padded = all(len(m[part]) == 2 for m in usual for part in parts)
    day, month = ("dd", "mm") if padded else ("d", "m")
    if first[0]:
        text = first[1].join(("yyyy", month, day))
    else:
        text = first[1].join((day, month, "yyyy") if order == "dmy" or first[1] == "." else (month, day, "yyyy"))
    timed = [m for m in usual if m["hour"]]
    if timed:
        text += timed[0]["gap"] + ("HH" if all(len(m["hour"]) == 2 for m in timed) else "H") + ":MM"
        text += ":SS" if any(m["second"] for m in timed) else ""
        text += ".ffffff" if any(m["fraction"] for m in timed) else ""
    return text + ("Z" if any(m["zone"] for m in usual) else "")


def _write(moment: datetime, style: str) -> str:
    parts = {
        "yyyy": f"{moment.year:04}",
        "mm": f"{moment.month:02}",
        "m": str(moment.month),
        "dd": f"{moment.day:02}",
        "d": str(moment.day),
        "HH": f"{moment.hour:02}",
        "H": str(moment.hour),
        "MM": f"{moment.minute:02}",
        "SS": f"{moment.second:02}",
        "ffffff": f"{moment.microsecond:06}",
    }
    return _TOKENS.sub(lambda found: parts[found[0]], style)
