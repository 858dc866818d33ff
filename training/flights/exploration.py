"""What the raw table of flights shows beyond the model's three features, as counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pandas as pd
from ibis.expr.types import Table, Value

from training.errors import DataError

from .columns import Columns
from .counts import TOTALS, Counts
from .rows import good_rows, roles_in
from .sources import Source, open_source

__all__ = ["TOTALS", "Exploration"]

COLUMNS: Final = ["dimension", "value", *TOTALS]
DESTINATION: Final = "SIGLADES"
HOURS: Final = [f"{hour:02}" for hour in range(24)]
PERIODS: Final = ["Morning, 05:00-11:59", "Afternoon, 12:00-18:59", "Night, 19:00-04:59"]
SEASONS: Final = ["High: Jan, Feb", "Low: Apr-Jun, Aug, Oct, Nov", "Cut: Mar, Jul, Sep, Dec"]
DAYS: Final = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

# The notebook of the challenge compares these bounds of its periods of the day strictly.
NOTEBOOK_BOUNDS: Final = "05:00 11:59 12:00 18:59 19:00 23:59 00:00 04:59"
# Its high season: 15 December to 3 March, 15 to 31 July, 11 to 30 September. It ends at 00:00 of
# these days of 2017, each as month-weekday with the number of such days in its month.
LAST_DAYS: Final = {"03-5": 5, "07-1": 5, "09-6": 5, "12-7": 5}


@dataclass(frozen=True)
class Exploration:
    """Flights and delayed flights by scheduled time, by month and weekday, and by destination.

    `table` has the columns `COLUMNS`, and a row for each value that occurs: `time` as HH:MM,
    `weekday` as MM-D with D from Monday, 1, to Sunday, 7, and `destination` by name.
    """

    table: pd.DataFrame

    @classmethod
    def from_flights(
        cls, address: str | Path, columns: Columns | None = None, destination: str | None = None
    ) -> Self:
        """Count the good rows of a source; what it has no columns for is left out.

        Raise `DataError` where it has no column `destination`, unless that is left to the default.
        """
        source, columns = open_source(str(address)), columns or Columns()
        roles = roles_in(source, columns)
        keys: dict[str, list[str]] = {}
        kept: dict[str, Value] = {}
        if "scheduled" in roles:
            keys |= {"time": ["hour", "minute"], "weekday": ["MES", "DIANOM"]}
        if destination or DESTINATION in source.table.columns:
            source.column(destination or DESTINATION, "--destination")
            keys["destination"] = ["destination"]
            kept["destination"] = source.table[destination or DESTINATION].cast("string")
        rows = good_rows(source.table, columns, **kept)
        rows = rows.mutate(minute=rows["scheduled"].minute())
        parts = [_count(source, rows, *dimension) for dimension in keys.items()]
        return cls(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `to_csv` wrote."""
        table = pd.read_csv(path, dtype={"value": str}, keep_default_na=False)
        if list(table.columns) != COLUMNS:
            raise DataError(f"Cannot read {path}: expected the columns {', '.join(COLUMNS)}.")
        return cls(table)

    def to_csv(self) -> str:
        """Return the canonical CSV, `data/scl_2017_exploration.csv` for Santiago in 2017."""
        return self.table.to_csv(index=False, lineterminator="\n")

    def check(self, counts: Counts) -> None:
        """Raise `DataError` unless these are the flights of the counts: as many in each month."""
        weekday = self.part("weekday")
        mine = weekday.groupby(weekday["value"].str[:2].astype("int64"))[TOTALS].sum()
        if not mine.equals(counts.table.groupby("MES")[TOTALS].sum().rename_axis("value")):
            raise DataError(
                "Cannot report: the exploration and the counts are not of the same flights. "
                "Make both anew: `python -m training explore` and `python -m training count`."
            )

    def part(self, dimension: str) -> pd.DataFrame:
        """Return the rows of one dimension: value, flights, delayed."""
        rows = self.table["dimension"] == dimension
        return self.table.loc[rows, COLUMNS[1:]].reset_index(drop=True)

    def weekdays(self) -> pd.DataFrame:
        """Return the flights of each weekday, Monday first."""
        part = self.part("weekday")
        return _sum(part, part["value"].map(lambda day: DAYS[int(day[3:]) - 1]), DAYS)

    def seasons(self) -> pd.DataFrame:
        """Return the flights of the months that lie wholly in or out of the high season.

        The table's days of the month are not the true ones, so the months that a bound of the
        season cuts, March, July, September and December, stand apart.
        """
        part = self.part("weekday")
        return _sum(part, part["value"].str[:2].map(_season), SEASONS)

    def hours(self) -> pd.DataFrame:
        """Return the flights of each scheduled hour, 00 to 23."""
        part = self.part("time")
        return _sum(part, part["value"].str[:2], HOURS)

    def periods(self) -> pd.DataFrame:
        """Return the flights of each period of the day, of which every minute has one."""
        part = self.part("time")
        return _sum(part, part["value"].map(_period), PERIODS)

    def destinations(self) -> pd.DataFrame:
        """Return the flights to each destination, the most frequent first."""
        part = self.part("destination")
        return part.sort_values(["flights", "value"], ascending=[False, True], ignore_index=True)

    def without_period(self) -> pd.DataFrame:
        """Return the flights at the minutes that the notebook gives no period of the day."""
        part = self.part("time")
        return part[part["value"].isin(NOTEBOOK_BOUNDS.split())].reset_index(drop=True)

    def on_last_days(self) -> float:
        """Estimate the flights that the notebook's season loses on its last days.

        Each of the days counts as the mean of its weekday in its month.
        """
        flights = self.part("weekday").set_index("value")["flights"]
        return float(sum(flights.get(day, 0) / days for day, days in LAST_DAYS.items()))


def _count(source: Source, rows: Table, dimension: str, keys: list[str]) -> pd.DataFrame:
    counted = rows.group_by(keys).agg(flights=rows.count(), delayed=rows["late"].ifelse(1, 0).sum())
    with source.trouble(f"read {source.address}"):
        part: pd.DataFrame = source.engine.to_pyarrow(counted).to_pandas()
    part = part[part[keys[-1]] != 0] if dimension == "weekday" else part  # 0: not given
    part = part.dropna(subset=["hour"]) if dimension == "time" else part
    formats = {"time": "{:02.0f}:{:02.0f}", "weekday": "{:02.0f}-{:.0f}"}
    values = part[keys].fillna("").itertuples(index=False)
    named = [formats.get(dimension, "{}").format(*value) for value in values]
    table = part.assign(dimension=dimension, value=named).sort_values("value")
    return table[COLUMNS].astype(dict.fromkeys(TOTALS, "int64"))


def _sum(part: pd.DataFrame, key: "pd.Series[str]", order: Iterable[str]) -> pd.DataFrame:
    sums = part.assign(value=key).groupby("value")[TOTALS].sum()
    return sums.reindex([value for value in order if value in sums.index]).reset_index()


def _period(time: str) -> str:
    if "05:00" <= time < "12:00":
        return PERIODS[0]
    return PERIODS[1] if "12:00" <= time < "19:00" else PERIODS[2]


def _season(month: str) -> str:
    if month in {"03", "07", "09", "12"}:
        return SEASONS[2]
    return SEASONS[0] if month in {"01", "02"} else SEASONS[1]
