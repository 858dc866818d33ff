"""Flights are counted where they lie, and bad ones are refused with their number and places."""

import csv
import re
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import ibis
import pytest
import sqlglot
from ibis.backends.bigquery import Backend as BigQuery
from ibis.backends.sql.compilers import BigQueryCompiler
from ibis.expr.operations import DatabaseTable
from msgspec.structs import replace
from sqlglot import exp

from function.metadata import DAYS, WEEKDAYS
from tests.support.day_so_far import Flights
from training.errors import DataError
from training.flights.aggregation import count, counted_cells
from training.flights.counts import Counts
from training.flights.features import FEATURES
from training.tables.columns import Columns

ROWS = """OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O
Sky,N,1,2017-01-22 10:00:00,2017-01-22 10:15:00
Sky,N,1,2017-01-22 10:00:00,2017-01-22 10:15:00.000001
"Sky, Ltd.",I,12,2017-12-31 23:55:00,2018-01-01 00:11:00
Sky,N,2,2017-02-01 10:00:00,2017-02-01 09:00:00
"""
MANY = ROWS + ROWS.partition("\n")[2] * 9
OTHER = Columns("Carrier", "Kind", "Month", "Planned", "Left")


def written(folder: Path, text: str, name: str = "flights.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def totals(counts: Counts) -> dict[tuple[object, ...], tuple[int, int]]:
    sums = counts.table.groupby(FEATURES)[["flights", "delayed"]].sum()
    return {cell: tuple(row) for cell, row in zip(sums.index, sums.to_numpy(), strict=True)}


EXPECTED: dict[tuple[object, ...], tuple[int, int]] = {
    ("Sky", "N", 1, 10, "Domingo", -1): (20, 10),
    ("Sky", "N", 2, 10, "Miercoles", -1): (10, 0),
    ("Sky, Ltd.", "I", 12, 23, "Domingo", -1): (10, 10),
}
UNTIMED = {(*cell[:3], -1, "", -1): number for cell, number in EXPECTED.items()}
FEBRUARY = ("Sky", "N", 2, 10, "Miercoles", -1)


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
    [
        "MES::BIGINT AS MES",
        "MES::DOUBLE AS MES",
        "MES::DECIMAL(4, 1) AS MES",
        "MES::VARCHAR AS MES",
    ],
    ids=["int", "double", "decimal", "text"],
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
    "late",
    ["late", "late::INT AS late", "late::DOUBLE AS late", "late::VARCHAR AS late"],
    ids=["boolean", "0/1", "0.0/1.0", "text"],
)
@pytest.mark.parametrize("timed", [True, False])
def test_a_ready_delay_column_replaces_the_actual_time(
    tmp_path: Path, late: str, *, timed: bool
) -> None:
    scheduled = ', "Fecha-I"' if timed else ""
    select = f'OPERA, TIPOVUELO, MES{scheduled}, {late} FROM (SELECT *, "Fecha-O" - "Fecha-I" > '
    select += "INTERVAL 15 MINUTE AS late"
    source = written(tmp_path, MANY)
    path = tmp_path / "flights.parquet"
    duckdb.sql(f"COPY (SELECT {select} FROM read_csv('{source}'))) TO '{path}'")
    counted = count(str(path), Columns(delay="late"))
    assert totals(counted.counts) == (EXPECTED if timed else UNTIMED)
    assert counted.counts.period == ("2017" if timed else None)
    assert len(counted.notes) == (not timed)
    untimed = count(str(path), Columns(delay="late", scheduled=""))
    assert totals(untimed.counts) == UNTIMED
    assert untimed.notes == ()


def test_flights_without_a_scheduled_time_are_untimed(tmp_path: Path) -> None:
    header = "OPERA,TIPOVUELO,MES,Fecha-I,late\n"
    rows = "Sky,N,1,2017-01-01 10:00:00,1\nSky,N,1,2017-01-01 10:00:00,0\n"
    rows += "Sky,N,1,2016-01-02 10:00,0\nSky,N,1,,1\n"
    counted = count(written(tmp_path, header + rows * 20), Columns(delay="late"))
    assert totals(counted.counts) == {
        ("Sky", "N", 1, -1, "", -1): (20, 20),
        ("Sky", "N", 1, 10, "Domingo", -1): (40, 20),
        ("Sky", "N", 1, 10, "Sabado", -1): (20, 0),
    }
    weeks = counted.counts.table.groupby(["week", "split"])["flights"].sum().to_dict()
    assert weeks == {
        (-1, "train"): 13,
        (-1, "validation"): 7,
        (2399, "validation"): 20,
        (2451, "train"): 40,
    }
    assert counted.counts.period == "2016-2017"


def test_the_month_is_that_of_the_time_where_no_column_has_it(tmp_path: Path) -> None:
    rows = [row.split(",") for row in MANY.replace("Sky, Ltd.", "Sky; Ltd.").splitlines()]
    text = "\n".join(",".join(row[:2] + row[3:]) for row in rows).replace("Sky;", "Sky,")
    assert totals(count(written(tmp_path, text)).counts) == EXPECTED


def test_flight_types_are_mapped_or_one_for_all(tmp_path: Path) -> None:
    address = written(tmp_path, MANY.replace(",N,", ",Domestic,"))
    mapped = count(address, Columns(types=(("Domestic", "N"),)))
    assert totals(mapped.counts) == EXPECTED
    own = count(address)
    assert own.counts.categories.TIPOVUELO == ("Domestic", "I")
    one = count(written(tmp_path, MANY.replace("TIPOVUELO", "t")), Columns(type_value="X"))
    assert one.counts.categories.TIPOVUELO == ("X",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param("Sky,N,2", "Sky,,2", "nothing - at line 5, column `TIPOVUELO`", id="type"),
        pytest.param("Sky,N,2", "Sky,N ,2", "'N ' - at line 5, column `TIPOVUELO`", id="type N "),
        pytest.param("Sky,N,2", " Sky,N,2", "' Sky' - at line 5, column `OPERA`", id="space"),
        pytest.param("Sky,N,2", "Sky\u00a0,N,2", "line 5, column `OPERA`", id="no-break space"),
        pytest.param("Sky,N,2", "Sky,N,3", "month 2 - at line 5, column `MES`", id="other month"),
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
    assert f"Cannot use {address}: expected" in str(refusal.value)
    assert place in str(refusal.value)
    assert "1 of 40 rows are bad" in str(refusal.value)
    counted = count(address, drop_bad=True)
    assert counted.left_out == 1
    assert totals(counted.counts) == EXPECTED | {FEBRUARY: (9, 0)}


def test_bad_rows_are_counted_and_three_are_shown_with_their_files(tmp_path: Path) -> None:
    written(tmp_path, ROWS, "a.csv")
    written(tmp_path, MANY.replace("Sky,N,1", "Sky,N,0"), "b.csv")
    with pytest.raises(DataError) as refusal:
        count(str(tmp_path / "*.csv"))
    places = (f"'0' - at {tmp_path / 'b.csv'}, line {line}, column `MES`" for line in (2, 3, 6))
    assert f"got {', '.join(places)} (20 rows). 20 of 44 rows are bad" in str(refusal.value)
    assert str(refusal.value).endswith("--drop-bad leaves them out.")


def test_each_fault_is_described(tmp_path: Path) -> None:
    bad = "Sky,N,1,2017-01-01 10:00:00,\n,N,1,2017-01-01 10:00:00,2017-01-01 10:00:00\n"
    with pytest.raises(DataError) as refusal:
        count(written(tmp_path, MANY + bad))
    message = str(refusal.value)
    assert "got nothing - at line 42, column `Fecha-O`" in message
    assert "A flight without an actual time was cancelled" in message
    assert "expected the name of an airline, got nothing - at line 43, column `OPERA`" in message
    assert "2 of 42 rows are bad" in message


def test_lines_are_those_of_the_file_after_blank_lines_and_line_breaks_in_quotes(
    tmp_path: Path,
) -> None:
    text = f'\n{MANY}\n\n"Sky\r\n\nLtd.",N,2,2017-02-01 10:00:00,2017-02-01 10:00:00\n'
    bad = "Sky,N,13,2017-02-01 10:00:00,2017-02-01 10:00:00\n"
    with pytest.raises(DataError, match=r"got '13' - at line 48, column `MES`"):
        count(written(tmp_path, text + bad))
    with pytest.raises(DataError, match=r"got '13' - at line 48, column `MES`"):
        count(written(tmp_path, text + bad, "f.csv"))


@pytest.mark.parametrize("late", ["late AS late", "late::VARCHAR AS late", "late::DOUBLE AS late"])
def test_a_delay_in_minutes_is_late_above_fifteen(tmp_path: Path, late: str) -> None:
    minutes = [15, 15.5, 16, -3, 0, 2880] * 10
    rows = "".join(f"Sky,N,1,{late}\n" for late in minutes)
    source = written(tmp_path, f"OPERA,TIPOVUELO,MES,late\n{rows}", "source.csv")
    address = parquet(tmp_path, source, f"* REPLACE ({late})")
    for each in (address, source):
        counted = count(each, Columns(delay_minutes="late"))
        assert totals(counted.counts) == {("Sky", "N", 1, -1, "", -1): (60, 30)}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2881", "expected from -720 to 2,880 minutes of delay, got '2881' - at line 62"),
        ("-721", "expected from -720 to 2,880 minutes of delay, got '-721' - at line 62"),
        ("NA", "expected minutes of delay such as 16 or -3.0, got 'NA' - at line 62"),
        ("", "got nothing - at line 62, column `late`. A flight without a delay was cancelled"),
    ],
)
def test_a_delay_that_no_flight_has_is_a_bad_row(tmp_path: Path, value: str, reason: str) -> None:
    rows = "Sky,N,1,16\nSky,N,1,3\n" * 30 + f"Sky,N,1,{value}\n"
    address, columns = written(tmp_path, f"OPERA,TIPOVUELO,MES,late\n{rows}"), Columns()
    columns = replace(columns, delay_minutes="late")
    with pytest.raises(DataError) as refusal:
        count(address, columns)
    assert reason in str(refusal.value)
    assert count(address, columns, drop_bad=True).left_out == 1


@pytest.mark.parametrize("kind", ["VARCHAR", "DOUBLE", "INTEGER"])
def test_minutes_are_no_flags_and_are_refused_whatever_is_left_out(
    tmp_path: Path, kind: str
) -> None:
    source = written(tmp_path, "OPERA,TIPOVUELO,MES,late\n" + "S,N,1,0\nS,N,1,1\n" * 9 + "S,N,1,16")
    address = parquet(tmp_path, source, f"* REPLACE (late::{kind} AS late)")
    with pytest.raises(DataError, match=r"\. Name a column of minutes by --delay-minutes"):
        count(address, Columns(delay="late"), drop_bad=True, drop_many=True)
    with pytest.raises(DataError, match="name one column, by --delay or by --delay-minutes"):
        count(address, Columns(delay="late", delay_minutes="late"))


@pytest.mark.parametrize(
    ("actual", "good"),
    [
        ("2017-01-31 22:00:00", True),
        ("2017-01-31 21:59:59", False),
        ("2017-02-03 10:00:00", True),
        ("2017-02-03 10:00:00.000001", False),
    ],
)
def test_a_flight_leaves_from_twelve_hours_early_to_forty_eight_late(
    tmp_path: Path, actual: str, *, good: bool
) -> None:
    address = written(tmp_path, MANY.replace("2017-02-01 09:00:00", actual, 1))
    if good:
        assert count(address).left_out == 0
        return
    with pytest.raises(DataError) as refusal:
        count(address)
    assert (
        "expected an actual time from 12 hours before the scheduled one to 48 hours after it, got "
        f"'{actual}' for a flight scheduled at 2017-02-01 10:00:00 - at line 5, column `Fecha-O`"
    ) in str(refusal.value)
    assert count(address, drop_bad=True).left_out == 1


def test_more_than_a_fifth_is_left_out_only_where_that_is_said_too(tmp_path: Path) -> None:
    bad = "Sky,N,1,2017-01-01 10:00:00,\n"
    assert count(written(tmp_path, MANY + bad * 10), drop_bad=True).left_out == 10
    address = written(tmp_path, MANY + bad * 11)
    with pytest.raises(DataError) as refusal:
        count(address, drop_bad=True)
    assert "column `Fecha-O` (11 rows)" in str(refusal.value)
    assert "11 of 51 rows are bad, more than a fifth; --drop-many leaves" in str(refusal.value)
    assert count(address, drop_bad=True, drop_many=True).left_out == 11


def test_all_missing_columns_are_named_with_those_that_come_near(tmp_path: Path) -> None:
    header = "year,month,carrier,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time\n"
    with pytest.raises(DataError) as refusal:
        count(written(tmp_path, header))
    assert str(refusal.value).endswith(
        "it has no column `OPERA`, `TIPOVUELO`, `Fecha-I`, `Fecha-O`. It has `year`, `month`, "
        "`carrier`, `dep_time`, `sched_dep_time`, `dep_delay`, `arr_time`, `sched_arr_time`. "
        "Name others by --airline (`carrier`?), --type or --type-value, --scheduled "
        "(`sched_dep_time`?), --actual (`dep_time`?, `sched_dep_time`?) or --delay-minutes "
        "(`dep_delay`?). See data/recipes.md."
    )


@pytest.mark.parametrize("late", ["10:15", "10:16"], ids=["punctual", "late"])
@pytest.mark.parametrize("rows", [1, 5])
def test_flights_of_one_outcome_cannot_be_trained_on(tmp_path: Path, late: str, rows: int) -> None:
    flights = f"Sky,N,1,2017-01-01 10:00,2017-01-01 {late}\n" * rows
    address = written(tmp_path, ROWS.partition("\n")[0] + "\n" + flights)
    number = rows * (late == "10:16")
    with pytest.raises(DataError, match=f"punctual flights, got {number} delayed of {rows}"):
        count(address).counts.for_training()


def test_what_no_airport_has_is_noted(tmp_path: Path) -> None:
    flights = "".join(
        f"Sky,N,1,2017-01-01 10:00,2017-01-01 {10 + (i < 3)}:00,{'AB'[i % 2]}CD,XYZ\n"
        for i in range(400)
    )
    header = ROWS.partition("\n")[0]
    rare, origins = count(written(tmp_path, f"{header},ORIGIN,Ori-I\n{flights}")).notes
    assert rare.startswith("0.8% of the flights are late")
    assert "more than one airport in the column `ORIGIN`: ACD, BCD. A model" in origins


@pytest.mark.parametrize("other", ["sky", "Šky", "S k y", "SKY"])
def test_names_that_are_almost_the_same_are_reported(tmp_path: Path, other: str) -> None:
    counted = count(written(tmp_path, MANY.replace("Sky,N,2", f"{other},N,2")))
    expected = ", ".join(repr(name) for name in sorted(["Sky", other]))
    assert counted.notes == (
        f"These differ only in case, accents or white space: {expected} (airlines).",
    )
    assert count(written(tmp_path, MANY)).notes == ()
    (note,) = count(written(tmp_path, MANY.replace("Sky,N,2", "Sky,n,2"))).notes
    assert note.endswith("white space: 'N', 'n' (flight types).")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            ROWS.replace("OPERA", "Airline"),
            "no column `OPERA`. It has `Airline`, `TIPOVUELO`, `MES`, `Fecha-I`, `Fecha-O`. "
            "Name another by --airline (`Airline`?). See data/recipes.md.",
            id="no column",
        ),
        pytest.param(ROWS.partition("\n")[0] + "\n", "holds no flights", id="only a header"),
        pytest.param(MANY + "a,b,c,d,e,f,g\n", "Cannot read", id="a row too long"),
        pytest.param(
            MANY.replace(",N,", ",,").replace(",I,", ",,"),
            "40 of 40 rows are bad; no row is good.",
            id="nothing good",
        ),
    ],
)
def test_a_source_that_cannot_be_counted_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError) as refusal:
        count(written(tmp_path, text))
    assert reason in str(refusal.value)


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


@pytest.mark.parametrize(
    ("row", "most", "got"),
    [
        ("{},N", 500, "at most 500 airlines, got 501. Are they in the column `OPERA`?"),
        ("Sky,{}", 20, "at most 20 flight types, got 21. Are they in the column `TIPOVUELO`?"),
    ],
    ids=["airlines", "types"],
)
def test_what_no_airport_has_as_many_of_is_refused(
    tmp_path: Path, row: str, most: int, got: str
) -> None:
    def flights(number: int) -> str:
        times = [
            f",1,2017-01-{day} 10:00:00,2017-01-{day} 1{hour}:00:00"
            for day in ("01", "22")
            for hour in (0, 1)
        ]
        names = (row.format(f"name {i}") for i in range(number))
        return "\n".join([ROWS.partition("\n")[0], *(n + t for n in names for t in times)])

    assert count(written(tmp_path, flights(most))).counts
    with pytest.raises(DataError, match=re.escape(f"expected {got}")):
        count(written(tmp_path, flights(most + 1)))


def test_more_cells_than_any_airport_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = written(tmp_path, MANY)
    monkeypatch.setattr("training.flights.aggregation.MAX_CELLS", len(EXPECTED))
    assert totals(count(address).counts) == EXPECTED
    monkeypatch.setattr("training.flights.aggregation.MAX_CELLS", len(EXPECTED) - 1)
    with pytest.raises(DataError, match=r"at most 2 combinations .* got more\. .* `OPERA`\?$"):
        count(address)


def as_duckdb_has_it(node: exp.Expr) -> exp.Expr:
    """Number weekdays as BigQuery does, from 1, where DuckDB begins with 0; divide by `/`."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "IEEE_DIVIDE":
        divided, by = node.expressions
        return exp.Paren(this=exp.Div(this=divided, expression=by, typed=False, safe=True))
    if isinstance(node, exp.Extract) and node.name.upper() == "DAYOFWEEK":
        return exp.Paren(this=exp.Add(this=node.copy(), expression=exp.Literal.number(1)))
    return node


@pytest.mark.parametrize("kind", ["string", "timestamp"])
def test_the_expression_compiled_for_bigquery_means_the_same(tmp_path: Path, kind: str) -> None:
    schema = dict.fromkeys(("OPERA", "TIPOVUELO", "MES"), "string")
    schema |= {"Fecha-I": kind, "Fecha-O": kind}
    flights = DatabaseTable("flights", ibis.schema(schema), BigQuery()).to_expr()
    sql = BigQueryCompiler().to_sqlglot(counted_cells(flights, Columns())).sql("bigquery")
    connection = duckdb.connect()
    source = written(tmp_path, MANY.replace("Sky,N,2", "Sky,N,14", 1))
    types = {name: "TIMESTAMP" if t == "timestamp" else "VARCHAR" for name, t in schema.items()}
    connection.execute(f"CREATE TABLE flights AS FROM read_csv('{source}', types = {types})")
    tree = sqlglot.parse_one(sql, read="bigquery").transform(as_duckdb_has_it)
    rows = connection.execute(tree.sql("duckdb")).fetchall()
    good = [row for row in rows if row[7] is None]
    found = {(*row[:4], DAYS[row[4]], row[5]): tuple(row[8:10]) for row in good}
    assert found == EXPECTED | {FEBRUARY: (9, 0)}
    assert {row[2]: row[6] for row in good} == {1: 2454, 2: 2456, 12: 2503}
    assert [row[7:10] for row in rows if row[7]] == [("month", 1, 0)]
    assert {str(day) for row in good for day in row[10:]} == {
        *("2017-01-22", "2017-02-01", "2017-12-31")
    }


MONDAYS = [
    pytest.param("1970-01-05 00:00:00", 0, id="the first Monday"),
    pytest.param("1970-01-11 23:59:59.999999", 0, id="its Sunday"),
    pytest.param("1970-01-12 00:00:00", 1, id="the second Monday"),
    pytest.param("2016-12-31 23:59:00", 2451, id="before a year's turn"),
    pytest.param("2017-01-01 00:00:00", 2451, id="after it"),
    pytest.param("2017-01-02 00:00:00", 2452, id="the Monday after"),
    pytest.param("9999-12-31 23:59:59", 418984, id="the last day"),
]


@pytest.mark.parametrize(("time", "week"), MONDAYS)
def test_a_flight_is_of_the_week_of_its_scheduled_date(
    tmp_path: Path, time: str, week: int
) -> None:
    row = f"Sky,N,{int(time[5:7])},{time},{time}\n"
    table = count(written(tmp_path, MANY + row.replace("Sky", "Other"))).counts.table
    found = table[table["OPERA"] == "Other"]
    first = date(1970, 1, 5).toordinal()
    assert (date.fromisoformat(time[:10]).toordinal() - first) // 7 == week
    assert found["week"].to_list() == [week]
    assert found["split"].to_list() == ["validation" if week % 5 == 4 else "train"]


@pytest.mark.parametrize("time", ["1970-01-04 23:59:59", "1969-12-31 10:00:00"])
def test_a_date_before_the_first_week_is_a_bad_scheduled_time(tmp_path: Path, time: str) -> None:
    address = written(tmp_path, f"{MANY}Sky,N,{int(time[5:7])},{time},{time}\n")
    with pytest.raises(DataError) as refusal:
        count(address)
    assert f"got '{time}' - at line 42, column `Fecha-I`. Weeks are counted from" in str(
        refusal.value
    )
    assert count(address, drop_bad=True).left_out == 1


def test_the_day_so_far_of_each_real_flight_is_that_of_its_definition(
    raw_flights: Path, santiago: Counts
) -> None:
    with raw_flights.open(encoding="utf-8", newline="") as file:
        rows = [
            (row, datetime.fromisoformat(row["Fecha-I"]), datetime.fromisoformat(row["Fecha-O"]))
            for row in csv.DictReader(file)
        ]
    late = timedelta(minutes=15)
    flights = Flights((planned, left - planned > late) for _, planned, left in rows)
    expected: Counter[tuple[object, ...]] = Counter()
    for row, planned, left in rows:
        flight = row["OPERA"], row["TIPOVUELO"], int(row["MES"]), planned.hour
        cell = (*flight, WEEKDAYS[planned.weekday()], flights.before(planned))
        expected[cell] += 1
        expected[*cell, "late"] += left - planned > late
    found = {cell: flights for cell, (flights, _) in totals(santiago).items()}
    found |= {(*cell, "late"): delayed for cell, (_, delayed) in totals(santiago).items()}
    assert found == expected
