"""The SQL for BigQuery parses, and what it means is what the function answers."""

import csv
from pathlib import Path

import duckdb
import numpy as np
import pytest
import sqlglot
from sqlglot import exp

from function.flights import Flight
from function.model import Model
from training.batch.bigquery import (
    ANSWERS_FILE,
    COLUMNS,
    Place,
    join,
    load,
    onnx,
    remote,
    script,
    write_answers,
)
from training.export.parity import by_function
from training.flights.counts import Counts
from training.flights.features import every_cell, flights_of
from training.project import ARTIFACTS
from training.release.publish import publish

PLACE = Place("p.d", "flights", "https://f.run.app", "p.us.c", "gs://b", "Fecha-I")
FLIGHTS = [
    Flight("Copa Air", "I", 7, "2017-07-14T19:30:00"),
    Flight("Copa Air", "I", 7),
    Flight("Sky Airline", "N", 1, "2017-01-01T00:05:00"),  # a Sunday
    Flight("Copa Air", "N", 7, "2017-07-10T23:59:00"),  # a Monday
]


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ARTIFACTS / "model.onnx")


@pytest.fixture(scope="module")
def answers(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("answers") / ANSWERS_FILE
    assert write_answers(model, path) == 93_288
    return path


@pytest.fixture
def warehouse(answers: Path) -> duckdb.DuckDBPyConnection:
    """Return a database with some flights, and the answers as BigQuery loads them."""
    connection = duckdb.connect()
    connection.execute(
        'CREATE TABLE flights (id INT, OPERA TEXT, TIPOVUELO TEXT, MES BIGINT, "Fecha-I" TIMESTAMP)'
    )
    rows: list[tuple[object, ...]] = [
        (i, f.OPERA, f.TIPOVUELO, f.MES, f.scheduled) for i, f in enumerate(FLIGHTS)
    ]
    rows += [(4, "Nobody", "I", 1, None), (5, None, "I", 1, None)]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?, ?)", rows)
    kinds = {"STRING": "VARCHAR", "INT64": "BIGINT", "FLOAT64": "DOUBLE"}
    columns = {name: kinds[kind] for name, kind in COLUMNS.items()}
    table = connection.read_csv(str(answers), dtype=columns, quotechar='"')
    table.create("flight_answers")
    return connection


def on_duckdb(statement: str) -> str:
    """Translate, with the project and dataset taken off, which DuckDB has not."""
    return sqlglot.transpile(statement.replace("`p.d.", "`"), "bigquery", "duckdb")[0]


@pytest.mark.parametrize("scheduled", ["Fecha-I", ""], ids=["with times", "without"])
def test_every_statement_is_parsed_as_bigquerys(scheduled: str) -> None:
    statements = sqlglot.parse(script(PLACE._replace(scheduled=scheduled)), "bigquery")
    kinds = [s.args.get("kind") for s in statements if isinstance(s, exp.Create)]
    assert kinds == [*["FUNCTION"] * 4, "VIEW", "MODEL"]
    others = [type(s) for s in statements if not isinstance(s, exp.Create)]
    assert others == [exp.LoadData, exp.Select]


def test_the_remote_functions_name_the_endpoint_and_the_answer() -> None:
    names = ["probability", "probability_at", "delay", "delay_at"]
    for statement, name in zip(remote(PLACE), names, strict=True):
        sql = sqlglot.parse_one(statement, read="bigquery").sql("bigquery")
        time = ", scheduled DATETIME" if name.endswith("_at") else ""
        signature = f"(OPERA STRING, TIPOVUELO STRING, MES INT64{time})"
        assert f"`p.d.flight_{name}`{signature}" in sql
        assert "endpoint='https://f.run.app/bigquery'" in sql
        assert f"user_defined_context=[('answer', '{name.removesuffix('_at')}')]" in sql


def test_the_answers_of_every_possible_flight_are_written(model: Model, answers: Path) -> None:
    with answers.open(newline="") as file:
        rows = list(csv.DictReader(file))
    cells = np.concatenate(list(every_cell(model.metadata.categories)))
    flights = flights_of(cells, model.metadata.categories)
    expected = by_function(model, flights)
    assert [int(row["HORA"]) for row in rows] == flights["HORA"].to_list()
    assert [row["DIANOM"] for row in rows] == flights["DIANOM"].to_list()
    written = np.array([float(row["probability"]) for row in rows], np.float32)
    assert written.tobytes() == expected.probability.tobytes()
    assert [int(row["delay"]) for row in rows] == expected.delay.tolist()


def test_names_with_line_breaks_and_quotes_come_back(tmp_path: Path, elsewhere: Counts) -> None:
    odd = 'Línea\n"Aérea", S.A.'
    table = elsewhere.table.replace({"OPERA": {"zephyr, Ltd": odd}})
    publish(Counts.from_table(table), "all", tmp_path)
    path = tmp_path / ANSWERS_FILE
    write_answers(Model(tmp_path / "model.onnx"), path)
    with path.open(newline="") as file:
        assert odd in {row["OPERA"] for row in csv.DictReader(file)}
    assert "allow_quoted_newlines = true" in load(PLACE)


def test_the_join_answers_as_the_function_does_and_null_elsewhere(
    model: Model, warehouse: duckdb.DuckDBPyConnection
) -> None:
    warehouse.execute(on_duckdb(join(PLACE)))
    found = warehouse.execute("SELECT delay, probability FROM flights_scored ORDER BY id")
    delay, probability = zip(*found.fetchall(), strict=True)
    expected = model.predict(model.encoder.cells(FLIGHTS))
    assert delay == (*expected.delay.tolist(), None, None)
    assert np.array(probability[:4], np.float32).tobytes() == expected.probability.tobytes()
    assert probability[4:] == (None, None)


def test_a_table_without_times_is_joined_without_them(
    model: Model, warehouse: duckdb.DuckDBPyConnection
) -> None:
    warehouse.execute(on_duckdb(join(PLACE._replace(scheduled=""))))
    found = warehouse.execute("SELECT probability FROM flights_scored WHERE id < 4 ORDER BY id")
    untimed = [Flight(f.OPERA, f.TIPOVUELO, f.MES) for f in FLIGHTS]
    expected = model.predict(model.encoder.cells(untimed)).probability.tolist()
    assert [probability for (probability,) in found.fetchall()] == expected


def test_the_graph_is_given_its_own_inputs(warehouse: duckdb.DuckDBPyConnection) -> None:
    create, predict = onnx(PLACE)
    assert "MODEL_PATH = 'gs://b/pipeline.onnx'" in create
    inputs = predict.partition("(MODEL `p.d.flight_model`,\n  (")[2].removesuffix("))")
    found = warehouse.execute(on_duckdb(inputs) + " ORDER BY id LIMIT 4").fetchall()
    expected = [(19, "Viernes"), (-1, ""), (0, "Domingo"), (23, "Lunes")]
    assert [row[3:] for row in found] == expected
