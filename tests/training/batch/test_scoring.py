"""Every row comes out in its order, with the answers that the function gives."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from function.metadata import SHARES
from tests.support.day_so_far import Flights
from training.batch.scoring import score
from training.errors import DataError
from training.flights.counts import Counts
from training.flights.frames import LATE
from training.project import ARTIFACTS
from training.release.publish import publish
from training.tables.columns import Columns

MODEL = ARTIFACTS / "model.onnx"
COMMAND = [sys.executable, "-m", "training", "score"]
ROWS = """OPERA,TIPOVUELO,MES,note
Sky Airline,N,07,a
Grupo LATAM,I,12,"b, c"
Sky Airline,N,7,
"""


def written(folder: Path, text: str) -> str:
    path = folder / "flights.csv"
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def many_seconds_of_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return many(tmp_path_factory.mktemp("large"), 20_000_000)


def many(folder: Path, rows: int) -> Path:
    """Write Parquet in several row groups, so that several threads read it."""
    path = folder / "many.parquet"
    duckdb.sql(
        f"COPY (SELECT ['Sky Airline', 'Grupo LATAM', 'Copa Air'][1 + i * 7 % 3] AS OPERA, "
        f"'N' AS TIPOVUELO, 1 + (i * i) % 12 AS MES, i FROM range({rows}) AS r(i)) "
        f"TO '{path}' (ROW_GROUP_SIZE 20000)"
    )
    return path


def test_three_ways_answer_the_real_flights_bit_for_bit(
    raw_flights: Path, tmp_path: Path, client: TestClient
) -> None:
    out = tmp_path / "scored.parquet"
    score(str(raw_flights), str(out), MODEL)
    batch = pd.read_parquet(out)
    raw = pd.read_csv(raw_flights, low_memory=False)
    pd.testing.assert_series_equal(batch["Fecha-I"], raw["Fecha-I"], check_dtype=False)
    pd.testing.assert_series_equal(batch["OPERA"], raw["OPERA"], check_dtype=False)
    flights = raw[["OPERA", "TIPOVUELO", "MES", "Fecha-I"]].to_dict("records")
    http: dict[str, list[float]] = {"delay": [], "probability": []}
    remote: dict[str, list[float]] = {"delay": [], "probability": []}
    for start in range(0, len(flights), 10_000):
        part = flights[start : start + 10_000]
        answer = client.post("/predict?probability=true", json={"flights": part}).json()
        http["delay"] += answer["predict"]
        http["probability"] += answer["probability"]
        calls = [list(flight.values()) for flight in part]
        for name in remote:
            body = {"calls": calls, "userDefinedContext": {"answer": name}}
            remote[name] += client.post("/bigquery", json=body).json()["replies"]
    for ours in (http, remote):
        assert np.array_equal(batch["delay"], ours["delay"])
        probability = np.array(ours["probability"], np.float32)
        assert batch["probability"].to_numpy(np.float32).tobytes() == probability.tobytes()


@pytest.mark.santiago
def test_csv_and_parquet_hold_the_same_rows_and_answers(tmp_path: Path) -> None:
    address = written(tmp_path, ROWS)
    score(address, str(tmp_path / "o.csv"), MODEL)
    score(address, str(tmp_path / "o.parquet"), MODEL)
    text = pd.read_csv(tmp_path / "o.csv", dtype={"MES": str, "probability": np.float32})
    table = pd.read_parquet(tmp_path / "o.parquet")
    assert text["MES"].to_list() == table["MES"].to_list() == ["07", "12", "7"]
    assert text["note"].to_list()[:2] == table["note"].to_list()[:2] == ["a", "b, c"]
    assert text["probability"].to_list() == table["probability"].to_list()
    assert table["probability"].iloc[0] == table["probability"].iloc[2]
    assert pq.read_metadata(tmp_path / "o.parquet").metadata.keys() >= {b"model_version"}


@pytest.mark.santiago
def test_the_rows_keep_their_order_over_many_threads(tmp_path: Path) -> None:
    scored = score(str(many(tmp_path, 300_000)), str(tmp_path / "o.parquet"), MODEL)
    assert (scored.flights, scored.unknown) == (300_000, 0)
    table = pd.read_parquet(tmp_path / "o.parquet")
    assert np.array_equal(table["i"], np.arange(300_000))
    assert table["probability"].notna().all()


@pytest.mark.santiago
def test_columns_may_bear_other_names(tmp_path: Path) -> None:
    expected = tmp_path / "expected.csv"
    score(written(tmp_path, ROWS), str(expected), MODEL)
    renamed = written(tmp_path, ROWS.replace("OPERA,TIPOVUELO,MES", '"the ""line""",t,m'))
    score(renamed, str(tmp_path / "o.csv"), MODEL, Columns('the "line"', "t", "m"))
    assert (tmp_path / "o.csv").read_text().partition("\n")[2] == (
        expected.read_text().partition("\n")[2]
    )


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(
            "Nobody's Air,N,1,x",
            'airline "Nobody\'s Air" was never in training (2 rows)',
            id="airline",
        ),
        pytest.param(
            "Sky Airline,X,1,x", "flight type 'X' was never in training (2 rows)", id="type"
        ),
        pytest.param(
            "Sky Airline,N,13,x",
            "expected an integer from 1 to 12, got '13' - at line 5, column `MES`, '13' - at line",
            id="month",
        ),
        pytest.param(
            "Sky Airline,N,,x",
            "expected an integer from 1 to 12, got nothing - at line 5, column `MES`",
            id="null",
        ),
    ],
)
def test_unknown_flights_stop_it_or_come_out_empty(tmp_path: Path, row: str, reason: str) -> None:
    address, out = written(tmp_path, f"{ROWS}{row}\n{row}\n"), tmp_path / "o.parquet"
    with pytest.raises(DataError) as refusal:
        score(address, str(out), MODEL)
    assert f"the model does not know 2 of its rows: {reason}" in str(refusal.value)
    assert not out.exists()
    assert score(address, str(out), MODEL, empty=True).unknown == 2
    table = pd.read_parquet(out)
    assert table["delay"].isna().to_list() == [False] * 3 + [True] * 2
    assert table["probability"].isna().to_list() == [False] * 3 + [True] * 2


@pytest.mark.santiago
def test_the_scheduled_time_sharpens_the_answer(tmp_path: Path, client: TestClient) -> None:
    times = ["2017-07-14 19:30:00", "2017-07-14T19:30", "", "2017-07-14 06:00:00.5"]
    rows = [f"Sky Airline,N,7,{time}" for time in times]
    address = written(tmp_path, "\n".join(["OPERA,TIPOVUELO,MES,Fecha-I", *rows]))
    out = tmp_path / "o.csv"
    score(address, str(out), MODEL)
    flights = [
        {"OPERA": "Sky Airline", "TIPOVUELO": "N", "MES": 7, "Fecha-I": time or None}
        for time in times
    ]
    asked = client.post("/predict?probability=true", json={"flights": flights}).json()
    table = pd.read_csv(out, dtype={"probability": np.float32})
    expected = np.array(asked["probability"], np.float32)
    assert table["probability"].to_numpy().tobytes() == expected.tobytes()
    assert len(set(expected)) == 3
    score(address, str(out), MODEL, Columns(scheduled=""))
    table = pd.read_csv(out, dtype={"probability": np.float32})
    assert set(table["probability"]) == {expected[2]}


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("time", "reason"),
    [
        pytest.param("2017-07-14T19:30:00Z", "expected a local date and time", id="zone"),
        pytest.param("2017-07-14", "expected a local date and time", id="date alone"),
        pytest.param("1730", "Make times of numbers such as 1730", id="digits"),
        pytest.param("2017-08-14 19:30:00", "expected a month within a day", id="another month"),
    ],
)
def test_a_time_that_a_request_may_not_have_is_refused_or_left_empty(
    tmp_path: Path, time: str, reason: str
) -> None:
    rows = f"OPERA,TIPOVUELO,MES,Fecha-I\nSky Airline,N,7,{time}\nSky Airline,N,7,\n"
    address, out = written(tmp_path, rows), tmp_path / "o.parquet"
    with pytest.raises(DataError, match=reason):
        score(address, str(out), MODEL)
    assert score(address, str(out), MODEL, empty=True).unknown == 1
    assert pd.read_parquet(out)["delay"].isna().to_list() == [True, False]


def answered(
    client: TestClient, flights: list[dict[str, object]]
) -> tuple[list[int], NDArray[np.float32]]:
    """Return what the function answers to flights: labels and probabilities."""
    found = client.post("/predict?probability=true", json={"flights": flights}).json()
    return found["predict"], np.array(found["probability"], np.float32)


@pytest.mark.santiago
@pytest.mark.parametrize("kind", ["texts", "numbers", "floats"])
def test_a_column_of_the_day_so_far_is_asked_with_the_flight(
    tmp_path: Path, client: TestClient, kind: str
) -> None:
    shares = [0, 0.049, 0.05, 0.1, 0.3, 0.6, 1, None]
    flights: list[dict[str, object]] = [
        {"OPERA": "Sky Airline", "TIPOVUELO": "N", "MES": 7, "Fecha-I": "2017-07-14 19:30:00"}
        | {"HOY": share}
        for share in shares
    ]
    flights.append(flights[0] | {"Fecha-I": None, "HOY": None})
    table = pd.DataFrame(flights).rename(columns={"HOY": "so far"})
    if kind == "texts":
        address = written(tmp_path, table.to_csv(index=False))
    else:
        address = str(tmp_path / "flights.parquet")
        number = np.float64 if kind == "numbers" else np.float32
        exact = table["so far"].where(table["so far"] != 0.049, 0.25).astype(number)
        if kind == "floats":  # which hold few shares exactly
            exact = exact.where(exact.isin([0, 0.25, 1]) | exact.isna(), 0.5)
        table.assign(**{"so far": exact}).to_parquet(address)
        for flight, share in zip(flights, exact.tolist(), strict=True):
            flight["HOY"] = None if np.isnan(share) else share
    out = tmp_path / "o.parquet"
    assert score(address, str(out), MODEL, Columns(day="so far")).unknown == 0
    labels, probability = answered(client, flights)
    scored = pd.read_parquet(out)
    assert scored["delay"].to_list() == labels
    assert scored["probability"].to_numpy(np.float32).tobytes() == probability.tobytes()
    assert len({*probability.tolist()}) > 3


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("time", "share"),
    [
        ("2017-07-14 19:30:00", "40"),
        ("2017-07-14 19:30:00", "-0.1"),
        ("2017-07-14 19:30:00", "many"),
        ("2017-07-14 19:30:00", "nan"),
        ("", "0.4"),
    ],
)
def test_a_day_so_far_that_a_request_may_not_have_is_refused_or_left_empty(
    tmp_path: Path, time: str, share: str
) -> None:
    rows = f"Sky Airline,N,7,{time},{share}\nSky Airline,N,7,2017-07-14 19:30:00,\n"
    address = written(tmp_path, f"OPERA,TIPOVUELO,MES,Fecha-I,HOY\n{rows}")
    out, columns = tmp_path / "o.parquet", Columns(day="HOY")
    with pytest.raises(DataError) as refusal:
        score(address, str(out), MODEL, columns)
    expected = f"expected a share of flights from 0 to 1, beside a scheduled time, got '{share}' - "
    assert f"{expected}at line 2, column `HOY`" in str(refusal.value)
    assert score(address, str(out), MODEL, columns, empty=True).unknown == 1
    assert pd.read_parquet(out)["delay"].isna().to_list() == [True, False]


@pytest.mark.santiago
@pytest.mark.parametrize("name", ["flights.csv", "flights.parquet"])
def test_looking_back_asks_with_the_day_so_far_of_the_table(
    tmp_path: Path, client: TestClient, name: str
) -> None:
    rng = np.random.default_rng(1)
    minutes = pd.to_timedelta(rng.integers(0, 2 * 24 * 60, 3000), unit="min")
    planned = pd.Timestamp("2017-07-14 12:00:00") + minutes
    # The later, the more of them are late, so that many ranges occur.
    slower = np.linspace(0.38, 1.5, 12)[(minutes // pd.Timedelta("4h")).to_numpy()]
    delays = np.floor(rng.integers(0, 40, 3000) * slower)
    left = planned + pd.to_timedelta(delays, unit="min")
    table = pd.DataFrame({"OPERA": "Sky Airline", "TIPOVUELO": "N", "MES": 7, "Fecha-I": planned})
    table["Fecha-O"] = pd.Series(left).where(rng.random(3000) > 0.2)  # has not departed
    table = table.astype({"Fecha-I": str}).assign(number=range(3000))
    table["Fecha-O"] = table["Fecha-O"].astype(str).replace("NaT", None)
    path, out = tmp_path / name, tmp_path / "o.parquet"
    (table.to_csv if name.endswith("csv") else table.to_parquet)(path, index=False)
    scored = score(str(path), str(out), MODEL, look_back=True)
    assert (scored.flights, scored.unknown) == (3000, 0)
    found = pd.read_parquet(out)
    assert found["number"].astype(int).to_list() == table["number"].to_list()
    gone = table["Fecha-O"].notna()
    flights = Flights(zip(planned[gone], (left - planned)[gone] > LATE, strict=True))
    ranges = [flights.before(time) for time in planned]
    assert len({*ranges}) > 4
    asked = table[["OPERA", "TIPOVUELO", "MES", "Fecha-I"]].to_dict("records")
    shares = [None if number < 0 else (0, *SHARES)[number] for number in ranges]
    labels, probability = answered(
        client,
        [
            {str(name): value for name, value in flight.items()} | {"HOY": share}
            for flight, share in zip(asked, shares, strict=True)
        ],
    )
    assert found["delay"].to_list() == labels
    assert found["probability"].to_numpy(np.float32).tobytes() == probability.tobytes()


@pytest.mark.santiago
def test_flights_without_times_have_no_day_to_look_back_on(tmp_path: Path) -> None:
    address, out = written(tmp_path, f"{ROWS.replace('note', 'late')}"), tmp_path / "o.csv"
    columns = Columns(delay="late", scheduled="")
    score(address, str(tmp_path / "expected.csv"), MODEL, columns)
    for _ in range(2):  # what one run gives DuckDB is taken away again
        score(address, str(out), MODEL, columns, look_back=True)
        assert out.read_text() == (tmp_path / "expected.csv").read_text()


def test_a_month_that_was_never_in_training_is_named(tmp_path: Path, elsewhere: Counts) -> None:
    publish(elsewhere, "all", tmp_path)
    airline = elsewhere.categories.OPERA[0].replace('"', '""')
    address = written(tmp_path, f'OPERA,TIPOVUELO,MES\n"{airline}",N,10\n"{airline}",N,1\n')
    with pytest.raises(DataError, match=r"month 10 was never in training \(1 rows\)"):
        score(address, str(tmp_path / "o.csv"), tmp_path / "model.onnx")


@pytest.mark.santiago
def test_fewer_rows_than_were_read_are_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_one(*arguments: Path) -> None:
        arguments[2].write_text("OPERA\nSky Airline\n")

    monkeypatch.setattr("training.batch.scoring.copy", copy_one)
    out = tmp_path / "o.csv"
    with pytest.raises(DataError, match="3 rows were read, but 1 would be written"):
        score(written(tmp_path, ROWS), str(out), MODEL)
    assert not out.exists()


@pytest.mark.santiago
def test_a_text_that_a_spreadsheet_would_run_is_kept(tmp_path: Path) -> None:
    address = written(tmp_path, ROWS.replace("a\n", "=1+1\n"))
    score(address, str(tmp_path / "o.csv"), MODEL)
    assert pd.read_csv(tmp_path / "o.csv")["note"][0] == "=1+1"


@pytest.mark.parametrize("out", ["o.parquet", "o.csv"])
def test_flights_that_are_all_unknown_come_out_empty(tmp_path: Path, out: str) -> None:
    address = written(tmp_path, "OPERA,TIPOVUELO,MES\nx,N,1\n,,\n")
    assert score(address, str(tmp_path / out), MODEL, empty=True).unknown == 2
    table = (pd.read_csv if out == "o.csv" else pd.read_parquet)(tmp_path / out)
    assert table[["delay", "probability"]].isna().to_numpy().tolist() == [[True] * 2] * 2


@pytest.mark.parametrize(
    ("text", "out", "reason"),
    [
        pytest.param(ROWS.replace("note", "Delay"), "o.csv", "`delay` already", id="taken"),
        pytest.param(ROWS, "o.txt", "ends in .parquet or .csv", id="no such format"),
        pytest.param(ROWS, "spark:scored", "the flights are in duckdb", id="another engine"),
        pytest.param(ROWS.replace("MES", "m"), "o.csv", "no column `MES`", id="no column"),
        pytest.param(ROWS, "flights.csv", "it is read from", id="onto its input"),
        pytest.param(ROWS, "link.csv", "it is read from", id="onto a link to its input"),
        pytest.param(ROWS, "folder.csv", "it is a folder", id="onto a folder"),
        pytest.param(ROWS, "flights.csv/o.csv", "Cannot write", id="below a file"),
    ],
)
def test_what_cannot_be_scored_is_refused(tmp_path: Path, text: str, out: str, reason: str) -> None:
    address = written(tmp_path, text)
    (tmp_path / "link.csv").symlink_to(address)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=reason):
        score(address, out if ":" in out else str(tmp_path / out), MODEL)
    assert Path(address).read_text() == text


@pytest.mark.slow
@pytest.mark.santiago
@pytest.mark.parametrize("out", ["o.parquet", "o.csv"])
def test_a_full_disk_leaves_the_old_output(tmp_path: Path, out: str) -> None:
    source, path = many(tmp_path, 300_000), tmp_path / out
    path.write_text("old")
    limit = (100_000, 100_000)  # bytes of a file: writing more fails, as on a full disk
    # Python 3.13.0 truncates byte code at the limit, and every later run fails to load it.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*COMMAND, "--flights", str(source), "--out", str(path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),  # no threads run yet
    )
    assert done.returncode == 1
    assert f"Cannot write {path}: " in done.stderr
    assert path.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["many.parquet", out]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stop", "litter"),
    [
        pytest.param(signal.SIGINT, 0, id="interrupted"),
        pytest.param(signal.SIGTERM, 0, id="terminated"),
        pytest.param(signal.SIGKILL, 1, id="killed"),
    ],
)
def test_a_stopped_run_leaves_the_old_output(
    many_seconds_of_work: Path, tmp_path: Path, stop: signal.Signals, litter: int
) -> None:
    source, path = many_seconds_of_work, tmp_path / "o.parquet"
    path.write_text("old")
    run = subprocess.Popen(
        [*COMMAND, "--flights", str(source), "--out", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".new-*/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(run.pid, stop)
    assert run.wait(60) != 0
    assert path.read_text() == "old"
    assert len(list(tmp_path.glob(".new-*"))) == litter
