from collections import defaultdict
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training.__main__ import app
from training.errors import DataError
from training.flights.counts import Counts
from training.flights.exploration import Exploration

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


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """Return 400 flights of a week, with bad and good days."""
    rng = np.random.default_rng(3)
    minutes = np.sort(rng.integers(0, 7 * 24 * 60, 400))
    scheduled = pd.Timestamp("2017-03-06") + pd.to_timedelta(minutes, "min")
    bad = np.repeat(rng.uniform(0, 0.6, 20), 20)
    waited = np.where(rng.random(400) < bad, rng.integers(16, 90, 400), rng.integers(0, 16, 400))
    path = tmp_path / "busy.csv"
    times = {"Fecha-I": scheduled, "Fecha-O": scheduled + pd.to_timedelta(waited, "min")}
    table = pd.DataFrame({"OPERA": "A", "TIPOVUELO": "I", "MES": 3, **times})
    table.assign(SIGLADES=rng.choice(["Lima", "Quito"], 400)).to_csv(path, index=False)
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


def test_flights_are_counted_by_destination(flights: Path) -> None:
    exploration = Exploration.from_flights(str(flights))
    assert exploration.destinations().to_numpy().tolist() == [["Lima", 2, 1], ["", 1, 0]]


def test_the_day_so_far_is_looked_at_from_each_number_of_hours_ahead(busy: Path) -> None:
    """Each flight against a plain look at the flights before it."""
    rows = pd.read_csv(busy, parse_dates=["Fecha-I", "Fecha-O"])
    late = rows["Fecha-O"] - rows["Fecha-I"] > pd.Timedelta(minutes=15)
    found = Exploration.from_flights(str(busy)).day_so_far()
    assert [*found] == [1, 2, 3, 6]
    for hours, table in found.items():
        expected = defaultdict[int, list[bool]](list)
        for time, is_late in zip(rows["Fecha-I"], late, strict=True):
            ago = (time - rows["Fecha-I"]).dt.total_seconds() / 60 - 60 * hours
            before = late[ago.between(15, 180)]
            if len(before) >= 5:
                edges = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6]
                expected[sum(before.mean() >= edge for edge in edges)].append(is_late)
        counted = [[value, len(each), sum(each)] for value, each in sorted(expected.items())]
        assert table.to_numpy().tolist() == counted
        assert len(counted) > 4


def test_parquet_gives_what_csv_gives(busy: Path) -> None:
    flights, parquet = busy, busy.with_suffix(".parquet")
    read = f"read_csv('{flights}', types={{'Fecha-I': 'TIMESTAMP', 'Fecha-O': 'TIMESTAMP'}})"
    duckdb.sql(f"COPY (FROM {read}) TO '{parquet}'")
    expected = Exploration.from_flights(str(flights)).to_csv()
    assert Exploration.from_flights(str(parquet)).to_csv() == expected


def test_what_the_flights_lack_is_missing_and_no_error(flights: Path) -> None:
    flights.write_text(FLIGHTS.replace("SIGLADES", "Other"))
    exploration = Exploration.from_flights(str(flights))
    assert exploration.destinations().empty


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
    Exploration(pd.DataFrame([("day_1h", "0", 1, 0)], columns=columns)).check(santiago)


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("value,flights\nLima,1\n")
    with pytest.raises(DataError, match="expected the columns dimension, value"):
        Exploration.read(other)
