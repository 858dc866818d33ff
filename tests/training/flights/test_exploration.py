from pathlib import Path

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training.__main__ import app
from training.errors import DataError
from training.flights.counts import Counts
from training.flights.exploration import NOTEBOOK_BOUNDS, Exploration

EMBEDDED = ROOT / "data" / "scl_2017_exploration.csv"
FLIGHTS = """OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O,SIGLADES
A,I,1,2017-01-01 23:59:00,2017-01-02 00:40:00,Lima
A,N,6,2017-06-05 05:00:00,2017-06-05 05:15:00,Lima
B,N,6,2017-06-05 05:01:30,2017-06-05 05:15:00,
"""


@pytest.fixture
def flights(tmp_path: Path) -> Path:
    """Return three flights: 41, 15 and 13.5 minutes after their times, the last without a place."""
    path = tmp_path / "flights.csv"
    path.write_text(FLIGHTS)
    return path


def test_the_embedded_counts_are_those_of_the_flights(raw_flights: Path, tmp_path: Path) -> None:
    out = tmp_path / "exploration.csv"
    arguments = ["explore", "--flights", str(raw_flights), "--out", str(out)]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert out.read_bytes() == EMBEDDED.read_bytes()


def test_it_is_written_as_it_was_read() -> None:
    assert Exploration.read(EMBEDDED).to_csv() == EMBEDDED.read_text()


def test_no_flight_is_lost_and_none_counted_twice() -> None:
    destinations = Exploration.read(EMBEDDED).destinations()
    assert destinations[["flights", "delayed"]].sum().tolist() == [68_206, 12_614]
    assert destinations["value"].is_unique


def test_flights_are_counted_by_destination_and_at_the_notebooks_bounds(flights: Path) -> None:
    exploration = Exploration.from_flights(str(flights))
    assert exploration.destinations().to_numpy().tolist() == [["Lima", 2, 1], ["", 1, 0]]
    assert exploration.without_period().to_numpy().tolist() == [["05:00", 1, 0], ["23:59", 1, 1]]


def test_exactly_the_bounds_are_what_the_notebook_gives_no_period() -> None:
    def has_period(time: str) -> bool:
        night = "19:00" < time < "23:59" or "00:00" < time < "04:59"
        return night or "05:00" < time < "11:59" or "12:00" < time < "18:59"

    day = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]
    assert tuple(time for time in day if not has_period(time)) == NOTEBOOK_BOUNDS


def test_parquet_gives_what_csv_gives(flights: Path) -> None:
    parquet = flights.with_suffix(".parquet")
    read = f"read_csv('{flights}', types={{'Fecha-I': 'TIMESTAMP', 'Fecha-O': 'TIMESTAMP'}})"
    duckdb.sql(f"COPY (FROM {read}) TO '{parquet}'")
    expected = Exploration.from_flights(str(flights)).to_csv()
    assert Exploration.from_flights(str(parquet)).to_csv() == expected


def test_what_the_flights_lack_is_missing_and_no_error(flights: Path) -> None:
    flights.write_text(FLIGHTS.replace("SIGLADES", "Other"))
    exploration = Exploration.from_flights(str(flights))
    assert exploration.destinations().empty
    assert len(exploration.without_period()) == 2


def test_counts_have_nothing_to_explore() -> None:
    exploration = Exploration.from_flights(str(ROOT / "data" / "scl_2017.csv"))
    assert exploration.to_csv() == "dimension,value,flights,delayed\n"


def test_the_destination_may_have_another_name(flights: Path) -> None:
    flights.write_text(FLIGHTS.replace("SIGLADES", "dest"))
    exploration = Exploration.from_flights(str(flights), destination="dest")
    assert exploration.destinations()["value"].tolist() == ["Lima", ""]


def test_a_destination_that_is_no_column_is_refused_by_its_name(flights: Path) -> None:
    with pytest.raises(DataError, match="no column `dest`"):
        Exploration.from_flights(str(flights), destination="dest")


def test_other_flights_than_those_of_the_counts_are_refused(santiago: Counts) -> None:
    exploration = Exploration.read(EMBEDDED)
    exploration.check(santiago)
    table = santiago.table.copy()
    table.loc[table.index[table["delayed"] < table["flights"]][0], "delayed"] += 1
    with pytest.raises(DataError, match="not of the same flights"):
        exploration.check(Counts(table))


def test_an_exploration_without_destinations_goes_with_any_counts(santiago: Counts) -> None:
    columns = ["dimension", "value", "flights", "delayed"]
    Exploration(pd.DataFrame([("minute", "05:00", 1, 0)], columns=columns)).check(santiago)


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("value,flights\nLima,1\n")
    with pytest.raises(DataError, match="expected the columns dimension, value"):
        Exploration.read(other)
