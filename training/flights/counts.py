"""Flights as counts: all that a model of these features can learn from them."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.metadata import DAYS, Categories
from training.errors import DataError

from .features import FEATURES, NOT_GIVEN, TIME, categories_of, with_time, without_time
from .split import SPLITS, split_rows

SCHEDULED: Final = "Fecha-I"
ACTUAL: Final = "Fecha-O"
DELAY_MINUTES: Final = 15
LATE: Final = pd.Timedelta(minutes=DELAY_MINUTES)
CELL: Final = [*FEATURES, "split"]
CHALLENGE_SHA256: Final = "ab248e6ee81473fcb4bbea581b9a6b303ebd4731665bb6b3dc9c5642511b830c"
TOTALS: Final = ["flights", "delayed"]
COUNTED: Final = [*CELL, *TOTALS]
_TIME: Final = "a date and time such as 2017-01-31 23:30:00"
EXPECTED: Final = {
    "airline": "the name of an airline",
    "kind": "I or N",
    "month": "an integer from 1 to 12",
    "scheduled": _TIME,
    "actual": _TIME,
    "delay": "0, 1, true or false",
}


@dataclass(frozen=True)
class Counts:
    """Flights and delayed flights of each cell and split, in canonical order.

    `table` has the columns `COUNTED`, each cell once and none empty. It is a sufficient statistic:
    a fit on it, weighted, is the fit on the flights themselves. `period` says when they departed,
    such as "2017", where the source has dates.
    """

    table: pd.DataFrame
    period: str | None = None

    @classmethod
    def from_table(cls, table: pd.DataFrame, period: str | None = None) -> Self:
        """Add up the rows of `table`, which has the columns `COUNTED` in any order.

        Without `HORA` and `DIANOM`, the flights have no times.
        """
        table = table.assign(**{name: NOT_GIVEN[name] for name in TIME if name not in table})
        cells = table.groupby(CELL, as_index=False, sort=False)[TOTALS].sum()
        cells = cells[cells["flights"] > 0].sort_values(CELL, key=_order, ignore_index=True)
        return cls(cells, period)

    def without_time(self) -> Self:
        """Return the counts of the same flights without their times."""
        return type(self).from_table(without_time(self.table), self.period)

    @cached_property
    def timed(self) -> bool:
        """Whether any flight has a time."""
        return self.categories.timed

    def part(self, split: str) -> pd.DataFrame:
        """Return the rows of one split."""
        return self.table[self.table["split"] == split].reset_index(drop=True)

    @cached_property
    def categories(self) -> Categories:
        """The categories of the flights: the one-hot order."""
        return categories_of(self.table)

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of the counts."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()

    @cached_property
    def of_the_challenge(self) -> bool:
        """Whether these are the delay challenge's flights, split as the challenge splits them."""
        columns = [name for name in COUNTED if name not in TIME]
        text = self.without_time().table[columns].to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest() == CHALLENGE_SHA256

    def to_csv(self) -> str:
        """Return the canonical CSV, such as `data/scl_2017.csv`."""
        return self.table[COUNTED].to_csv(index=False, lineterminator="\n")


def read(path: Path) -> Counts:
    """Read flights, one a row, or counts; raise `DataError` for what cannot be trained on."""
    try:
        # Everything as text, so that a fault is shown as it stands in the file.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"Cannot read {path}: it is not UTF-8 at byte {error.start}.") from error
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error
    if table.empty:
        raise DataError(f"Cannot train on {path}: it holds no flights.")
    counted = {"flights", "delayed", "split"} <= {*table.columns}
    source = _Source(path, table)
    counts = Counts.from_table(_read_counts(source) if counted else _read_flights(source))
    check_splits(counts, str(path))
    return counts


def _order(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.map(DAYS.index) if column.name == "DIANOM" else column


def check_splits(counts: Counts, source: str) -> None:
    """Raise `DataError` unless both splits hold delayed and punctual flights."""
    for split in SPLITS:
        part = counts.part(split)[TOTALS].sum()
        if not 0 < part["delayed"] < part["flights"]:
            raise DataError(
                f"Cannot train on {source}: expected delayed and punctual flights in the split "
                f"`{split}`, got {part['delayed']} delayed of {part['flights']}."
            )


def delayed(flights: pd.DataFrame) -> "pd.Series[bool]":
    """Return whether each flight left more than 15 minutes after its time."""
    scheduled, actual = (pd.to_datetime(flights[name]) for name in (SCHEDULED, ACTUAL))
    return actual - scheduled > LATE


def weighted_rows(cells: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Return each cell twice, with its label (delayed first, then punctual) and its weight.

    Two weighted rows a cell stand for all its flights.
    """
    rows = pd.concat([cells, cells], ignore_index=True)
    label = np.repeat([1, 0], len(cells))
    weight = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    return rows, label, weight


@dataclass(frozen=True)
class _Source:
    """A table of texts and the file it was read from."""

    path: Path
    table: pd.DataFrame

    def column(self, name: str) -> "pd.Series[str]":
        if name not in self.table.columns:
            raise DataError(f"Cannot train on {self.path}: it has no column `{name}`.")
        return self.table[name]

    def check(self, name: str, wrong: "pd.Series[bool]", expected: str) -> None:
        """Raise `DataError` with the first line where `wrong` holds."""
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise DataError(
                f"Cannot train on {self.path}: expected {expected}, got "
                f"{self.table[name].iloc[row]!r} - at line {row + 2}, column `{name}`."
            )

    def integers(self, name: str, low: int, high: int, expected: str) -> "pd.Series[int]":
        text = self.column(name)
        number = pd.to_numeric(text.where(text.str.fullmatch(r"\d{1,15}")), errors="coerce")
        self.check(name, ~number.between(low, high), expected)
        return number.astype("int64")

    def times(self, name: str) -> "pd.Series[pd.Timestamp]":
        times = pd.to_datetime(self.column(name), format="ISO8601", errors="coerce", utc=True)
        self.check(name, times.isna(), _TIME)
        return times

    def features(self) -> pd.DataFrame:
        airline, kind = self.column("OPERA"), self.column("TIPOVUELO")
        self.check("OPERA", airline.str.strip() == "", EXPECTED["airline"])
        self.check("TIPOVUELO", ~kind.isin(["I", "N"]), EXPECTED["kind"])
        month = self.integers("MES", 1, 12, EXPECTED["month"])
        return pd.DataFrame({"OPERA": airline, "TIPOVUELO": kind, "MES": month})


def _read_flights(source: _Source) -> pd.DataFrame:
    table = source.features()
    times = pd.DataFrame({name: source.times(name) for name in (SCHEDULED, ACTUAL)})
    late = delayed(times)
    table = with_time(table.assign(**{SCHEDULED: times[SCHEDULED]}))
    return table.assign(split=split_rows(len(table)), flights=1, delayed=late.astype("int64"))


def _read_counts(source: _Source) -> pd.DataFrame:
    table = source.features()
    split = source.column("split")
    source.check("split", ~split.isin(SPLITS), " or ".join(SPLITS))
    flights = source.integers("flights", 0, 10**15, "a number of flights")
    delayed = source.integers("delayed", 0, 10**15, "a number of flights")
    source.check("delayed", delayed > flights, "at most as many as `flights`")
    if "HORA" in source.table:
        table = table.assign(
            HORA=source.table["HORA"].astype("int64"), DIANOM=source.table["DIANOM"]
        )
    return table.assign(split=split, flights=flights, delayed=delayed)
