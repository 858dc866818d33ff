import calendar
import datetime as dt

import pandas as pd
import pytest

from training.flights.counts import Counts
from training.report.notebook import (
    LAST_DAYS,
    PERIODS,
    SEASONS,
    on_last_days,
    period,
    periods,
    season,
    seasons,
)

WEEKDAYS = ["Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo"]


@pytest.mark.parametrize("groups", [periods, seasons])
def test_no_flight_is_lost_and_none_counted_twice(santiago: Counts, groups: object) -> None:
    assert callable(groups)
    table: pd.DataFrame = groups(santiago)
    assert table[["flights", "delayed"]].sum().tolist() == [68_206, 12_614]
    assert table["value"].is_unique


def test_a_period_holds_the_hours_that_its_name_says() -> None:
    for name in PERIODS:
        first, last = (int(time[:2]) for time in name.split(", ")[1].split("-"))
        hours = [hour % 24 for hour in range(first, last + 1 if first < last else last + 25)]
        assert [hour for hour in range(24) if period(hour) == name] == sorted(hours)


def test_a_season_holds_the_months_whose_every_day_is_in_it() -> None:
    def high(day: dt.date) -> bool:
        monthday = (day.month, day.day)
        inside = [((7, 15), (7, 31)), ((9, 11), (9, 30))]
        return not (3, 3) < monthday < (12, 15) or any(a <= monthday <= b for a, b in inside)

    for month in range(1, 13):
        _, length = calendar.monthrange(2017, month)
        days = {high(dt.date(2017, month, day)) for day in range(1, length + 1)}
        expected = SEASONS[2] if len(days) == 2 else SEASONS[0] if True in days else SEASONS[1]
        assert season(month) == expected


def test_the_last_days_of_the_seasons_are_those_of_the_calendar() -> None:
    expected = {}
    for month, day in [(3, 3), (7, 31), (9, 30), (12, 31)]:
        weekday = dt.date(2017, month, day).weekday()
        weeks = calendar.Calendar().monthdayscalendar(2017, month)
        expected[month, WEEKDAYS[weekday]] = sum(week[weekday] > 0 for week in weeks)
    assert expected == LAST_DAYS


def test_a_last_day_counts_as_the_mean_of_its_weekday_in_its_month() -> None:
    rows = [("A", "I", 3, 8, "Viernes", "train", 20, 0), ("A", "N", 3, 9, "Viernes", "train", 5, 0)]
    rows += [("A", "I", 3, 8, "Lunes", "train", 100, 0)]
    columns = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM", "split", "flights", "delayed"]
    assert on_last_days(Counts(pd.DataFrame(rows, columns=columns))) == 5
