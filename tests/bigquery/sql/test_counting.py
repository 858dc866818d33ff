"""BigQuery counts and scores flights as DuckDB does: the SQL that Ibis writes, run by ZetaSQL."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from msgspec.structs import replace
from pyarrow import parquet

from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count, counted_cells
from training.flights.counts import TOTALS
from training.flights.features import FEATURES
from training.project import ARTIFACTS
from training.tables.columns import Columns
from training.tables.faults import EXPECTED
from training.tables.sources import open_source

from .client import ARROW
from .conftest import Connect
from .zetasql import Rows

MODEL = ARTIFACTS / "model.onnx"
ADDRESS = "bigquery:p.d.flights"
TEXTS = dict.fromkeys(("OPERA", "TIPOVUELO", "MES", "Fecha-I", "Fecha-O"), "STRING")
TYPED = TEXTS | {"MES": "INT64", "Fecha-I": "DATETIME", "Fecha-O": "DATETIME"}

type Row = tuple[Any, ...]

AT, LEFT = "2017-07-14 19:30:00", "2017-07-14 19:45:00"
GOOD: list[Row] = [
    ("Sky", "N", 7, AT, LEFT),
    ("Sky", "N", 7, AT, "2017-07-14 19:45:00.000001"),
    ("Sky", "N", 7, AT, "2017-07-14 19:44:59.999999"),
    ("Sky", "N", 7, AT, "2017-07-14 09:00:00"),
    ("Sky", "N", 2, "2016-02-29 12:00:00", "2016-02-29 12:20:00"),
    ("全日本空輸", "I", 1, "2017-01-01 00:00:00.5", "2017-01-01 00:15:00.500001"),
    (
        "Aéro 'Sud' \"Ouest\" \\ `x`\n!",
        "I",
        12,
        "2017-12-31 23:59:59.999999",
        "2018-01-01 00:20:00",
    ),
    *[
        ("Sky", "N", 5, f"2017-05-0{day} 0{day}:00:00", f"2017-05-0{day} 07:15:01")
        for day in range(1, 8)
    ],
]
# Rows of each fault, and those at the edge of one.
BAD: dict[str, list[Row]] = {
    "airline": [(None, "N", 7, AT, LEFT), ("", "N", 7, AT, LEFT)],
    "airline_space": [
        (name, "N", 7, AT, LEFT) for name in (" Sky", "Sky\u00a0", "\u200b", "Sky\n")
    ],
    "flight_type": [("Sky", None, 7, AT, LEFT), ("Sky", "", 7, AT, LEFT)],
    "flight_type_space": [("Sky", kind, 7, AT, LEFT) for kind in ("N ", "\u3000N", "\ufeffI")],
    "month": [("Sky", "N", month, AT, LEFT) for month in (None, 0, 13, -7)],
    "other_month": [
        ("Sky", "N", 9, AT, LEFT),
        ("Sky", "N", 2, "2017-01-31 23:55:00", "2017-02-01 00:11:00"),
        ("Sky", "N", 1, "2018-02-01 00:05:00", "2018-01-31 23:58:00"),
    ],
    "scheduled": [
        ("Sky", "N", 7, None, LEFT),
        ("Sky", "N", 1, "1970-01-04 23:59:59.999999", "1970-01-05 00:00:00"),
        ("Sky", "N", 1, "1970-01-05 00:00:00", "1970-01-05 00:00:00"),
    ],
    "actual": [("Sky", "N", 7, AT, None)],
    "far": [
        ("Sky", "N", 7, AT, actual)
        for actual in (
            *("2017-07-14 07:29:59.999999", "2017-07-14 07:30:00"),
            *("2017-07-16 19:30:00", "2017-07-16 19:30:00.000001", "2019-07-14 19:30:00"),
        )
    ],
}
# What only a text can be.
WRITTEN: dict[str, list[Row]] = {
    "month": [
        ("Sky", "N", month, AT, LEFT)
        for month in ("07", "7.0", "7.5", "x", "", " 7", "7\n", "+7", "0x7", "007.00", "1e0")
    ],
    "scheduled": [
        ("Sky", "N", "7", time, LEFT)
        for time in (
            *("2017-07-14T19:30", "2017-07-14 19:30", "2017-07-14 19:30:00.1234567", "9 a.m.", ""),
            *("2017-07-32 19:30:00", "2017-07-14", "2017-7-4 9:30:00", "2017-07-14 24:00:00"),
            *(
                "2017-07-14 19:30:00Z",
                "2017-07-14 19:30:00+00",
                " 2017-07-14 19:30:00",
                "0000-07-01",
            ),
            *("2017-07-14 19:30:60", "9999-07-31 23:59:59", "2017-07-14t19:30:00"),
        )
    ],
    "actual": [
        ("Sky", "N", "7", AT, time) for time in ("2017-02-30 09:00:00", "17:30", "2017-07-14T19:46")
    ],
}


# Of ready columns, which say whether a flight was late.
READY: dict[tuple[str, str], tuple[list[object], dict[str, list[object]]]] = {
    ("delay", "BOOL"): ([True, False], {"delay": [None]}),
    ("delay", "INT64"): ([1, 0], {"delay": [None], "minutes": [2, -1]}),
    ("delay", "FLOAT64"): (
        [1.0, 0.0, -0.0],
        {"delay": [float("nan"), None], "minutes": [0.5, float("inf")]},
    ),
    ("delay", "STRING"): (
        ["1", "0", "1.0", "0.00", "true", "FALSE"],
        {"delay": ["yes", "", " 1", "1e0", None], "minutes": ["1.5", "+16", "-3.", "10"]},
    ),
    ("delay_minutes", "INT64"): (
        [15, 16, -720, 2880],
        {"delay_minutes": [None], "far_minutes": [-721, 2881]},
    ),
    ("delay_minutes", "FLOAT64"): (
        [15.0, 15.000001, -720.0, 2880.0],
        {
            "delay_minutes": [None, float("nan")],
            "far_minutes": [-720.000001, 2880.000001, float("inf"), float("-inf")],
        },
    ),
    ("delay_minutes", "STRING"): (
        ["15", "15.000001", "+16.", "-3.0", "007"],
        {"delay_minutes": ["x", "", " 1", "1e1", "inf", None], "far_minutes": ["2880.5", "-721"]},
    ),
}
OF_SCORES = {"day"}  # what is counted has no column of the day so far


def texts(rows: Sequence[Row]) -> list[Row]:
    return [(*row[:2], None if row[2] is None else str(row[2]), *row[3:]) for row in rows]


def rows_of(columns: dict[str, str], bad: Sequence[Row]) -> Rows:
    rows = [*GOOD * 4, *bad, *GOOD]
    if columns["MES"] == "STRING":
        rows = texts(rows)
    return Rows(columns, [[*row] for row in rows])


def parquet_of(table: Rows, path: Path) -> str:
    """Write a table to a file of the same types, which DuckDB reads."""
    values = zip(*table.rows, strict=True)
    arrays = {
        name: pa.array(column, pa.string()).cast(ARROW[kind])
        if kind == "DATETIME"
        else pa.array(column, ARROW[kind])
        for (name, kind), column in zip(table.columns.items(), values, strict=True)
    }
    parquet.write_table(pa.table(arrays), path)
    return str(path)


def cells(address: str, columns: Columns) -> list[dict[str, Any]]:
    """Return what an engine counts, faults included, in one order."""
    source = open_source(address)
    found = source.engine.to_pyarrow(counted_cells(source.table, columns)).to_pylist()
    assert {*found[0]} == {*FEATURES, "week", "fault", *TOTALS, "first", "last"}
    return sorted(found, key=repr)


def refusal(address: str, columns: Columns) -> str:
    """Return the message about bad rows, without the places that only a file has."""
    with pytest.raises(DataError) as refused:
        count(address, columns)
    return re.sub(r"row \d+, ", "", str(refused.value).replace(address, ""))


def test_there_are_rows_of_each_fault() -> None:
    ready = {fault for _, bad in READY.values() for fault in bad}
    assert {*BAD} | ready | OF_SCORES == {*EXPECTED}


def every(columns: dict[str, str]) -> list[Row]:
    """Return the bad rows that these columns can hold."""
    bad = [row for rows in BAD.values() for row in rows]
    if columns == TEXTS:
        bad = [*texts(bad), *(row for rows in WRITTEN.values() for row in rows)]
    return bad


@pytest.mark.parametrize("columns", [TEXTS, TYPED], ids=["texts", "typed"])
def test_it_counts_each_cell_and_fault_as_duckdb_does(
    connect: Connect, tmp_path: Path, columns: dict[str, str]
) -> None:
    table = rows_of(columns, every(columns))
    file = parquet_of(table, tmp_path / "flights.parquet")
    connect({"p.d.flights": table})
    found = cells(ADDRESS, Columns())
    assert found == cells(file, Columns())
    assert {row["fault"] for row in found} == {None, *BAD}
    weeks = {row["week"] for row in found if row["fault"] is None}
    # The weeks of 2016-02-29, 2017-01-01, 2017-05-01, 2017-07-14, 2017-12-31 and 1970-01-05.
    assert weeks >= {2408, 2451, 2469, 2479, 2503, 0}
    ours, theirs = (count(address, drop_bad=True, drop_many=True) for address in (ADDRESS, file))
    assert ours.counts.to_csv() == theirs.counts.to_csv()
    assert (ours.counts.period, *ours[1:]) == (theirs.counts.period, *theirs[1:])


@pytest.mark.parametrize("fault", BAD)
def test_it_refuses_each_fault_in_the_words_of_duckdb(
    connect: Connect, tmp_path: Path, fault: str
) -> None:
    for columns in (TEXTS, TYPED):
        table = rows_of(columns, BAD[fault])
        file = parquet_of(table, tmp_path / "flights.parquet")
        connect({"p.d.flights": table})
        assert refusal(ADDRESS, Columns()) == refusal(file, Columns())


@pytest.mark.parametrize(("role", "kind"), READY)
def test_a_ready_column_is_read_as_duckdb_reads_it(
    connect: Connect, tmp_path: Path, role: str, kind: str
) -> None:
    good, bad = READY[role, kind]
    values = [*good, *(value for group in bad.values() for value in group)]
    columns = {**TYPED, "late": kind}
    rows = [["Sky", "N", 7, time, None, late] for late in values for time in (AT, None)]
    table = Rows(columns, rows)
    file = parquet_of(table, tmp_path / "flights.parquet")
    connect({"p.d.flights": table})
    ready = replace(Columns(), **{role: "late"})
    for named in (ready, replace(ready, scheduled="")):
        found = cells(ADDRESS, named)
        assert found == cells(file, named)
        numbers: Counter[str | None] = Counter()
        for row in found:
            numbers[row["fault"]] += row["flights"]
        expected: dict[str | None, int] = {fault: 2 * len(each) for fault, each in bad.items()}
        assert numbers == expected | {None: 2 * len(good)}


@pytest.mark.parametrize("month", [7.0, 7.5, 0.99, float("inf"), float("nan"), None])
def test_a_month_of_floats_is_read_as_duckdb_reads_it(
    connect: Connect, tmp_path: Path, month: float | None
) -> None:
    table = Rows({**TYPED, "MES": "FLOAT64"}, [["Sky", "N", month, AT, LEFT]])
    file = parquet_of(table, tmp_path / "flights.parquet")
    connect({"p.d.flights": table})
    found = cells(ADDRESS, Columns())
    assert found == cells(file, Columns())
    assert found[0]["fault"] == (None if month == 7.0 else "month")


@pytest.mark.parametrize("columns", [TEXTS, TYPED], ids=["texts", "typed"])
def test_it_looks_back_on_the_day_as_duckdb_does(
    connect: Connect, tmp_path: Path, columns: dict[str, str]
) -> None:
    rows: list[Row] = [
        *(("Sky", "N", 7, "2017-07-14 08:00:30", "2017-07-14 08:00:00"),) * 3,
        ("Sky", "N", 7, "2017-07-14 08:00:59.999999", "2017-07-14 09:00:00"),
        ("Copa", "I", 7, "2017-07-14 08:01:00", "2017-07-14 09:00:00"),
        # Of these, nothing is known.
        ("Copa", "I", 7, "2017-07-14 08:01:00", None),
        ("Copa", "I", 7, "2017-07-14 08:01:00", "2017-07-20 09:00:00"),
        (None, "I", 7, None, "2017-07-14 09:00:00"),
    ]
    # At 09:16 two of five were late, the last of them 75 minutes before. At 12:00 the first are
    # 240 minutes before, and the flights of 09:15 and 09:16 make it two of seven.
    ranges = {"09:15": -1, "09:16": 6, "12:00": 4, "12:01": -1}
    asked = [("Asked", "N", 7, f"2017-07-14 {time}:59", LEFT) for time in ranges]
    rows += [(*row[:4], row[3]) for row in asked]
    table = Rows(columns, [[*row] for row in (texts(rows) if columns == TEXTS else rows)])
    file = parquet_of(table, tmp_path / "flights.parquet")
    connect({"p.d.flights": table})
    found = cells(ADDRESS, Columns())
    assert found == cells(file, Columns())
    days = Counter((row["HORA"], row["HOY"]) for row in found if row["OPERA"] == "Asked")
    assert days == Counter((int(time[:2]), day) for time, day in ranges.items())


def test_columns_may_have_other_names_and_types_be_mapped(connect: Connect, tmp_path: Path) -> None:
    names = ("línea", "Kind's", "m + 1", "Planned at", "離陸")
    columns = Columns(*names, types=(("N", "Int'l\n\\D"), ("I", 'J"')))
    table = Rows(dict(zip(names, TYPED.values(), strict=True)), rows_of(TYPED, []).rows)
    file = parquet_of(table, tmp_path / "flights.parquet")
    connect({"p.d.flights": table})
    assert count(ADDRESS, columns).counts.to_csv() == count(file, columns).counts.to_csv()


@pytest.mark.parametrize(("columns", "size"), [(TEXTS, 500), (TYPED, 1500)], ids=["texts", "typed"])
def test_it_counts_the_real_flights_as_duckdb_does(
    connect: Connect, raw_flights: Path, tmp_path: Path, columns: dict[str, str], size: int
) -> None:
    flights = pd.read_csv(raw_flights, dtype=str, keep_default_na=False)[[*columns]]
    # The engine compiles each pattern for each row, so a row of texts takes it 5 ms. The first
    # flights of the year are all of them, as the day so far needs.
    other_month = flights["MES"].astype(int) != flights["Fecha-I"].str[5:7].astype(int)
    flights = flights[other_month | (flights["Fecha-I"].rank(method="first") <= size)]
    flights.to_csv(tmp_path / "flights.csv", index=False)
    rows = flights.astype({"MES": "int64"} if columns == TYPED else {}).astype(object)
    connect({"p.d.flights": Rows(columns, rows.to_numpy().tolist())})
    ours = count(ADDRESS, drop_bad=True)
    theirs = count(str(tmp_path / "flights.csv"), drop_bad=True)
    assert ours.counts.to_csv() == theirs.counts.to_csv()
    assert (ours.counts.period, *ours[1:]) == (theirs.counts.period, *theirs[1:])
    assert {-1, 0, 1, 2, 3, 4, 5} <= {*ours.counts.table["HOY"]}
    assert len({*ours.counts.table["week"]}) > 1


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("columns", "look_back"), [(TEXTS, False), (TYPED, True)], ids=["texts", "typed, look back"]
)
def test_it_scores_flights_as_duckdb_does(
    connect: Connect, tmp_path: Path, columns: dict[str, str], *, look_back: bool
) -> None:
    known = [("Sky Airline", *row[1:]) for row in every(columns) if row[0] == "Sky"]
    table = rows_of(columns, known)
    file = parquet_of(table, tmp_path / "flights.parquet")
    client = connect({"p.d.flights": table})
    scored, expected = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    result = score(ADDRESS, str(scored), MODEL, empty=True, look_back=look_back)
    assert result == score(file, str(expected), MODEL, empty=True, look_back=look_back)
    assert 0 < result.unknown < result.flights
    assert lines(pd.read_parquet(scored)) == lines(pd.read_parquet(expected))
    score(ADDRESS, "bigquery:p.d.scored", MODEL, empty=True, look_back=look_back)
    written = client.query_and_wait("SELECT * FROM `p.d.scored`").to_arrow().to_pandas()
    assert lines(written) == lines(pd.read_parquet(expected))


def test_it_scores_a_table_of_which_no_flight_is_known(connect: Connect, tmp_path: Path) -> None:
    connect({"p.d.flights": rows_of(TYPED, [])})
    scored = score(ADDRESS, str(tmp_path / "scored.csv"), MODEL, empty=True)
    assert scored.flights == scored.unknown == 5 * len(GOOD)
    assert pd.read_csv(tmp_path / "scored.csv")["probability"].isna().all()


def lines(frame: pd.DataFrame) -> list[str]:
    """Return the rows as texts, in one order: an engine keeps none."""
    return sorted(map(repr, frame.astype(object).where(frame.notna(), None).to_numpy().tolist()))
