"""Flights are counted where they lie, and bad ones are refused with their number and places."""

from pathlib import Path

import duckdb
import ibis
import pytest
import sqlglot
from ibis.backends.sql.compilers import BigQueryCompiler

from training.errors import DataError
from training.flights.aggregation import cells_of, count
from training.flights.counts import Counts
from training.flights.features import FEATURES
from training.flights.sources import Columns

ROWS = """OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O
Sky,N,1,2017-01-01 10:00:00,2017-01-01 10:15:00
Sky,N,1,2017-01-01 10:00:00,2017-01-01 10:15:00.000001
"Sky, Ltd.",I,12,2017-12-31 23:55:00,2018-01-01 00:11:00
Sky,N,2,2017-02-01 10:00:00,2017-02-01 09:00:00
"""
MANY = ROWS + ROWS.partition("\n")[2] * 9
OTHER = Columns("Carrier", "Kind", "Month", "Planned", "Left")


def written(folder: Path, text: str, name: str = "flights.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def totals(counts: Counts) -> dict[tuple[str, str, int], tuple[int, int]]:
    sums = counts.table.groupby(FEATURES)[["flights", "delayed"]].sum()
    return {cell: tuple(row) for cell, row in zip(sums.index, sums.to_numpy(), strict=True)}


EXPECTED = {
    ("Sky", "N", 1): (20, 10),
    ("Sky", "N", 2): (10, 0),
    ("Sky, Ltd.", "I", 12): (10, 10),
}


def parquet(folder: Path, source: str, select: str, name: str = "flights.parquet") -> str:
    path = folder / name
    duckdb.sql(f"COPY (SELECT {select} FROM read_csv('{source}')) TO '{path}'")
    return str(path)


def test_the_real_flights_give_the_committed_counts(raw_flights: Path, santiago: Counts) -> None:
    assert totals(count(str(raw_flights)).counts) == totals(santiago)


def test_text_is_counted_to_the_microsecond(tmp_path: Path) -> None:
    assert totals(count(written(tmp_path, MANY)).counts) == EXPECTED


@pytest.mark.parametrize(
    "month",
    ["MES::BIGINT AS MES", "MES::DOUBLE AS MES", "MES::VARCHAR AS MES"],
    ids=["int", "double", "text"],
)
def test_parquet_and_its_own_types_count_the_same(tmp_path: Path, month: str) -> None:
    address = parquet(tmp_path, written(tmp_path, MANY), f"* REPLACE ({month})")
    assert totals(count(address).counts) == EXPECTED


def test_a_glob_counts_all_its_files(tmp_path: Path) -> None:
    for i in range(10):
        written(tmp_path, ROWS, f"{i}.csv")
    assert totals(count(str(tmp_path / "*.csv")).counts) == EXPECTED


def test_columns_may_bear_other_names(tmp_path: Path) -> None:
    header = "Carrier,Kind,Month,Planned,Left\n"
    address = written(tmp_path, header + MANY.partition("\n")[2])
    assert totals(count(address, OTHER).counts) == EXPECTED


@pytest.mark.parametrize(
    "late", ["late", "late::INT AS late", "late::VARCHAR AS late"], ids=["boolean", "0/1", "text"]
)
def test_a_ready_delay_column_stands_for_the_times(tmp_path: Path, late: str) -> None:
    select = f'OPERA, TIPOVUELO, MES, {late} FROM (SELECT *, "Fecha-O" - "Fecha-I" > '
    select += "INTERVAL 15 MINUTE AS late"
    source = written(tmp_path, MANY)
    path = tmp_path / "flights.parquet"
    duckdb.sql(f"COPY (SELECT {select} FROM read_csv('{source}'))) TO '{path}'")
    assert totals(count(str(path), Columns(delay="late")).counts) == EXPECTED


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param("Sky,N,2", "Sky,X,2", "got 'X' - at line 5, column `TIPOVUELO`", id="type"),
        pytest.param("Sky,N,2", "Sky,N,13", "got '13' - at line 5, column `MES`", id="month 13"),
        pytest.param("Sky,N,2", "Sky,N,2.5", "got '2.5' - at line 5, column `MES`", id="fraction"),
        pytest.param("Sky,N,2", "Sky,N,", "got nothing - at line 5, column `MES`", id="no month"),
        pytest.param("Sky,N,2", " ,N,2", "got ' ' - at line 5, column `OPERA`", id="blank airline"),
        pytest.param("Sky,N,2", ",N,2", "got nothing - at line 5, column `OPERA`", id="no airline"),
        pytest.param("09:00:00", "9 a.m.", "a.m.' - at line 5, column `Fecha-O`", id="no time"),
        pytest.param("02-01 09", "02-30 09", "line 5, column `Fecha-O`", id="no such day"),
        pytest.param("02-01 10", "02-01 25", "line 5, column `Fecha-I`", id="no such hour"),
    ],
)
def test_a_bad_row_stops_with_its_place_or_is_left_out(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    good, bad = MANY.replace(old, "\0", 1).split("\0")
    address = written(tmp_path, good + new + bad) if old in MANY else ""
    with pytest.raises(DataError) as refusal:
        count(address)
    assert f"Cannot train on {address}: expected" in str(refusal.value)
    assert place in str(refusal.value)
    assert "1 of 40 rows are bad" in str(refusal.value)
    counted = count(address, drop_bad=True)
    assert counted.left_out == 1
    assert totals(counted.counts) == EXPECTED | {("Sky", "N", 2): (9, 0)}


def test_bad_rows_are_counted_and_three_are_shown_with_their_files(tmp_path: Path) -> None:
    written(tmp_path, ROWS, "a.csv")
    written(tmp_path, MANY.replace("Sky,N,1", "Sky,N,0"), "b.csv")
    with pytest.raises(DataError) as refusal:
        count(str(tmp_path / "*.csv"))
    message = str(refusal.value)
    assert [f"{tmp_path / 'b.csv'}, line {line}, column `MES`" in message for line in (2, 3, 6)]
    assert message.count("got '0'") == 3
    assert "20 of 44 rows are bad; --drop-bad leaves them out" in message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(ROWS.replace("MES", "Month"), "no column `MES`", id="no column"),
        pytest.param(ROWS.partition("\n")[0] + "\n", "holds no flights", id="only a header"),
        pytest.param(MANY + "a,b,c,d,e,f,g\n", "Cannot read", id="a row too long"),
        pytest.param(MANY.replace("N", "X").replace(",I,", ",X,"), "40 of 40", id="nothing good"),
    ],
)
def test_a_source_that_cannot_be_counted_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        count(written(tmp_path, text))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("nowhere/*.parquet", "no such file", id="no file"),
        pytest.param(__file__, "expected files all `.csv`", id="neither CSV nor Parquet"),
        pytest.param("bigquery:table", "expected bigquery:PROJECT.DATASET.TABLE", id="bigquery"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(address: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        count(address)


@pytest.mark.parametrize("kind", ["string", "timestamp"])
def test_the_expression_compiled_for_bigquery_means_the_same(tmp_path: Path, kind: str) -> None:
    schema = dict.fromkeys(("OPERA", "TIPOVUELO", "MES"), "string")
    schema |= {"Fecha-I": kind, "Fecha-O": kind}
    flights = ibis.table(schema, name="flights")
    sql = BigQueryCompiler().to_sqlglot(cells_of(flights, Columns())).sql("bigquery")
    connection = duckdb.connect()
    source = written(tmp_path, MANY.replace("Sky,N,2", "Sky,N,14", 1))
    types = {name: "TIMESTAMP" if t == "timestamp" else "VARCHAR" for name, t in schema.items()}
    connection.execute(f"CREATE TABLE flights AS FROM read_csv('{source}', types = {types})")
    rows = connection.execute(sqlglot.transpile(sql, "bigquery", "duckdb")[0]).fetchall()
    good = {tuple(row[:3]): tuple(row[4:]) for row in rows if row[3] is None}
    assert good == EXPECTED | {("Sky", "N", 2): (9, 0)}
    assert [row[3:] for row in rows if row[3]] == [("month", 1, 0)]
