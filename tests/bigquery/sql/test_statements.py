"""Every statement that `make bigquery` prints is one to ZetaSQL, with the columns that it needs."""

import pytest
from typer.testing import CliRunner

from function.model import Model
from training.__main__ import app
from training.batch.bigquery import ANSWER_TYPES, TYPES, Place, script
from training.project import ARTIFACTS
from training.tables.columns import Columns

from .zetasql import RefusedError, Rows, Statement, ZetaSQL

GRAPH = {"inputs": TYPES, "outputs": {"delay": "INT64", "probability": "FLOAT64"}}
KINDS = [
    *["CreateFunction"] * 6,
    "Query",
    "AuxLoadData",
    "CreateView",
    "CreateModel",
    "Query",
]
FLIGHTS = {
    "id": "INT64",
    "OPERA": "STRING",
    "TIPOVUELO": "STRING",
    "MES": "INT64",
    "Fecha-I": "DATETIME",
}
DAY = FLIGHTS | {"share": "FLOAT64"}
ODD = "`tick` 'and' \"quote\" \\ back\nline\r全日本 ${x}"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(ARTIFACTS / "model.onnx")


def analyzed(zetasql: ZetaSQL, text: str, columns: dict[str, str], place: Place) -> list[Statement]:
    return zetasql.analyze(
        text,
        {f"{place.dataset}.{place.table}": Rows(columns)},
        connections=[place.connection],
        graph=GRAPH,
    )


@pytest.mark.parametrize(
    ("options", "flights"), [([], FLIGHTS), (["--day-so-far", "share"], DAY)], ids=["time", "day"]
)
def test_what_the_command_prints_is_sql(
    zetasql: ZetaSQL, options: list[str], flights: dict[str, str]
) -> None:
    printed = CliRunner().invoke(app, ["bigquery", "--dataset", "p.d", *options]).stdout
    assert ("`share`" in printed) is bool(options)
    place = Place("p.d", "flights", "", "PROJECT.REGION.CONNECTION", "")
    found = analyzed(zetasql, printed, flights, place)
    assert [each.kind for each in found] == KINDS
    asked, loaded, view, predicted = (found[i].columns for i in (6, 7, 8, 10))
    assert asked == view == flights | ANSWER_TYPES
    assert loaded == TYPES | ANSWER_TYPES
    assert predicted == TYPES | GRAPH["outputs"]


@pytest.mark.parametrize(
    "kind", ["STRING", "DATETIME", "TIMESTAMP", "DATE"], ids=["text", "local", "utc", "date"]
)
@pytest.mark.parametrize("month", ["STRING", "INT64", "FLOAT64"])
def test_columns_may_be_of_any_type(zetasql: ZetaSQL, model: Model, kind: str, month: str) -> None:
    place = Place("p.d", "flights", "https://f", "p.us.c", "gs://b")
    share = {"STRING": "STRING", "INT64": "INT64"}.get(month, "FLOAT64")
    columns = FLIGHTS | {"MES": month, "Fecha-I": kind, "share": share}
    found = analyzed(zetasql, script(place, model, Columns(day="share")), columns, place)
    assert [each.kind for each in found] == KINDS


def test_names_may_hold_any_character(zetasql: ZetaSQL, model: Model) -> None:
    place = Place(f"p.{ODD}", f"t{ODD}", f"https://f/{ODD}", f"p.us.{ODD}", f"gs://b/{ODD}")
    columns = Columns(
        f"a{ODD}",
        f"k{ODD}",
        f"m{ODD}",
        f"t{ODD}",
        day=f"d{ODD}",
        types=((ODD, "I"), (f"{ODD}2", "N")),
    )
    names = dict(zip((f"{letter}{ODD}" for letter in "akmtd"), [*DAY.values()][1:], strict=True))
    found = analyzed(zetasql, script(place, model, columns), names, place)
    assert [each.kind for each in found] == KINDS
    assert found[8].columns == names | ANSWER_TYPES


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        (Columns(scheduled=""), ["Fecha-I"]),
        (Columns(type_value="it's `N`"), ["TIPOVUELO"]),
        (Columns(scheduled="", type_value=""), ["Fecha-I", "TIPOVUELO"]),
    ],
    ids=["no times", "one type", "neither"],
)
def test_a_column_that_is_not_named_is_not_asked_for(
    zetasql: ZetaSQL, model: Model, columns: Columns, missing: list[str]
) -> None:
    place = Place("p.d", "flights", "https://f", "p.us.c", "gs://b")
    given = {name: kind for name, kind in FLIGHTS.items() if name not in missing}
    found = analyzed(zetasql, script(place, model, columns), given, place)
    assert [each.kind for each in found] == KINDS


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("`MES`", "`month`", "Unrecognized name: month"),
        ("FLOAT64 REMOTE", "FLOAT REMOTE", "Type not found: FLOAT"),
        ("AS HORA", "AS HOUR", 'extra input column named "HOUR"'),
        ("SAFE_CAST(REGEXP_EXTRACT(CAST(`MES`", "SAFE_CAST((CAST(`MES`", "Invalid cast"),
        ("LEFT JOIN", "LEFT JOINED", "Syntax error"),
        ("WITH CONNECTION `p.us.c`", "WITH CONNECTION `p.eu.c`", "Connection not found"),
        (
            "`p.d.flight_delay_timed`(`OPERA`, ",
            "`p.d.flight_delay_timed`(",
            "No matching signature",
        ),
    ],
)
def test_what_is_not_sql_is_refused(
    zetasql: ZetaSQL, model: Model, old: str, new: str, reason: str
) -> None:
    place = Place("p.d", "flights", "https://f", "p.us.c", "gs://b")
    text = script(place, model)
    assert old in text
    with pytest.raises(RefusedError, match=reason):
        analyzed(zetasql, text.replace(old, new), FLIGHTS, place)
