"""Dates in text: every way of writing them that is read, and back in that way."""

import datetime

import numpy as np
import pytest

from diabolo.data.dates import dates, grain, microseconds, moments, written
from diabolo.errors import DataError


def day(*parts: int) -> float:
    """Days since 1970-01-01."""
    return (datetime.datetime(*parts) - datetime.datetime(1970, 1, 1)).total_seconds() / 86_400


@pytest.mark.parametrize(
    ("texts", "days", "style"),
    [
        (["2020-12-31", "1969-12-31"], [day(2020, 12, 31), -1], "yyyy-mm-dd"),
        (["31.12.2020", "01.02.2021"], [day(2020, 12, 31), day(2021, 2, 1)], "dd.mm.yyyy"),
        (["1.2.2020", "31.12.2020"], [day(2020, 2, 1), day(2020, 12, 31)], "d.m.yyyy"),
        (["31.12.2020 23:59", "01.01.2020 00:00"], [day(2020, 12, 31, 23, 59), day(2020, 1, 1)], "dd.mm.yyyy HH:MM"),
        (["2020-01-01T12:30:15", "2020-01-02T00:00:00"], [day(2020, 1, 1, 12, 30, 15), day(2020, 1, 2)], "yyyy-mm-ddTHH:MM:SS"),
        (["2020-01-01 06:00:00.250000"], [day(2020, 1, 1, 6) + 0.25 / 86_400], "yyyy-mm-dd HH:MM:SS.ffffff"),
        (["13/02/2020", "01/03/2020"], [day(2020, 2, 13), day(2020, 3, 1)], "dd/mm/yyyy"),
        (["02/13/2020", "01/03/2020"], [day(2020, 2, 13), day(2020, 1, 3)], "mm/dd/yyyy"),
        (["2020/02/13"], [day(2020, 2, 13)], "yyyy/mm/dd"),
        (["2020-01-01T12:00:00Z"], [day(2020, 1, 1, 12)], "yyyy-mm-ddTHH:MM:SSZ"),
    ],
)
def test_dates_as_people_write_them(texts, days, style):
    found = dates(texts, "born")
    np.testing.assert_allclose(found.days, days, rtol=0, atol=1e-9)
    assert found.style == style
    assert written(found.days, found.style) == texts


def test_offsets_are_taken_off():
    assert dates(["2020-01-01T12:00:00+03:00"], "at").days[0] == day(2020, 1, 1, 9)


def test_what_is_no_date_is_missing_and_few_dates_are_none():
    assert np.isnan(dates(["31.12.2020", "31.02.2020", "1.1.2020"], "born").days).tolist() == [False, True, False]
    assert dates(["a", "b", "2020-01-01"], "x") is None
    assert dates([], "x") is None


def test_the_order_of_day_and_month_is_not_guessed():
    with pytest.raises(DataError, match=r"'born'.*'03/04/2020' the day or the month .*31\.12\.2020.*--ignore"):
        dates(["03/04/2020", "05/06/2020"], "born")
    with pytest.raises(DataError, match="'13/02/2020' has the day first and '02/13/2020' the month"):
        dates(["13/02/2020", "02/13/2020"], "born")
    assert dates(["03/04/2020"], "born", style="mm/dd/yyyy").days[0] == day(2020, 3, 4)
    assert dates(["03/04/2020"], "born", style="dd/mm/yyyy").days[0] == day(2020, 4, 3)


def test_the_step_between_dates():
    assert grain(np.array([1.0, 5.0])) == 1
    assert grain(np.array([1.25])) == 1 / 24
    assert grain(np.array([day(2020, 1, 1, 1, 1, 1)])) == 1 / 86_400
    assert grain(np.array([0.1 / 86_400])) == pytest.approx(1e-6 / 86_400)


@pytest.mark.parametrize("text", ["2020-01-01T00:00+99:99", "0001-01-01T00:00+03:00", "9999-12-31T23:00-03:00"])
def test_offsets_that_lead_nowhere_are_no_dates(text):
    found = dates(["2020-01-01T00:00Z", text], "at").days
    assert found[0] == day(2020, 1, 1)
    assert np.isnan(found[1])


def test_microseconds_stay_inside_what_a_unit_holds():
    far = np.array([-1e30, np.nan, 18321.5, 1e30])
    found = microseconds(far, "ns")
    assert found[2] == np.datetime64("2020-02-29T12:00:00")
    assert np.isnat(found[1])
    exact = found.astype("M8[ns]")
    np.testing.assert_array_equal(exact.astype("M8[us]"), found)
    assert [m.year for m in microseconds(far)[[0, 3]].tolist()] == [1, 9999]


def test_moments_stay_inside_the_calendar():
    found = moments(np.array([0.5, np.nan, 1e9, -1e9]))
    assert found[:2] == [datetime.datetime(1970, 1, 1, 12), None]
    assert (found[2].year, found[3].year) == (9999, 1)
