"""Every row of the challenge's table is a flight, whichever way it is read, and all ways agree."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from training.__main__ import app
from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count
from training.flights.counts import Counts
from training.model import DelayModel
from training.project import ARTIFACTS

WEEKDAYS = ("Lunes", "Martes", "Miercoles", "Jueves", "Viernes", "Sabado", "Domingo")
MODEL = ARTIFACTS / "model.onnx"
HEADER = (
    "Fecha-I,Vlo-I,Ori-I,Des-I,Emp-I,Fecha-O,Vlo-O,Ori-O,Des-O,Emp-O,DIA,MES,AÑO,DIANOM,"
    "TIPOVUELO,OPERA,SIGLAORI,SIGLADES"
)
# Scheduled, its number, actual, its number, then day, month, year and weekday of operation.
# Rows of the kinds that the challenge's table has, and whether each is late.
KINDS = {
    "on time": ("2017-01-02 10:00:00", "481", "2017-01-02 10:04:00", "481", "2,1,2017,Lunes", 0),
    "late": ("2017-07-14 19:30:00", "602.0", "2017-07-14 20:10:00", "602", "14,7,2017,Viernes", 1),
    "15 minutes": (
        "2017-03-01 06:00:00",
        "7",
        "2017-03-01 06:15:00",
        "7.0",
        "1,3,2017,Miercoles",
        0,
    ),
    "16 minutes": (
        "2017-03-01 06:00:00",
        "7",
        "2017-03-01 06:16:00",
        "7.0",
        "1,3,2017,Miercoles",
        1,
    ),
    "after midnight": (
        "2017-05-04 23:50:00",
        "9",
        "2017-05-05 00:20:00",
        "9",
        "5,5,2017,Viernes",
        1,
    ),
    "into another month": (
        *("2017-01-31 23:55:00", "11", "2017-02-01 00:11:00", "11", "1,2,2017,Miercoles", 1),
    ),
    "into another year": (
        *("2017-12-31 23:40:00", "12", "2018-01-01 00:05:00", "12", "1,1,2018,Lunes", 1),
    ),
    "out of a leap day": (
        *("2020-02-29 23:50:00", "13", "2020-03-01 00:01:00", "13", "1,3,2020,Domingo", 0),
    ),
    "into the day before": (
        *("2017-10-11 00:05:00", "14", "2017-10-10 23:58:00", "14", "10,10,2017,Martes", 0),
    ),
    "into the month before": (
        *("2017-11-01 00:05:00", "15", "2017-10-31 23:57:00", "15", "31,10,2017,Martes", 0),
    ),
    "no actual number": (
        "2017-01-19 11:00:00",
        "16",
        "2017-01-19 11:03:00",
        "",
        "19,1,2017,Jueves",
        0,
    ),
    "early": ("2017-08-09 14:00:00", "17", "2017-08-09 13:46:00", "17", "9,8,2017,Miercoles", 0),
}


def table_of_kinds(folder: Path) -> Path:
    """Write each kind in the form of the challenge's table, with two airlines in turn."""
    rows = []
    for i, (scheduled, number, actual, actual_number, date, _) in enumerate(KINDS.values()):
        code, name, kind = (("SKU", "Sky Airline", "N"), ("CMP", "Copa Air", "I"))[i % 2]
        rows.append(
            f"{scheduled},{number},SCEL,SCTE,{code},{actual},{actual_number},SCEL,SCTE,{code},"
            f"{date},{kind},{name},Santiago,Puerto Montt"
        )
    path = folder / "table.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture(params=["kinds", "real"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the rows written above, then the challenge's table itself."""
    if request.param == "kinds":
        return table_of_kinds(tmp_path)
    raw: Path = request.getfixturevalue("raw_flights")
    return raw


def rows_of(table: Path) -> pd.DataFrame:
    """Read the table as texts, as a caller has them."""
    return pd.read_csv(table, dtype=str, keep_default_na=False)


def requests_of(table: Path) -> list[dict[str, Any]]:
    """Return whole rows of 18 columns; `MES` is an integer in a request."""
    rows = rows_of(table)
    return rows.assign(MES=rows["MES"].astype(int)).to_dict("records")  # type: ignore[return-value]


def counted(rows: pd.DataFrame) -> dict[tuple[object, ...], tuple[int, int]]:
    """Count with pandas: the month as given, hour and weekday of the schedule."""
    scheduled, actual = (pd.to_datetime(rows[name]) for name in ("Fecha-I", "Fecha-O"))
    cells = pd.DataFrame(
        {
            "OPERA": rows["OPERA"],
            "TIPOVUELO": rows["TIPOVUELO"],
            "MES": rows["MES"].astype(int),
            "HORA": scheduled.dt.hour,
            "DIANOM": scheduled.dt.day_of_week.map(dict(enumerate(WEEKDAYS))),
            "late": (actual - scheduled).dt.total_seconds() > 15 * 60,
        }
    )
    sums = cells.groupby(["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM"])["late"]
    return {
        cell: (int(flights), int(late))
        for cell, flights, late in zip(sums.size().index, sums.size(), sums.sum(), strict=True)
    }


def totals(counts: Counts) -> dict[tuple[object, ...], tuple[int, int]]:
    names = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM"]
    sums = counts.table.groupby(names)[["flights", "delayed"]].sum()
    return {
        cell: (int(flights), int(late))
        for cell, (flights, late) in zip(sums.index, sums.to_numpy(), strict=True)
    }


def test_every_row_is_counted_as_another_reader_counts_it(table: Path) -> None:
    found = count(str(table))
    assert found.left_out == 0
    assert totals(found.counts) == counted(rows_of(table))


def test_the_kinds_are_late_as_known_by_hand(tmp_path: Path) -> None:
    rows = rows_of(table_of_kinds(tmp_path))
    _, target = DelayModel().preprocess(rows, "delay")
    assert target["delay"].to_list() == [kind[-1] for kind in KINDS.values()]


@pytest.mark.santiago
def test_all_ways_answer_every_row_bit_for_bit(
    table: Path, tmp_path: Path, client: TestClient
) -> None:
    out = tmp_path / "scored.parquet"
    assert score(str(table), str(out), MODEL).unknown == 0
    scored = pd.read_parquet(out)
    rows = rows_of(table)
    assert scored.drop(columns=["delay", "probability"]).fillna("").equals(rows)
    http: list[dict[str, list[float]]] = []
    remote: list[float] = []
    flights = requests_of(table)
    for start in range(0, len(flights), 4_000):
        part = flights[start : start + 4_000]
        http.append(client.post("/predict?probability=true", json={"flights": part}).json())
        calls = [[f["OPERA"], f["TIPOVUELO"], f["MES"], f["Fecha-I"]] for f in part]
        remote += client.post("/bigquery", json={"calls": calls}).json()["replies"]
    probability = np.concatenate([each["probability"] for each in http]).astype(np.float32)
    assert scored["delay"].to_list() == [label for each in http for label in each["predict"]]
    for ours in (scored["probability"].to_numpy(np.float32), np.array(remote, np.float32)):
        assert ours.tobytes() == probability.tobytes()
    # XGBoost itself, through DelayModel, from the same rows.
    model = DelayModel(None, store=ARTIFACTS / "booster.ubj")
    features = model.preprocess(rows.assign(MES=rows["MES"].astype(int)))
    assert model.predict(features) == scored["delay"].to_list()
    assert np.array_equal(model.probability(features).astype(np.float32), probability)


def test_the_weekday_of_operation_is_not_read(tmp_path: Path) -> None:
    path = table_of_kinds(tmp_path)
    before = count(str(path)).counts.sha256
    path.write_text(path.read_text(encoding="utf-8").replace("Miercoles", "?"), encoding="utf-8")
    assert count(str(path)).counts.sha256 == before


@pytest.mark.santiago
def test_a_contradiction_names_both_months_the_same_everywhere(
    tmp_path: Path, client: TestClient
) -> None:
    path = table_of_kinds(tmp_path)
    text = path.read_text(encoding="utf-8").replace("14,7,2017", "14,9,2017")
    path.write_text(text, encoding="utf-8")
    expected = (
        "expected a month within a day of the scheduled time's date, got '9' for a flight "
        "scheduled in month 7 - at line 3, column `MES`"
    )
    for refused in (
        lambda: count(str(path)),
        lambda: score(str(path), str(tmp_path / "o.csv"), MODEL),
    ):
        with pytest.raises(DataError) as caught:
            refused()
        assert expected in str(caught.value)
    answer = client.post("/predict", json={"flights": requests_of(path)[1:2]})
    assert answer.status_code == 400
    assert answer.json()["path"] == "$.flights[0].Fecha-I"
    assert "month 9" in answer.json()["error"]
    assert "month 7" in answer.json()["error"]
    with pytest.raises(ValueError, match="MES"):
        DelayModel(None).preprocess(rows_of(path).assign(MES=9), "delay")


@pytest.mark.slow
def test_the_real_table_goes_through_every_command(raw_flights: Path, tmp_path: Path) -> None:
    runner, out, place = CliRunner(), tmp_path / "artifacts", "Santiago (SCL)"
    commands = [
        ["train", "--data", raw_flights, "--place", place, "--out", out],
        ["report", "--data", raw_flights, "--out", out],
        ["evaluate", "--data", raw_flights, "--model", out / "model.onnx"],
        ["explore", "--flights", raw_flights, "--out", tmp_path / "exploration.csv"],
    ]
    for command in commands:
        ended = runner.invoke(app, [*map(str, command)], catch_exceptions=False)
        assert "bad" not in ended.output, command
        assert (out / "model.onnx").exists()
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics == json.loads((ARTIFACTS / "metrics.json").read_text())
