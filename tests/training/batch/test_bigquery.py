"""The SQL for BigQuery parses, and what it means is what the function answers."""

import duckdb
import numpy as np
import pytest
import sqlglot
from sqlglot import exp

from function.encoder import Encoder
from function.flights import Flight
from function.model import Model
from training.batch.bigquery import Place, cells, join, onnx, remote, script
from training.project import ARTIFACTS

PLACE = Place("p.d", "flights", "https://f.run.app", "p.us.c", "gs://b")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ARTIFACTS / "model.onnx")


def on_duckdb(statement: str) -> str:
    """Translate, with the project and dataset taken off, which DuckDB has not."""
    return sqlglot.transpile(statement.replace("`p.d.", "`"), "bigquery", "duckdb")[0]


def test_every_statement_is_parsed_as_bigquerys(model: Model) -> None:
    statements = sqlglot.parse(script(PLACE, model), "bigquery")
    kinds = [s.args.get("kind") for s in statements if isinstance(s, exp.Create)]
    assert kinds == ["FUNCTION", "FUNCTION", "TABLE", "VIEW", "MODEL"]
    assert [type(s) for s in statements if not isinstance(s, exp.Create)] == [
        exp.Insert,
        exp.Select,
    ]


def test_the_remote_functions_name_the_endpoint_and_the_answer() -> None:
    for statement, answer in zip(remote(PLACE), ("probability", "delay"), strict=True):
        sql = sqlglot.parse_one(statement, read="bigquery").sql("bigquery")
        assert f"`p.d.flight_{answer}`(OPERA STRING, TIPOVUELO STRING, MES INT64)" in sql
        assert "endpoint='https://f.run.app/bigquery'" in sql
        assert f"user_defined_context=[('answer', '{answer}')]" in sql


def test_the_join_answers_as_the_function_does_and_null_elsewhere(model: Model) -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE flights (id INT, OPERA TEXT, TIPOVUELO TEXT, MES BIGINT)")
    flights = [
        Flight("Copa Air", "I", 7),
        Flight("Sky Airline", "N", 1),
        Flight("Copa Air", "N", 7),
    ]
    rows: list[tuple[object, ...]] = [
        (i, f.OPERA, f.TIPOVUELO, f.MES) for i, f in enumerate(flights)
    ]
    rows += [(3, "Nobody", "I", 1), (4, None, "I", 1)]
    connection.executemany("INSERT INTO flights VALUES (?, ?, ?, ?)", rows)
    for statement in (*cells(PLACE, model), join(PLACE)):
        connection.execute(on_duckdb(statement))
    answers = "SELECT delay, probability FROM flights_scored ORDER BY id"
    delay, probability = zip(*connection.execute(answers).fetchall(), strict=True)
    encoder = Encoder(model.metadata.categories)
    expected = model.predict(encoder.one_hot, encoder.cells(flights))
    assert delay == (*expected.delay.tolist(), None, None)
    assert np.array(probability[:3], np.float32).tobytes() == expected.probability.tobytes()
    assert probability[3:] == (None, None)


def test_the_graph_is_given_its_own_inputs() -> None:
    create, predict = onnx(PLACE)
    assert "MODEL_PATH = 'gs://b/pipeline.onnx'" in create
    assert "SELECT OPERA, TIPOVUELO, MES FROM `p.d.flights`" in predict
