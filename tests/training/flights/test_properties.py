"""What the engines count and score is what a dumb loop in plain Python does."""

import csv
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.errors import InputError
from function.flights import Flight, read_time
from function.metadata import WEEKDAYS
from function.model import Model
from tests.support.day_so_far import Flights
from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count
from training.flights.features import FEATURES
from training.project import ARTIFACTS

MODEL: Final = ARTIFACTS / "model.onnx"
HEADER: Final = ["OPERA", "TIPOVUELO", "MES", "Fecha-I", "Fecha-O", "note"]
AIRLINES: Final = ["Sky Airline", "Copa Air", "#9 Air", 'A "B", C', "D\r\n\nE", "=1+1", "Ñandú"]
BAD_NAMES: Final = ["", " ", " Sky Airline", "Copa Air\u00a0", "\ufeffSky", "Sky\n"]
MONTHS: Final = ["1", "01", "1.0", "001.00", "2", "7", "12", "12.0"]
BAD_MONTHS: Final = ["", "0", "13", "1.5", "x", " 1", "1e0", "-1", "\uff11", "1."]
TIMES: Final = [
    *("2017-01-01 10:00:00", "2017-01-01T10:15", "2017-01-01 10:15:00.000001", "2017-02-28 23:59"),
    *("2017-01-01 10:14:59.9999999", "2017-12-31 23:59:59.999999999999"),
    *("2016-07-31T00:00:00.5", "2017-12-31 23:45:00", "2018-01-01 00:01:00", "2017-07-14 19:30:00"),
]
BAD_TIMES: Final = [
    *("", "2017-01-01", "2017-01-01T10:00:00Z", "2017-01-01 10:00:00+00:00", "1730", "9 a.m."),
    *("2017-02-29 10:00:00", "2017-01-01 24:00:00", "2017-01-01 10:60:00", "0000-01-01 10:00:00"),
    *("2017-1-1 10:00:00", "2017-01-01 10:00:00 ", "2017-01-01 10"),
    *("20170101 100000", "2017-W01-1T10:00", "2017-01-01  10:00", "2017-01-01 10:00:"),
]

type Row = tuple[str, ...]


def mostly(good: list[str], bad: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(good * (1 + 3 * len(bad) // len(good)) + bad)


ROWS: Final = st.lists(
    st.tuples(
        mostly(AIRLINES, BAD_NAMES),
        mostly(["N", "I", "X"], BAD_NAMES),
        mostly(MONTHS, BAD_MONTHS),
        mostly(TIMES, BAD_TIMES),
        mostly(TIMES, BAD_TIMES),
        st.sampled_from(["", '"', ",", "\n", "x"]),
    ),
    max_size=60,
)
# Delayed and punctual flights of both splits, so many that some flights have a day so far.
ENOUGH: Final = [
    ("Sky Airline", "N", "1", f"2017-01-{day} {hour}:00:00", f"2017-01-{day} 1{i % 2}:00:00", "")
    for day in ("01", "16")
    for hour in ("09", "10")
    for i in range(9)
]


def month_of(text: str) -> int | None:
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or fraction.strip("0") or text.endswith("."):
        return None
    return int(whole) if 1 <= int(whole) <= 12 else None


def good_name(text: str) -> bool:
    return bool(text) and text == text.strip(" \u00a0\ufeff\n")


def time_of(text: str) -> datetime | None:
    """Return the time of a text, whose fraction is cut off after six digits."""
    whole, dot, fraction = text.partition(".")
    try:
        return read_time(f"{whole}{dot}{fraction[:6]}", 0)
    except InputError:
        return None


def known(rows: list[Row]) -> Flights:
    """Return the flights whose times can be read."""
    times = ((time_of(row[3]), time_of(row[4])) for row in rows)
    late = timedelta(minutes=15)
    return Flights((planned, left - planned > late) for planned, left in times if planned and left)


def cell_of(row: Row, flights: Flights) -> tuple[object, ...] | None:
    """Return the cell of a row and whether the flight was late, or None for a bad row."""
    airline, flight_type, month, scheduled, actual, _ = row
    planned, actually = time_of(scheduled), time_of(actual)
    if not (good_name(airline) and good_name(flight_type) and planned and actually):
        return None
    days = (planned + timedelta(days=days) for days in (-1, 0, 1))
    if month_of(month) not in {day.month for day in days}:
        return None
    if not timedelta(hours=-12) <= actually - planned <= timedelta(hours=48):
        return None
    cell = airline, flight_type, month_of(month), planned.hour, WEEKDAYS[planned.weekday()]
    return *cell, flights.before(planned), actually - planned > timedelta(minutes=15)


def written(rows: list[Row], path: Path) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows])
    else:
        columns = zip(*rows, strict=True)
        texts = {
            name: pa.array([value or None for value in column], pa.string())
            for name, column in zip(HEADER, columns, strict=True)
        }
        pq.write_table(pa.table(texts), path)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(MODEL)


def answer(model: Model, row: Row) -> tuple[int, bytes] | None:
    month = month_of(row[2])
    time = time_of(row[3])
    if month is None or not good_name(row[0]) or (row[3] and time is None):
        return None
    try:
        cell = model.encoder.cells([Flight(row[0], row[1], month, time)])
    except InputError:
        return None
    prediction = model.predict(cell)
    return int(prediction.delay[0]), prediction.probability.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flights.csv", "flights.parquet"])
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS)
def test_an_engine_counts_and_scores_what_a_loop_does(
    name: str, model: Model, rows: list[Row]
) -> None:
    rows = [*rows, *ENOUGH]
    flights = known(rows)
    cells = [cell_of(row, flights) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, name), Path(folder, f"scored.{name.rpartition('.')[2]}")
        written(rows, path)
        counted = count(str(path), drop_bad=True, drop_many=True)
        assert counted.left_out == cells.count(None)
        if counted.left_out:
            with pytest.raises(DataError, match=f"{counted.left_out} of {len(rows)} rows are bad"):
                count(str(path))
        table = counted.counts.table.groupby(FEATURES)[["flights", "delayed"]].sum()
        numbers = Counter(cell[:-1] for cell in cells if cell)
        delayed = Counter(cell[:-1] for cell in cells if cell and cell[-1])
        expected = {cell: (number, delayed[cell]) for cell, number in numbers.items()}
        assert (
            dict(zip(table.index, map(tuple, table.to_numpy().tolist()), strict=True)) == expected
        )

        score(str(path), str(out), MODEL, empty=True)
        read = pd.read_csv if out.suffix == ".csv" else pd.read_parquet
        scored = read(out)
        answers = [
            None if np.isnan(delay) else (int(delay), np.float32(probability).tobytes())
            for delay, probability in scored[["delay", "probability"]].to_numpy().tolist()
        ]
        assert answers == [answer(model, row) for row in rows]
        if out.suffix == ".parquet":
            given_back = scored[HEADER].fillna("").to_numpy().tolist()
            assert given_back == [list(row) for row in rows]
