"""The SQL for BigQuery parses, and what it means is what the function answers."""

import math
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

from function.errors import InputError
from function.flights import Flight
from function.metadata import SHARES
from function.model import Model
from training.batch.bigquery import (
    Place,
    cells,
    join,
    onnx,
    remote,
    remote_query,
    script,
    write_answers,
)
from training.flights.counts import Counts
from training.flights.features import every_cell, flights_of
from training.project import ARTIFACTS
from training.release.publish import publish
from training.tables.columns import Columns

PLACE = Place("p.d", "flights", "https://f.run.app", "p.us.c", "gs://b")
FLIGHTS = [
    Flight("Copa Air", "I", 7),
    Flight("Copa Air", "I", 7, datetime(2017, 7, 14, 19, 30)),
    Flight("Copa Air", "I", 7, datetime(2017, 7, 16, 0, 5)),
    Flight("Sky Airline", "N", 1, datetime(2017, 1, 2, 23, 59, 59, 500_000)),
    Flight("Copa Air", "N", 7),
    Flight("Sky Airline", "N", 2, datetime(2017, 1, 31, 23, 55)),
    Flight("Sky Airline", "N", 12, datetime(2018, 1, 1, 0, 5)),
    Flight("Sky Airline", "N", 1, datetime(9999, 12, 31, 23, 59)),
]
UNANSWERED = [
    ("Nobody", "I", "1", None),
    (None, "I", "1", None),
    ("Copa Air", "I", "7", "9 a.m."),
    ("Copa Air", "I", "7", "2017-08-14 19:30:00"),
    ("Copa Air", "I", "7", "2017-06-29 23:59:59"),
    ("Copa Air", "I", "7", "2017-08-02 00:00:00"),
    ("Copa Air", "I", "3", "2020-02-28 23:59:59"),
    ("Copa Air", "I", "x", None),
]


EVENING = datetime(2017, 7, 14, 19, 30)
AROUND = [math.nextafter(edge, to) for edge in SHARES for to in (0, edge, 1)]
KNOWN_SHARES = [0.0, -0.0, 0.25, 1.0, None, *AROUND]
UNKNOWN_SHARES = [-0.0001, math.nextafter(1, 2), 40.0, math.nan, math.inf, -math.inf]
TODAY = Columns(day="so far")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ARTIFACTS / "model.onnx")


@pytest.fixture(scope="module")
def answers(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    assert len([*write_answers(folder, model)]) > 1
    return folder


def on_duckdb(statement: str) -> str:
    """Translate, with the project and dataset taken off, which DuckDB has not."""
    return sqlglot.transpile(statement.replace("`p.d.", "`"), "bigquery", "duckdb")[0]


def connected(
    folder: Path, names: tuple[str, ...], kind: str = "TEXT"
) -> duckdb.DuckDBPyConnection:
    """Return a database with the answers as BigQuery would load them, and some flights."""
    connection = duckdb.connect()
    connection.execute(
        f"CREATE TABLE flight_cells AS FROM read_csv('{folder}/*.csv', header = true, "
        "types = {'DIANOM': 'VARCHAR', 'probability': 'DOUBLE'}, allow_quoted_nulls = false)"
    )
    declared = ", ".join(f'"{name}" {kind if name == names[-1] else "TEXT"}' for name in names)
    connection.execute(f"CREATE TABLE flights (id INT, {declared})")
    return connection


def test_every_statement_is_parsed_as_bigquerys(model: Model) -> None:
    statements = sqlglot.parse(script(PLACE, model), "bigquery")
    kinds = [s.args.get("kind") for s in statements if isinstance(s, exp.Create)]
    assert kinds == [*["FUNCTION"] * 6, "VIEW", "MODEL"]
    assert [type(s) for s in statements if not isinstance(s, exp.Create)] == [
        exp.Select,
        exp.LoadData,
        exp.Select,
    ]


def test_the_remote_functions_name_the_endpoint_and_the_answer() -> None:
    flight = "OPERA STRING, TIPOVUELO STRING, MES INT64"
    expected = [
        ("flight_probability", flight, "probability"),
        ("flight_delay", flight, "delay"),
        ("flight_probability_timed", f"{flight}, scheduled STRING", "probability"),
        ("flight_delay_timed", f"{flight}, scheduled STRING", "delay"),
        (
            "flight_probability_today",
            f"{flight}, scheduled STRING, day_so_far FLOAT64",
            "probability",
        ),
        ("flight_delay_today", f"{flight}, scheduled STRING, day_so_far FLOAT64", "delay"),
    ]
    for statement, (name, arguments, answer) in zip(remote(PLACE), expected, strict=True):
        sql = sqlglot.parse_one(statement, read="bigquery").sql("bigquery")
        assert f"`p.d.{name}`({arguments})" in sql
        assert "endpoint='https://f.run.app/bigquery'" in sql
        assert f"user_defined_context=[('answer', '{answer}')]" in sql


@pytest.mark.slow
@pytest.mark.santiago
def test_the_files_hold_every_possible_flight(model: Model, answers: Path) -> None:
    (statement,) = cells(PLACE)
    assert "uris = ['gs://b/flight_cells-*.csv']" in statement
    paths = sorted(answers.iterdir())
    assert all(path.match("flight_cells-*.csv") for path in paths)
    table = pd.concat([pd.read_csv(path, keep_default_na=False) for path in paths])
    every = np.concatenate([*every_cell(model.metadata.categories)])
    names = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM", "HOY"]
    assert (
        table[names].to_numpy().tolist()
        == flights_of(every, model.metadata.categories).to_numpy().tolist()
    )
    expected = model.predict(every)
    assert np.array_equal(table["delay"], expected.delay)
    probability = table["probability"].to_numpy().astype(np.float32)
    assert probability.tobytes() == expected.probability.tobytes()


@pytest.mark.santiago
@pytest.mark.parametrize("kind", ["TEXT", "TIMESTAMP"])
def test_the_join_answers_as_the_function_does_and_null_elsewhere(
    model: Model, answers: Path, kind: str
) -> None:
    names = ("OPERA", "TIPOVUELO", "MES", "Fecha-I")
    connection = connected(answers, names, kind)
    rows: list[tuple[object, ...]] = [
        (f.OPERA, f.TIPOVUELO, str(f.MES), f.scheduled) for f in FLIGHTS
    ]
    rows += [row for row in UNANSWERED if kind == "TEXT" or row[3] != "9 a.m."]
    numbered = [(i, *row) for i, row in enumerate(rows)]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?, ?)", numbered)
    connection.execute(on_duckdb(join(PLACE, Columns(), timed=True)))
    query = "SELECT delay, probability FROM flights_scored ORDER BY id"
    delay, probability = zip(*connection.execute(query).fetchall(), strict=True)
    expected = model.predict(model.encoder.cells(FLIGHTS))
    none = (None,) * (len(rows) - len(FLIGHTS))
    assert delay == (*expected.delay.tolist(), *none)
    known = np.array(probability[: len(FLIGHTS)], np.float32)
    assert known.tobytes() == expected.probability.tobytes()
    assert probability[len(FLIGHTS) :] == none


@pytest.mark.santiago
def test_columns_may_have_other_names_and_types_be_mapped(model: Model, answers: Path) -> None:
    odd = "the `line`\nand \\ 'quotes'"
    columns = Columns(odd, "t", "m", "when", types=(("Int'l\n", "I"), ("Dom", "N")))
    place = PLACE._replace(table="odd\nflights")
    statements = [join(place, columns, timed=True), *onnx(place, columns, timed=True)]
    assert all("\nand" not in s and "\nflights" not in s for s in statements)
    connection = connected(answers, (odd, "t", "m", "when"))
    connection.execute('ALTER TABLE flights RENAME TO "odd\nflights"')
    connection.execute(
        'INSERT INTO "odd\nflights" VALUES (1, ?, ?, ?, ?)',
        ["Copa Air", "Int'l\n", "7", "2017-07-14 19:30:00"],
    )
    connection.execute(on_duckdb(statements[0]))
    found = connection.execute('SELECT probability FROM "odd\nflights_scored"').fetchall()
    expected = model.predict(model.encoder.cells(FLIGHTS[1:2])).probability
    assert np.float32(found[0][0]) == expected[0]


def today(kind: str, share: float | None) -> object:
    return share if kind == "DOUBLE" or share is None else repr(share)


@pytest.mark.santiago
@pytest.mark.parametrize("kind", ["TEXT", "DOUBLE"])
def test_the_join_reads_the_day_so_far_as_the_function_does_and_answers_null_elsewhere(
    model: Model, answers: Path, kind: str
) -> None:
    flights = [Flight("Sky Airline", "N", 7, EVENING, share) for share in KNOWN_SHARES]
    flights.append(Flight("Sky Airline", "N", 7, None, None))
    rows = [(str(f.scheduled) if f.scheduled else None, today(kind, f.HOY)) for f in flights]
    # What the function refuses: no share, or a share without a time.
    rows += [(str(EVENING), today(kind, share)) for share in UNKNOWN_SHARES]
    rows += [(None, today(kind, 0.4)), ("9 a.m.", today(kind, 0.4))]
    rows += [(str(EVENING), text) for text in ("many", "", "40%", "0,4")] if kind == "TEXT" else []
    connection = connected(answers, ("OPERA", "TIPOVUELO", "MES", "Fecha-I", "so far"), kind)
    numbered = [(i, "Sky Airline", "N", "7", *row) for i, row in enumerate(rows)]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?, ?, ?)", numbered)
    connection.execute(on_duckdb(join(PLACE, TODAY, timed=True)))
    query = "SELECT delay, probability FROM flights_scored ORDER BY id"
    delay, probability = zip(*connection.execute(query).fetchall(), strict=True)
    expected = model.predict(model.encoder.cells(flights))
    none = (None,) * (len(rows) - len(flights))
    assert delay == (*expected.delay.tolist(), *none)
    known = np.array(probability[: len(flights)], np.float32)
    assert known.tobytes() == expected.probability.tobytes()
    assert probability[len(flights) :] == none
    assert len({*probability}) > len(SHARES) // 2


@pytest.mark.santiago
def test_the_function_refuses_the_days_so_far_that_the_join_answers_with_null(model: Model) -> None:
    refused = [Flight("Sky Airline", "N", 7, EVENING, share) for share in UNKNOWN_SHARES]
    for flight in (*refused, Flight("Sky Airline", "N", 7, None, 0.4)):
        with pytest.raises(InputError):
            model.encoder.cells([flight])


def test_the_query_gives_the_remote_functions_of_today_the_share() -> None:
    names = {each.split("`")[1] for each in remote(PLACE) if "scheduled STRING, day_so_far" in each}
    sql = sqlglot.parse_one(remote_query(PLACE, TODAY), read="bigquery").sql("bigquery")
    flight = "`OPERA`, `TIPOVUELO`, SAFE_CAST(REGEXP_EXTRACT("
    for name in names:
        assert f"`{name}`({flight}" in remote_query(PLACE, TODAY)
    assert len(names) == 2
    given = "CAST(`Fecha-I` AS STRING), CAST(`so far` AS FLOAT64)) AS "
    assert sql.count(given) == 2
    untimed = remote_query(PLACE, Columns(scheduled="", day="so far"))
    assert "so far" not in untimed
    assert "_today" not in untimed
    assert "_today" not in remote_query(PLACE, Columns())


def test_without_times_the_join_reads_no_day_so_far() -> None:
    assert "cells.HOY = -1\n" in join(PLACE, TODAY, timed=False)
    assert "cells.HOY = -1\n" in join(PLACE, Columns(), timed=True)


def test_a_model_without_times_joins_flights_with_and_without(
    tmp_path: Path, elsewhere: Counts
) -> None:
    publish(elsewhere, "all", tmp_path / "model")
    model = Model(tmp_path / "model" / "model.onnx")
    assert len([*write_answers(tmp_path / "answers", model)]) == 1
    airline = elsewhere.categories.OPERA[1]
    connection = connected(tmp_path / "answers", ("OPERA", "TIPOVUELO", "MES", "Fecha-I"))
    rows = [(1, airline, "N", "1", None), (2, airline, "N", "1", "2017-01-01 10:00:00")]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute(on_duckdb(join(PLACE, Columns(), timed=False)))
    found = connection.execute("SELECT probability FROM flights_scored").fetchall()
    expected = model.predict(model.encoder.cells([Flight(airline, "N", 1)])).probability
    assert [np.float32(row[0]) for row in found] == [expected[0]] * 2


@pytest.mark.santiago
def test_the_graph_is_given_its_own_inputs(model: Model) -> None:
    create, predict = onnx(PLACE, Columns(), timed=True)
    assert "MODEL_PATH = 'gs://b/pipeline.onnx'" in create
    inner = predict[predict.index("(SELECT") + 1 : -2]
    connection = connected_for_graph()
    found = connection.execute(on_duckdb(inner)).fetchall()
    given = flights_of(model.encoder.cells(FLIGHTS), model.metadata.categories)
    assert [list(row) for row in found] == given.to_numpy().tolist()
    connection.execute('ALTER TABLE flights ADD COLUMN "so far" DOUBLE DEFAULT 0.25')
    predict = onnx(PLACE, TODAY, timed=True)[1]
    inner = predict[predict.index("(SELECT") + 1 : -2]
    days = [None if f.scheduled is None else SHARES.index(0.2) + 1 for f in FLIGHTS]
    assert [row[-1] for row in connection.execute(on_duckdb(inner)).fetchall()] == days


def connected_for_graph() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        'CREATE TABLE flights (OPERA TEXT, TIPOVUELO TEXT, MES INT, "Fecha-I" TIMESTAMP)'
    )
    rows = [(f.OPERA, f.TIPOVUELO, f.MES, f.scheduled) for f in FLIGHTS]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?)", rows)
    return connection
