"""What flights show that counts do not hold: destinations, and how long the day so far lasts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pandas as pd
from ibis.expr.types import Table

from function.metadata import SHARES
from training.errors import DataError
from training.tables.rows import checked_rows, good, good_rows
from training.tables.sources import Columns, Source, open_source

from .aggregation import groups_of
from .counts import TOTALS, Counts
from .look_back import on_day, ranges

COLUMNS: Final = ["dimension", "value", *TOTALS]
DESTINATION: Final = "SIGLADES"
GOOD, BAD = 0.1, 0.4  # of the last flights were late: fewer than that, and that or more
DAY: Final = {1: "day_1h", 2: "day_2h", 3: "day_3h", 6: "day_6h"}  # by hours before departure


@dataclass(frozen=True)
class Exploration:
    """Flights and delayed flights by destination, and by the day so far at each of some hours.

    `table` has the columns `COLUMNS`, and a row for each value that occurs: `destination` by name,
    each of `DAY` by the number of its range. What the flights lack is missing here, too.
    """

    table: pd.DataFrame

    @classmethod
    def from_flights(
        cls, address: str, columns: Columns | None = None, destination: str | None = None
    ) -> Self:
        """Count the good rows of a source by what it has.

        Raise `DataError` where it has no column `destination`, unless that is left to the default.
        """
        source, columns = open_source(address), columns or Columns()
        if destination:
            source.column(destination)
        parts = [
            _fetched(source, counted).assign(dimension=dimension)
            for dimension, counted in _counted(source, columns, destination or DESTINATION)
        ]
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
        return cls(table[COLUMNS].astype(dict.fromkeys(TOTALS, "int64")))

    @classmethod
    def beside(cls, address: str) -> Self | None:
        """Read `NAME_exploration.csv` beside counts `NAME.csv`; return None where there is none."""
        path = Path(address)
        explored = path.with_name(f"{path.stem}_exploration.csv")
        return cls.read(explored) if path.is_file() and explored.exists() else None

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
                "The exploration and the counts are not of the same flights. Make both anew: "
                "`python -m training explore` and `python -m training count`."
            )

    def destinations(self) -> pd.DataFrame:
        """Return the flights to each destination, the most frequent first."""
        part = self._part("destination")
        return part.sort_values(["flights", "value"], ascending=[False, True], ignore_index=True)

    def day_so_far(self) -> dict[int, pd.DataFrame]:
        """Return the flights in each range of the day so far, by hours before departure."""
        parts = {hours: self._part(dimension) for hours, dimension in DAY.items()}
        return {
            hours: part.astype({"value": "int64"}) for hours, part in parts.items() if len(part)
        }

    def _part(self, dimension: str) -> pd.DataFrame:
        rows = self.table["dimension"] == dimension
        return self.table.loc[rows, COLUMNS[1:]].reset_index(drop=True)


def lasting(tables: dict[int, pd.DataFrame]) -> str:
    """Say how much more flights are late on a bad day than on a good one, by hours ahead."""
    if not tables:
        return ""
    first, *later = sorted(tables)
    bad, good = _bad_and_good(tables[first])
    if not bad > good:  # or not known
        return ""
    left = [(hours, *_bad_and_good(tables[hours])) for hours in later]
    shares = [f"{100 * (b - g) / (bad - good):.0f}% at {hours} hours" for hours, b, g in left]
    return (
        f"Asked an hour ahead, {bad:.1%} of the flights were late where {BAD:.0%} or more of "
        f"the last flights were, and {good:.1%} where fewer than {GOOD:.0%} were. Of this "
        f"difference is left: {', '.join(shares)}."
    )


def _bad_and_good(table: pd.DataFrame) -> tuple[float, float]:
    """Return the delay rates on bad and on good days, NaN where there was none."""
    bad = table["value"] > SHARES.index(BAD)
    sums = (table[which][TOTALS].sum() for which in (bad, table["value"] <= SHARES.index(GOOD)))
    high, low = (float(each["delayed"]) / (each["flights"] or float("nan")) for each in sums)
    return high, low


def _counted(source: Source, columns: Columns, destination: str) -> Iterator[tuple[str, Table]]:
    """Yield the flights of each value of each dimension."""
    table = source.table
    if destination in table.columns:
        rows = good_rows(table, columns, value=table[destination].cast("string").fill_null(""))
        yield "destination", _totals(rows.mutate(flights=1, delayed=rows["late"].cast("int64")))
    if columns.scheduled in table.columns:
        for hours, dimension in DAY.items():
            yield dimension, _totals(_by_range(groups_of(table, columns), hours))


def _by_range(groups: Table, hours: int) -> Table:
    """Return groups of good flights with the range of the day so far, hours before departure."""
    known = on_day(groups, ranges(groups, ahead=60 * hours))
    rows = checked_rows(known.filter(known["HOY"].notnull()))  # noqa: PD004  # Ibis has no `notna`
    return rows.filter(good(rows)).mutate(value=rows["HOY"].cast("string"))


def _totals(rows: Table) -> Table:
    return rows.group_by("value").agg(**{name: rows[name].sum() for name in TOTALS})


def _fetched(source: Source, counted: Table) -> pd.DataFrame:
    with source.trouble(f"read {source.address}"):
        part: pd.DataFrame = source.engine.to_pyarrow(counted).to_pandas()
    return part.sort_values("value")
