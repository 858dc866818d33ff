"""Frames of flights as notebooks hold them: checked, and with the types that training expects."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.metadata import SHARES, WEEKDAYS
from training.tables.faults import EXPECTED
from training.tables.rows import DELAY_MINUTES, MONTH, MONTHS, SPACES, TIME_PATTERN

from .features import DAY, FLIGHT, NO_DAY, NOT_GIVEN, TIME

SCHEDULED: Final = "Fecha-I"
ACTUAL: Final = "Fecha-O"
LATE: Final = pd.Timedelta(minutes=DELAY_MINUTES)
LABELS: Final = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}


def checked(data: pd.DataFrame, *, timed: bool) -> pd.DataFrame:
    """Return the features of flights; raise `ValueError` for what is no flight.

    Whole numbers of any type are months, and texts of them. If `timed`, `HORA` and `DIANOM` are
    those of `data`, or of the local time `Fecha-I`, which may be missing. `MES` must be a month
    within a day of that time (`function.flights.months_near`). `HOY` beside `Fecha-I` is a share of
    flights, as in a request; beside `HORA` and `DIANOM` it is the number of a range.
    """
    of_pandas(data)
    features: dict[str, object] = {
        name: _converted(column(data, name), _name, EXPECTED[role], "str")
        for name, role in (("OPERA", "airline"), ("TIPOVUELO", "flight_type"))
    }
    features["MES"] = _converted(column(data, "MES"), _month, EXPECTED["month"], "int64")
    checked = pd.DataFrame(features, index=data.index)[FLIGHT]
    if not timed:
        return checked
    if {*TIME} <= {*data.columns}:
        named = [*TIME, *(name for name in DAY if name in data.columns)]
        return checked.assign(**NO_DAY | {name: column(data, name).to_numpy() for name in named})
    if SCHEDULED not in data.columns:
        return checked.assign(**NOT_GIVEN)
    times = _times(column(data, SCHEDULED))
    _check_months(checked["MES"], times)
    weekdays = times.dt.day_of_week.map(dict(enumerate(WEEKDAYS)))
    return checked.assign(
        HORA=times.dt.hour.fillna(NOT_GIVEN["HORA"]).astype("int64").to_numpy(),
        DIANOM=weekdays.fillna(NOT_GIVEN["DIANOM"]).to_numpy(),
        HOY=_ranges(column(data, "HOY"), times) if "HOY" in data.columns else NO_DAY["HOY"],
    )


def delayed(data: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each flight left more than 15 minutes after its time.

    Raise `ValueError` where one of its two times is missing.
    """
    of_pandas(data)
    scheduled, actual = (_times(column(data, name), missing=False) for name in (SCHEDULED, ACTUAL))
    return actual - scheduled > LATE


def labels(target: "pd.Series[Any]") -> NDArray[np.int64]:
    """Return labels as 0 and 1, [N]; raise `ValueError` for others."""
    if (
        isinstance(target.dtype, np.dtype)
        and target.dtype.kind == "i"
        and target.isin((0, 1)).all()
    ):
        return target.to_numpy(np.int64)  # as training has them, by the hundred thousand
    return _converted(target, _label, "0 or 1, or true or false", "int64")


def of_pandas(data: pd.DataFrame) -> None:
    """Raise `ValueError` unless this is a frame of pandas."""
    if not isinstance(data, pd.DataFrame):
        kind = type(data)
        advice = " Convert it with `to_pandas()`." if hasattr(data, "to_pandas") else ""
        got = f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"
        raise ValueError(f"Expected a pandas.DataFrame, got a {got}.{advice}")  # noqa: TRY004


def column(data: pd.DataFrame, name: str) -> "pd.Series[Any]":
    """Return the column of a name; raise `ValueError` unless there is exactly one."""
    number = int((data.columns == name).sum())
    if number != 1:
        raise ValueError(f"Expected one column `{name}`, got {number or 'none'}.")
    return data[name]


def _times(given: "pd.Series[Any]", *, missing: bool = True) -> "pd.Series[pd.Timestamp]":
    """Return local times, NaT where one is `missing` and may be."""
    expected = EXPECTED["scheduled"]
    values = given.astype(object)
    present = values.notna()
    good = values.map(_is_time) & present
    times = pd.to_datetime(values.where(good), format="ISO8601", errors="coerce")
    bad = times.isna() & present if missing else times.isna()
    if bad.any():
        raise _refused(given, int(bad.to_numpy().argmax()), expected)
    return times.astype("datetime64[us]")


def _check_months(months: "pd.Series[int]", times: "pd.Series[pd.Timestamp]") -> None:
    near = [(times + pd.Timedelta(days=days)).dt.month for days in (-1, 0, 1)]
    wrong = times.notna() & ~np.logical_or.reduce([months == month for month in near])
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise ValueError(
            f"Expected a month within a day of `{SCHEDULED}`, got {months.iloc[row]} in the column "
            f"`MES` for a flight scheduled in month {times.iloc[row].month} "
            f"(index {shown(months.index[row])})."
        )


def _ranges(given: "pd.Series[Any]", times: "pd.Series[pd.Timestamp]") -> NDArray[np.int64]:
    """Return the number of the range of each share, and "not given" where one is missing."""
    present = given.notna().to_numpy()
    share = pd.to_numeric(given, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = present & ~((share >= 0) & (share <= 1) & times.notna().to_numpy())
    if bad.any():
        raise _refused(given, int(bad.argmax()), EXPECTED["day"])
    return np.where(present, np.searchsorted(SHARES, share, side="right"), NO_DAY["HOY"])


def _converted[Value](
    given: "pd.Series[Any]", convert: Callable[[object], Value | None], expected: str, kind: str
) -> NDArray[np.int64]:
    values = [convert(value) for value in given.astype(object)]
    if None in values:
        raise _refused(given, values.index(None), expected)
    return pd.Series(values, dtype=kind).to_numpy()


def _refused(given: "pd.Series[Any]", row: int, expected: str) -> ValueError:
    got, label = shown(given.iloc[row]), shown(given.index[row])
    return ValueError(
        f"Expected {expected}, got {got} in the column `{given.name}` (index {label})."
    )


def shown(value: object) -> str:
    """Return a value as a message shows it, without the name of its type."""
    if pd.Series([value], dtype=object).isna().item():
        return "nothing"
    if isinstance(value, datetime):
        return str(value)
    return repr(value.item() if isinstance(value, np.generic) else value)


def _name(value: object) -> str | None:
    named = isinstance(value, str) and value and value == value.strip(SPACES)
    return str(value) if named else None


def _month(value: object) -> int | None:
    if isinstance(value, str):
        found = re.fullmatch(MONTH, value)
        return int(found[1]) if found else None
    number = _number(value)
    return number if number is not None and 1 <= number <= MONTHS else None


def _label(value: object) -> int | None:
    if isinstance(value, str):
        return LABELS.get(value.lower())
    number = int(value) if isinstance(value, bool | np.bool_) else _number(value)
    return number if number in {0, 1} else None


def _number(value: object) -> int | None:
    """Return a whole number as an integer, and None for anything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real | Decimal):
        return None
    number = float(value)
    return int(number) if number.is_integer() else None


def _is_time(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(TIME_PATTERN, value) is not None
    return isinstance(value, datetime) and value.tzinfo is None
