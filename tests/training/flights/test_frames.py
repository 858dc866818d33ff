"""Frames of notebooks: one flight in any type is the same flight, and what is none is refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from training.flights.frames import checked, delayed, labels
from training.model import DelayModel

TIME = "a local date and time such as 2017-01-31 23:30:00"
type Change = Callable[["pd.Series[Any]"], Any]


@pytest.fixture
def flights() -> pd.DataFrame:
    """Return some flights, of which the first and the last are delayed."""
    return pd.DataFrame(
        {
            "OPERA": ["Sky Airline", "Copa Air", "Sky Airline", "Copa Air"],
            "TIPOVUELO": ["N", "I", "N", "I"],
            "MES": [7, 7, 10, 3],
            "Fecha-I": [
                *("2017-07-01 10:00:00", "2017-07-02 23:59:59", "2017-10-02 00:00:00"),
                "2017-03-06 00:00:00",
            ],
            "Fecha-O": [
                *("2017-07-01 10:15:01", "2017-07-03 00:14:59", "2017-10-01 23:00:00"),
                "2017-03-06 00:15:00.000001",
            ],
        }
    )


FEATURES = [
    ["Sky Airline", "N", 7, 10, "Sabado", -1],
    ["Copa Air", "I", 7, 23, "Domingo", -1],
    ["Sky Airline", "N", 10, 0, "Lunes", -1],
    ["Copa Air", "I", 3, 0, "Lunes", -1],
]
LATE = [1, 0, 0, 1]


@pytest.mark.parametrize(
    "change",
    [
        *(
            (lambda months, kind=kind: months.astype(kind))
            for kind in (
                *("int8", "uint64", "float32", "object", "str", "category", "Int8", "Float64"),
                *("string", "int32[pyarrow]", "double[pyarrow]", "string[pyarrow]"),
            )
        ),
        lambda months: months.astype(str).astype("category"),
        lambda months: months.astype(float).astype(str),
        lambda months: months.map("{:02}".format),
        lambda months: months.map(Decimal).astype(object),
        lambda _: [7.0, "7", np.int16(10), Decimal("3.0")],
    ],
)
def test_whole_numbers_of_any_type_are_months(flights: pd.DataFrame, change: Change) -> None:
    flights["MES"] = change(flights["MES"])
    found = checked(flights, timed=True)
    assert found.to_numpy().tolist() == FEATURES
    assert {type(month) for month in found["MES"].tolist()} == {int}


@pytest.mark.parametrize(
    ("month", "got"),
    [
        *((value, repr(value)) for value in (7.5, 0, 13, -7, float("inf"), "x", "", " 7", "1e0")),
        *((value, "nothing") for value in (None, float("nan"), pd.NA, pd.NaT)),
        (True, "True"),
        (np.float32(0.5), "0.5"),
        (datetime(2017, 7, 1), "2017-07-01 00:00:00"),
        ([7], "[7]"),
    ],
)
def test_what_is_no_month_is_refused_with_its_index(
    flights: pd.DataFrame, month: object, got: str
) -> None:
    flights["MES"] = pd.Series([7, 7, month, 3], dtype=object)
    flights.index = pd.Index(["a", "b", "c", "d"])
    with pytest.raises(ValueError, match="Expected an integer from 1 to 12, got ") as refused:
        DelayModel().preprocess(flights, "delay")
    assert str(refused.value).endswith(f"got {got} in the column `MES` (index 'c').")


@pytest.mark.parametrize("kind", ["object", "category", "string", "string[pyarrow]"])
def test_names_may_be_of_any_type_of_texts(flights: pd.DataFrame, kind: str) -> None:
    changed = flights.astype({"OPERA": kind, "TIPOVUELO": kind})
    assert checked(changed, timed=True).to_numpy().tolist() == FEATURES


@pytest.mark.parametrize("name", [None, float("nan"), "", " Sky", "Sky\u00a0", 7, b"Sky"])
@pytest.mark.parametrize("column", ["OPERA", "TIPOVUELO"])
def test_what_is_no_name_is_refused(flights: pd.DataFrame, column: str, name: object) -> None:
    flights[column] = pd.Series(["N", name, "N", "N"], dtype=object)
    with pytest.raises(ValueError, match=rf"got .* in the column `{column}` \(index 1\)\.$"):
        DelayModel().preprocess(flights, "delay")


def test_names_hold_no_zero_bytes_which_the_graph_would_lose(flights: pd.DataFrame) -> None:
    flights.loc[0, "OPERA"] = "Sky Airline\0"
    with pytest.raises(ValueError, match=r"no zero bytes in names, got 'Sky Airline\\x00'"):
        DelayModel().preprocess(flights, "delay")


@pytest.mark.parametrize(
    "change",
    [
        *(
            (lambda times, kind=kind: times.astype(kind))
            for kind in ("object", "category", "string", "string[pyarrow]")
        ),
        *(
            (lambda times, kind=kind: pd.to_datetime(times, format="ISO8601").astype(kind))
            for kind in ("datetime64[us]", "datetime64[ns]", "timestamp[us][pyarrow]", "object")
        ),
        lambda times: times.str.replace(" ", "T"),
        lambda times: [*times[:2], *pd.to_datetime(times[2:], format="ISO8601")],
    ],
)
def test_times_may_be_of_any_type(flights: pd.DataFrame, change: Change) -> None:
    for column in ("Fecha-I", "Fecha-O"):
        flights[column] = change(flights[column])
    assert checked(flights, timed=True).to_numpy().tolist() == FEATURES
    assert delayed(flights).tolist() == [bool(late) for late in LATE]


@pytest.mark.parametrize(
    ("time", "got"),
    [
        *(
            (text, repr(text))
            for text in (
                *("2017-07-02 23:59:59Z", "2017-07-02T23:59:59-03:00", "2017-07-02", "9 a.m.", ""),
                *("2017-02-30 10:00:00", "2017-07-02 24:00:00", "07/02/2017 10:00"),
            )
        ),
        (datetime(2017, 7, 2, 10, tzinfo=UTC), "2017-07-02 10:00:00+00:00"),
        (1730, "1730"),
    ],
)
def test_what_is_no_local_time_is_refused(flights: pd.DataFrame, time: object, got: str) -> None:
    flights["Fecha-I"] = pd.Series([flights.loc[0, "Fecha-I"], time, None, None], dtype=object)
    for model, data in (
        (DelayModel(None), flights.assign(delay=LATE)),  # it learns the hour
        (DelayModel(), flights),  # it computes the delay
    ):
        with pytest.raises(ValueError, match=TIME) as refused:
            model.preprocess(data, "delay")
        assert str(refused.value).endswith(f"got {got} in the column `Fecha-I` (index 1).")


def test_aware_times_are_refused(flights: pd.DataFrame) -> None:
    for kind in ("datetime64[us, UTC]", "timestamp[us, America/Santiago][pyarrow]"):
        aware = pd.to_datetime(flights["Fecha-I"]).dt.tz_localize("UTC").astype(kind)  # type: ignore[call-overload]
        with pytest.raises(ValueError, match=TIME):
            DelayModel(None).preprocess(flights.assign(**{"Fecha-I": aware}), "delay")


@pytest.mark.parametrize("column", ["Fecha-I", "Fecha-O"])
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT])
def test_a_flight_without_one_of_its_times_is_not_punctual(
    flights: pd.DataFrame, column: str, missing: object
) -> None:
    flights[column] = [*flights[column][:3], missing]
    with pytest.raises(ValueError, match=rf"got nothing in the column `{column}` \(index 3\)\.$"):
        DelayModel().preprocess(flights, "delay")


def test_a_flight_with_a_label_may_have_no_time(flights: pd.DataFrame) -> None:
    flights.loc[1, "Fecha-I"] = None
    found = checked(flights.drop(columns="Fecha-O"), timed=True)
    assert found.to_numpy().tolist() == [
        FEATURES[0],
        ["Copa Air", "I", 7, -1, "", -1],
        *FEATURES[2:],
    ]


@pytest.mark.parametrize("kind", ["bool", "object", "boolean", "bool[pyarrow]", "category"])
def test_labels_may_be_true_and_false(kind: str) -> None:
    series = pd.Series([True, False, False, True]).astype(kind)  # type: ignore[call-overload]
    assert labels(series).tolist() == LATE


@pytest.mark.parametrize("kind", ["int8", "float64", "Int64", "str", "category", "string"])
def test_labels_may_be_0_and_1_of_any_type(kind: str) -> None:
    series = pd.Series(LATE).astype(kind)  # type: ignore[call-overload]
    assert labels(series).tolist() == LATE


@pytest.mark.parametrize("label", [2, -1, 0.5, 16, "yes", None, float("nan"), pd.NA])
def test_other_labels_are_refused(flights: pd.DataFrame, label: object) -> None:
    late = pd.Series([0, 1, label, 0], dtype=object)
    with pytest.raises(ValueError, match=r"Expected 0 or 1, or true or false, got .* `late`"):
        DelayModel().preprocess(flights.assign(late=late), "late")
    model = DelayModel()
    features, _ = model.preprocess(flights, "delay")
    with pytest.raises(ValueError, match=r"Expected 0 or 1, or true or false, got .* `late`"):
        model.fit(features, late.to_frame("late"))
    assert model._model is None


def test_an_index_may_repeat_itself(flights: pd.DataFrame) -> None:
    for index in (pd.Index([0, 0, 1, 1]), pd.MultiIndex.from_product([[1, 2], ["a", "b"]])):
        features, target = DelayModel(None).preprocess(flights.set_axis(index), "delay")
        assert features.index.equals(index)
        assert target.index.equals(index)
        assert target["delay"].tolist() == LATE
        assert features["HORA_23"].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("column", ["OPERA", "MES", "Fecha-I", "Fecha-O"])
def test_a_column_that_is_missing_or_there_twice_is_named(
    flights: pd.DataFrame, column: str
) -> None:
    twice = pd.concat([flights, flights[[column]]], axis=1)
    with pytest.raises(ValueError, match=f"Expected one column `{column}`, got 2"):
        DelayModel(None).preprocess(twice, "delay")
    with pytest.raises(ValueError, match=f"Expected one column `{column}`, got none"):
        DelayModel().preprocess(flights.drop(columns=column), "delay")


@pytest.mark.parametrize(
    ("month", "time"), [(8, "2017-07-31 00:00:00"), (12, "2018-01-01 23:59:59")]
)
def test_the_month_may_be_that_of_the_day_before_or_after(
    flights: pd.DataFrame, month: int, time: str
) -> None:
    flights.loc[0, "MES"] = month
    flights.loc[0, "Fecha-I"] = time
    assert checked(flights, timed=True)["MES"][0] == month
    flights.loc[0, "Fecha-I"] = "2017-04-15 12:00:00"
    flights.index = pd.Index([7, 7, 8, 9])
    with pytest.raises(ValueError, match=rf"got {month} .* scheduled in month 4 \(index 7\)\.$"):
        DelayModel(None).preprocess(flights, "delay")
