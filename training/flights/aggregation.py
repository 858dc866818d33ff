"""Counting flights where they lie: one expression for every engine."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis.expr.types import Table

from function.metadata import DAYS
from training.errors import DataError
from training.tables import faults
from training.tables.columns import Columns
from training.tables.rows import RAW_COLUMNS, checked_rows, raw_rows, roles_in
from training.tables.sources import Source, open_source

from .counts import TOTALS, Counts
from .features import FEATURES, MAX_AIRLINES
from .look_back import with_day
from .oddities import oddities
from .split import NO_WEEK, draw, split_weeks

# Far above any airport's year: 500 airlines with 10,000 flights each, no two alike.
MAX_CELLS: Final = 5_000_000
FIRST_WEEK: Final = 102_738  # weeks from `rows.FIRST_MINUTE` to Monday, 5 January 1970
MAX_TYPES: Final = 20


class Counted(NamedTuple):
    """The counts of a source, how many of its rows they leave out, and what looks odd in it."""

    counts: Counts
    left_out: int = 0
    notes: tuple[str, ...] = ()
    dates: tuple[date, date] | None = None  # the first and the last, where the flights have dates


def count(
    address: str,
    columns: Columns | None = None,
    *,
    drop_bad: bool = False,
    drop_many: bool = False,
) -> Counted:
    """Count the flights of a source and split them; raise `DataError` at bad rows.

    With `drop_bad` rows that hold nulls, unreadable times or impossible values are left out, more
    than a fifth of all rows only with `drop_many`.
    """
    return count_source(
        open_source(address), columns or Columns(), drop_bad=drop_bad, drop_many=drop_many
    )


def count_source(
    source: Source, columns: Columns, *, drop_bad: bool = False, drop_many: bool = False
) -> Counted:
    """Count the flights of a source that is open; see `count`."""
    roles = roles_in(source, columns)
    cells = fetch_cells(source, columns, counted_cells(source.table, columns))
    source.check_rows(int(cells["flights"].sum()))
    good, left_out = _good(source, columns, cells, drop_bad=drop_bad, drop_many=drop_many)
    _check_categories(source, columns, good)
    dates = _dates(good)
    counts = Counts.from_table(_split(good), _period(dates))
    notes = [
        *_alike(good["OPERA"].unique(), "airlines"),
        *_alike(good["TIPOVUELO"].unique(), "flight types"),
    ]
    if "scheduled" not in roles and columns.scheduled:
        notes.append(f"No times are learned: there is no column `{columns.scheduled}`.")
    notes += oddities(source, good)
    return Counted(counts, left_out, tuple(notes), dates)


def counted_cells(table: Table, columns: Columns) -> Table:
    """Return flights and delayed flights of each cell and week, and the bad rows by their fault."""
    rows = checked_rows(with_day(groups_of(table, columns)))
    good = rows["fault"].isnull()
    week = (rows["minute"] // (7 * 24 * 60) - FIRST_WEEK).fill_null(NO_WEEK)
    cells = rows.mutate(week=week)
    cells = cells.mutate(
        **{
            name: good.ifelse(cells[name], ibis.null(cells[name].type()))
            for name in (*FEATURES, "week")
        }
    )
    return cells.group_by([*FEATURES, "week", "fault"]).agg(
        flights=cells["flights"].sum(),
        delayed=cells["delayed"].sum(),
        first=cells["scheduled"].min().date(),
        last=cells["scheduled"].max().date(),
    )


def groups_of(table: Table, columns: Columns, *, delays: bool = True) -> Table:
    """Return the different `raw_rows`, with the numbers of their flights and delayed flights."""
    rows = raw_rows(table, columns, delays=delays)
    return rows.group_by(RAW_COLUMNS).agg(
        flights=rows.count(),
        delayed=rows.count(where=rows["late"]),
        scheduled=rows["scheduled"].min(),
    )


def fetch_cells(source: Source, columns: Columns, cells: Table) -> pd.DataFrame:
    """Return a table of cells from the source's engine; raise `DataError` for too many."""
    with source.trouble(f"read {source.address}"):
        found = source.engine.to_pyarrow(cells.limit(MAX_CELLS + 1))
    if found.num_rows > MAX_CELLS:
        raise DataError(
            f"Cannot use {source.address}: expected at most {MAX_CELLS:,} combinations of "
            "airline, type, month, hour, weekday, day so far and week, got more. Is the airline's "
            f"name in the column `{columns.airline}`?"
        )
    frame: pd.DataFrame = found.to_pandas()
    return frame


def _good(
    source: Source, columns: Columns, cells: pd.DataFrame, *, drop_bad: bool, drop_many: bool
) -> tuple[pd.DataFrame, int]:
    good, bad = cells[cells["fault"].isna()], cells[cells["fault"].notna()]
    left_out, total = int(bad["flights"].sum()), int(cells["flights"].sum())
    numbers = {
        str(fault): int(rows) for fault, rows in bad.groupby("fault")["flights"].sum().items()
    }
    refusal = faults.refusal(
        source, columns, numbers, total, drop_bad=drop_bad, drop_many=drop_many
    )
    if refusal:
        raise DataError(f"Cannot use {source.address}: {refusal}")
    if good.empty:
        raise DataError(f"Cannot use {source.address}: it holds no flights.")
    return _named(good), left_out


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    """Return cells with the weekdays' names instead of their numbers."""
    numbers = cells.astype(
        dict.fromkeys(("MES", "HORA", "DIANOM", "HOY", "week", *TOTALS), "int64")
    )
    return numbers.assign(DIANOM=np.array(DAYS)[numbers["DIANOM"]])


def _check_categories(source: Source, columns: Columns, cells: pd.DataFrame) -> None:
    bounds = {"OPERA": ("airlines", MAX_AIRLINES), "TIPOVUELO": ("flight types", MAX_TYPES)}
    names = {"OPERA": columns.airline, "TIPOVUELO": columns.flight_type}
    for feature, (word, most) in bounds.items():
        number = cells[feature].nunique()
        if number > most:
            raise DataError(
                f"Cannot use {source.address}: expected at most {most:,} {word}, got "
                f"{number:,}. Are they in the column `{names[feature]}`?"
            )


def _split(cells: pd.DataFrame) -> pd.DataFrame:
    """Return cells with their split: by weeks, and at random where flights have no date."""
    dated = cells["week"] != NO_WEEK
    by_week = cells[dated].assign(split=split_weeks(cells["week"][dated]))
    return pd.concat([by_week, draw(cells[~dated])]) if not dated.all() else by_week


def _dates(cells: pd.DataFrame) -> tuple[date, date] | None:
    first, last = cells["first"].dropna(), cells["last"].dropna()
    return (first.min(), last.max()) if len(first) else None


def _period(dates: tuple[date, date] | None) -> str | None:
    if dates is None:
        return None
    first, last = (day.year for day in dates)
    return f"{first}" if first == last else f"{first}-{last}"


def _alike(names: Iterable[str], what: str) -> Iterator[str]:
    """Report the names that differ only in case, accents or white space."""
    groups: dict[str, set[str]] = defaultdict(set)
    for name in names:
        plain = unicodedata.normalize("NFKD", name)
        letters = (each for each in plain if not unicodedata.combining(each) and not each.isspace())
        groups["".join(letters).casefold()].add(name)
    for group in groups.values():
        if len(group) > 1:
            listed = ", ".join(repr(name) for name in sorted(group))
            yield f"These differ only in case, accents or white space: {listed} ({what})."
