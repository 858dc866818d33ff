"""What the printed SQL asks for is what the function answers: run by ZetaSQL, row by row."""

import csv
import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from function.metadata import SHARES
from function.model import Model
from training.batch.bigquery import (
    ANSWER_TYPES,
    FILES,
    TYPES,
    Place,
    join,
    remote_query,
    write_answers,
)
from training.project import ARTIFACTS
from training.tables.columns import Columns

from .zetasql import Rows, ZetaSQL

pytestmark = pytest.mark.santiago

PLACE = Place("p.d", "flights", "https://f.run.app", "p.us.c", "gs://b")
AIRLINES = ("Sky Airline", "Copa Air")
COLUMNS = {"id": "INT64", "OPERA": "STRING", "TIPOVUELO": "STRING", "MES": "INT64"}
MONDAY = datetime(2017, 7, 3)
WEEK = [(MONDAY + timedelta(hours=hour)).isoformat(" ") for hour in range(24 * 7)]
EDGES = ["2016-02-29 23:59:59", "2017-12-31 23:59:59.999999", "2017-01-01 00:00:00.5"]
# Each is a time to the function, or none.
WRITTEN = [
    *("2017-07-14T19:30", "2017-07-14 19:30", "2017-07-14 19:30:00.25", "2017-07-14T00:00:00"),
    *("2017-07-14", "2017-7-4 9:30:00", "2017-07-14 24:00:00", "2017-07-14 19:30:60", "9 a.m."),
    *("2017-07-14 19:30:00Z", "2017-07-14 19:30:00+00", "2017-02-30 19:30:00", "", "19:30:00"),
]
MONTHS: dict[str, list[Any]] = {
    "STRING": ["07", "7.0", "7.5", " 7", "0x7", "x", "", "13"],
    "FLOAT64": [7.5, 7.0, 6.6],
}

# Shares of the day so far, with both sides of each edge of a range.
SHARES_ASKED = [
    *(0, 1, -0.0, None, *SHARES),
    *(math.nextafter(edge, side) for edge in SHARES for side in (0, 1)),
]
NO_SHARES = [-0.001, 1.001, 40, float("nan"), float("inf")]

type Row = tuple[Any, ...]
type Answer = dict[str, Any] | None


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Return the answers of two airlines' flights, as the files that BigQuery loads hold them."""
    columns = TYPES | ANSWER_TYPES
    read = {"STRING": str, "INT64": int, "FLOAT64": float}
    rows = []
    for path in write_answers(tmp_path_factory.mktemp("answers"), Model(ARTIFACTS / "model.onnx")):
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
            assert header == [*columns]
        rows += [
            line
            for line in lines
            if line[0] in AIRLINES and (line[5] == "-1" or line[:3] == ["Sky Airline", "N", "7"])
        ]
    kinds = [read[kind] for kind in columns.values()]
    return Rows(columns, [[k(value) for k, value in zip(kinds, row, strict=True)] for row in rows])


def answer(client: TestClient, row: Row) -> Answer:
    """Return what the function answers a flight, or None where it refuses it."""
    airline, flight_type, month, time, *day = row
    flight = {"OPERA": airline, "TIPOVUELO": flight_type, "MES": month, "Fecha-I": time}
    if day:
        flight["HOY"] = day[0]
    body = client.post("/predict?probability=true", json={"flights": [flight]}).json()
    if "predict" not in body:
        return None
    return {"delay": body["predict"][0], "probability": body["probability"][0]}


def scored(
    zetasql: ZetaSQL,
    cells: Rows,
    columns: dict[str, str],
    rows: list[Row],
    day: str | None = None,
) -> list[Answer]:
    """Return what the view answers each row, or None where that is null."""
    flights = Rows(columns, [[i, *row] for i, row in enumerate(rows)])
    tables = {"p.d.flights": flights, f"p.d.{FILES}": cells}
    (view,) = zetasql.analyze(join(PLACE, Columns(day=day), timed=True), tables)
    assert view.query is not None
    found = zetasql.execute(view.query, tables)
    names = [*found.columns]
    by_id = {row[0]: dict(zip(names, row, strict=True)) for row in found.rows}
    assert len(found.rows) == len(by_id) == len(rows)
    return [
        {name: by_id[i][name] for name in ANSWER_TYPES} if by_id[i]["delay"] is not None else None
        for i in range(len(rows))
    ]


def assert_same(found: list[Answer], expected: list[Answer]) -> None:
    """Compare to the bit: probabilities are 32-bit floats."""
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert ours["delay"] == theirs["delay"]
            assert np.float32(ours["probability"]) == np.float32(theirs["probability"])


@pytest.mark.parametrize("kind", ["STRING", "DATETIME"])
def test_the_view_answers_each_hour_and_weekday_as_the_function_does(
    zetasql: ZetaSQL, cells: Rows, client: TestClient, kind: str
) -> None:
    rows: list[Row] = [("Sky Airline", "N", 7, time) for time in (*WEEK, *EDGES, None)]
    rows += [("Copa Air", "I", month, time) for month in range(1, 13) for time in (*EDGES, None)]
    rows += [(None, "N", 7, None), ("Sky Airline", None, 7, None), ("Sky Airline", "N", None, None)]
    rows += [("Nobody", "N", 7, WEEK[0]), ("sky airline", "N", 7, None), ("Copa Air", "X", 7, None)]
    expected = [answer(client, row) for row in rows]
    assert len({each and each["probability"] for each in expected}) > 50
    assert_same(scored(zetasql, cells, COLUMNS | {"Fecha-I": kind}, rows), expected)


def test_the_view_reads_texts_as_times_where_the_function_does(
    zetasql: ZetaSQL, cells: Rows, client: TestClient
) -> None:
    rows: list[Row] = [("Sky Airline", "N", 7, time) for time in WRITTEN]
    expected = [answer(client, row) for row in rows]
    assert [each is not None for each in expected] == [True] * 4 + [False] * 10
    assert_same(scored(zetasql, cells, COLUMNS | {"Fecha-I": "STRING"}, rows), expected)


@pytest.mark.parametrize("kind", ["FLOAT64", "STRING"])
def test_the_view_reads_the_day_so_far_as_the_function_does(
    zetasql: ZetaSQL, cells: Rows, client: TestClient, kind: str
) -> None:
    shares = [*SHARES_ASKED, *NO_SHARES]
    rows: list[Row] = [("Sky Airline", "N", 7, WEEK[30], share) for share in shares]
    rows += [("Sky Airline", "N", 7, None, share) for share in (0.4, None)]
    # JSON knows no NaN and no infinity, so the function is asked for another share that is none.
    answers = [
        answer(client, (*row[:4], 2 if row[4] is not None and row[4] - row[4] != 0 else row[4]))
        for row in rows
    ]
    assert [each is None for each in answers] == (
        [False] * len(SHARES_ASKED) + [True] * len(NO_SHARES) + [True, False]
    )
    assert len({each and each["probability"] for each in answers}) > len(SHARES)
    if kind == "STRING":
        rows = [(*row[:4], None if row[4] is None else str(row[4])) for row in rows]
        rows += [(*rows[0][:4], text) for text in ("", "x", "40 %")]
        answers += [None] * 3
    columns = COLUMNS | {"Fecha-I": "DATETIME", "share": kind}
    assert_same(scored(zetasql, cells, columns, rows, "share"), answers)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP"])
def test_the_view_answers_no_time_of_a_date_or_a_zone(
    zetasql: ZetaSQL, cells: Rows, kind: str
) -> None:
    time = "2017-07-14" if kind == "DATE" else "2017-07-14 19:30:00+00:00"
    rows: list[Row] = [("Sky Airline", "N", 7, time), ("Sky Airline", "N", 7, None)]
    found = scored(zetasql, cells, COLUMNS | {"Fecha-I": kind}, rows)
    assert [each is None for each in found] == [True, False]


@pytest.mark.parametrize("kind", MONTHS)
def test_the_view_reads_whole_numbers_alone_as_months(
    zetasql: ZetaSQL, cells: Rows, client: TestClient, kind: str
) -> None:
    rows: list[Row] = [("Sky Airline", "N", month, None) for month in MONTHS[kind]]
    july = answer(client, ("Sky Airline", "N", 7, None))
    expected = [july if month in {"07", "7.0", 7.0} else None for month in MONTHS[kind]]
    columns = COLUMNS | {"MES": kind, "Fecha-I": "DATETIME"}
    assert_same(scored(zetasql, cells, columns, rows), expected)


@pytest.mark.parametrize("kind", ["STRING", "DATETIME"])
def test_the_remote_functions_are_given_what_the_function_takes(
    zetasql: ZetaSQL, client: TestClient, kind: str
) -> None:
    times = [*WEEK[::5], *EDGES, None, *(WRITTEN[:4] if kind == "STRING" else [])]
    rows: list[Row] = [("Sky Airline", "N", 7, time) for time in times]
    rows = [row for row in rows if answer(client, row)]
    rows += [(None, "N", 7, WEEK[0]), ("Sky Airline", "N", None, None)]
    flights = Rows(COLUMNS | {"Fecha-I": kind}, [[i, *row] for i, row in enumerate(rows)])
    query = remote_query(PLACE, Columns())
    for name in ANSWER_TYPES:  # the arguments of a call, instead of the call
        assert query.count(f"`p.d.flight_{name}_timed`(") == 1
        query = query.replace(f"`p.d.flight_{name}_timed`(", "STRUCT(")
    found = zetasql.execute(query, {"p.d.flights": flights})
    calls = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    expected = [answer(client, row) for row in rows[:-2]]
    for name in ANSWER_TYPES:
        body = {"calls": [call[name] for call in calls], "userDefinedContext": {"answer": name}}
        replies = client.post("/bigquery", json=body).json()["replies"]
        known = {call["id"]: reply for call, reply in zip(calls, replies, strict=True)}
        assert [known[i] for i in range(len(rows))] == [
            *(each and each[name] for each in expected),
            *(None, None),
        ]
