import calendar
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training.__main__ import app
from training.errors import DataError
from training.flights.columns import Columns
from training.flights.counts import Counts
from training.flights.exploration import (
    DAYS,
    LAST_DAYS,
    NOTEBOOK_BOUNDS,
    PERIODS,
    SEASONS,
    Exploration,
)
from training.flights.reading import read

DATA = ROOT / "data"
DAY = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]


@pytest.fixture(scope="module")
def exploration() -> Exploration:
    return Exploration.read(DATA / "scl_2017_exploration.csv")


def test_the_embedded_counts_are_those_of_the_flights(raw_flights: Path, tmp_path: Path) -> None:
    out = tmp_path / "exploration.csv"
    arguments = ["explore", "--flights", str(raw_flights), "--out", str(out)]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert out.read_bytes() == (DATA / "scl_2017_exploration.csv").read_bytes()


def test_it_is_written_as_it_was_read(exploration: Exploration) -> None:
    assert exploration.to_csv() == (DATA / "scl_2017_exploration.csv").read_text()


@pytest.mark.parametrize("part", ["weekdays", "seasons", "hours", "periods", "destinations"])
def test_no_flight_is_lost_and_none_counted_twice(exploration: Exploration, part: str) -> None:
    table: pd.DataFrame = getattr(exploration, part)()
    assert (table["flights"].sum(), table["delayed"].sum()) == (68_206, 12_614)
    assert table["value"].is_unique


def test_exactly_the_bounds_are_what_the_notebook_gives_no_period() -> None:
    def notebook(time: str) -> str | None:
        if "05:00" < time < "11:59":
            return PERIODS[0]
        if "12:00" < time < "18:59":
            return PERIODS[1]
        return PERIODS[2] if "19:00" < time < "23:59" or "00:00" < time < "04:59" else None

    each = Exploration(pd.DataFrame([("time", at, 1, 0) for at in DAY], columns=_columns()))
    assert each.periods()["flights"].tolist() == [7 * 60, 7 * 60, 10 * 60]
    lost = [at for at in DAY if notebook(at) is None]
    assert each.without_period()["value"].tolist() == lost == sorted(NOTEBOOK_BOUNDS.split())
    for period in PERIODS:
        table = pd.DataFrame({"value": [at for at in DAY if notebook(at) == period]})
        alone = Exploration(table.assign(dimension="time", flights=1, delayed=0))
        assert alone.periods()["value"].tolist() == [period]


def test_a_season_holds_the_months_whose_every_day_is_in_it() -> None:
    def high(day: dt.date) -> bool:
        monthday = (day.month, day.day)
        inside = [((7, 15), (7, 31)), ((9, 11), (9, 30))]
        return not (3, 3) < monthday < (12, 15) or any(a <= monthday <= b for a, b in inside)

    for month in range(1, 13):
        _, length = calendar.monthrange(2017, month)
        days = {high(dt.date(2017, month, day)) for day in range(1, length + 1)}
        expected = SEASONS[2] if len(days) == 2 else SEASONS[0] if True in days else SEASONS[1]
        row = ("weekday", f"{month:02}-1", 1, 0)
        alone = Exploration(pd.DataFrame([row], columns=_columns()))
        assert alone.seasons()["value"].tolist() == [expected]


def test_the_last_days_of_the_seasons_are_those_of_the_calendar() -> None:
    expected = {}
    for month, day in [(3, 3), (7, 31), (9, 30), (12, 31)]:
        weekday = dt.date(2017, month, day).isoweekday()
        weeks = calendar.Calendar().monthdayscalendar(2017, month)
        expected[f"{month:02}-{weekday}"] = sum(week[weekday - 1] > 0 for week in weeks)
    assert expected == LAST_DAYS


def test_flights_are_counted_by_their_scheduled_time(tmp_path: Path) -> None:
    flights = tmp_path / "flights.csv"
    flights.write_text(
        "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O,SIGLADES\n"
        "Sky,N,1,2017-01-01 23:30:00,2017-01-02 00:10:00.5,Lima\n"  # a Sunday, 40 minutes late
        "Sky,N,6,2017-06-05 05:00:00,2017-06-05 05:15:00,Lima\n"  # a Monday, 15 minutes: on time
    )
    exploration = Exploration.from_flights(flights)
    assert exploration.destinations().to_numpy().tolist() == [["Lima", 2, 1]]
    assert exploration.weekdays().to_numpy().tolist() == [[DAYS[0], 1, 0], [DAYS[6], 1, 1]]
    assert exploration.hours().to_numpy().tolist() == [["05", 1, 0], ["23", 1, 1]]
    assert exploration.periods()["delayed"].tolist() == [0, 1]


def test_other_flights_than_those_of_the_counts_are_refused(exploration: Exploration) -> None:
    table = read(DATA / "scl_2017.csv").table
    exploration.check(Counts(table))
    row = table.index[table["delayed"] < table["flights"]][0]
    table.loc[row, "delayed"] += 1
    with pytest.raises(DataError, match="not of the same flights"):
        exploration.check(Counts(table))


def test_parquet_with_other_columns_and_without_destinations_is_explored(tmp_path: Path) -> None:
    path = tmp_path / "flights.parquet"
    times = pd.Series([pd.Timestamp("2017-01-01 23:30:00"), pd.NaT])
    flights = pd.DataFrame({"who": "Sky", "late": [1.0, 0.0], "month": 1.0, "planned": times})
    flights.to_parquet(path)
    columns = Columns("who", month="month", scheduled="planned", delay="late", type_value="N")
    exploration = Exploration.from_flights(path, columns)
    assert exploration.table.to_numpy().tolist() == [
        ["time", "23:30", 1, 1],
        ["weekday", "01-7", 1, 1],
    ]
    untimed = Exploration.from_flights(path, replace(columns, scheduled=""), "who")
    assert untimed.table.to_numpy().tolist() == [["destination", "Sky", 2, 1]]


def test_a_destination_that_is_not_there_is_refused(tmp_path: Path) -> None:
    flights = tmp_path / "flights.csv"
    flights.write_text("OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n")
    with pytest.raises(DataError, match=r"no column `To`. It has .*Name another by --destination"):
        Exploration.from_flights(flights, destination="To")


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("value,flights\nLima,1\n")
    with pytest.raises(DataError, match="expected the columns dimension, value"):
        Exploration.read(other)


def _columns() -> list[str]:
    return ["dimension", "value", "flights", "delayed"]
