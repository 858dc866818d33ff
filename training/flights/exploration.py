"""What flights show that counts do not hold, such as their destinations."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import ibis
import pandas as pd
from ibis.expr.types import Table

from training.errors import DataError

from .counts import TOTALS, Counts
from .rows import good_rows
from .sources import Columns, Source, open_source

COLUMNS: Final = ["dimension", "value", *TOTALS]
DESTINATION: Final = "SIGLADES"
MINUTE: Final = "minute"

# The challenge's notebook compares these bounds of its periods of the day strictly.
NOTEBOOK_BOUNDS: Final = ("00:00", "04:59", "05:00", "11:59", "12:00", "18:59", "19:00", "23:59")


@dataclass(frozen=True)
class Exploration:
    """Flights and delayed flights by destination, and at eight minutes of the day.

    `table` has the columns `COLUMNS`, and a row for each value that occurs: `destination` by name,
    `minute` as HH:MM, of `NOTEBOOK_BOUNDS` alone. What the flights lack is missing here, too.
    """

    table: pd.DataFrame

    @classmethod
    def from_flights(
        cls, address: str, columns: Columns | None = None, destination: str | None = None
    ) -> Self:
        """Count the good rows of a source by the columns that it has.

        Raise `DataError` where it has no column `destination`, unless that is left to the default.
        """
        source, columns = open_source(address), columns or Columns()
        if destination:
            source.column(destination)
        keys = {"destination": destination or DESTINATION, MINUTE: columns.scheduled}
        parts = [
            _count(source, columns, dimension, name)
            for dimension, name in keys.items()
            if name in source.table.columns
        ]
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
        return cls(table[COLUMNS].astype(dict.fromkeys(TOTALS, "int64")))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `to_csv` wrote."""
        table = pd.read_csv(path, dtype={"value": str}, keep_default_na=False)
        if list(table.columns) != COLUMNS:
            raise DataError(f"Cannot read {path}: expected the columns {', '.join(COLUMNS)}.")
        return cls(table)

    def to_csv(self) -> str:
        """Return the canonical CSV, such as `data/scl_2017_exploration.csv`."""
        return self.table.to_csv(index=False, lineterminator="\n")

    def check(self, counts: Counts) -> None:
        """Raise `DataError` unless these are as many flights, and delayed ones, as the counts'."""
        destinations = self.destinations()
        mine, theirs = destinations[TOTALS].sum(), counts.table[TOTALS].sum()
        if len(destinations) and not mine.equals(theirs):
            raise DataError(
                "Cannot report: the exploration and the counts are not of the same flights. "
                "Make both anew: `python -m training explore` and `python -m training count`."
            )

    def destinations(self) -> pd.DataFrame:
        """Return the flights to each destination, the most frequent first."""
        part = self._part("destination")
        return part.sort_values(["flights", "value"], ascending=[False, True], ignore_index=True)

    def without_period(self) -> pd.DataFrame:
        """Return the flights at the minutes that the notebook gives no period of the day."""
        return self._part(MINUTE)

    def _part(self, dimension: str) -> pd.DataFrame:
        rows = self.table["dimension"] == dimension
        return self.table.loc[rows, COLUMNS[1:]].reset_index(drop=True)


def _count(source: Source, columns: Columns, dimension: str, name: str) -> pd.DataFrame:
    with source.trouble(f"read {source.address}"):
        counted = _counted(source.table, columns, dimension, name)
        part: pd.DataFrame = source.engine.to_pyarrow(counted).to_pandas()
    return part.sort_values("value").assign(dimension=dimension)


def _counted(table: Table, columns: Columns, dimension: str, name: str) -> Table:
    rows = good_rows(table, columns, value=table[name].cast("string").fill_null(""))
    if dimension == MINUTE:
        rows = rows.mutate(value=rows["value"].substr(11, 5))
        rows = rows.filter(rows["value"].isin(NOTEBOOK_BOUNDS))
    return rows.group_by("value").agg(
        flights=rows.count(), delayed=ibis.cases((rows["late"], 1), else_=0).sum()
    )
