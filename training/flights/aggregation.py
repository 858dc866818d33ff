"""Counting flights where they lie: one expression for every engine."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from function.metadata import DAYS
from training.errors import DataError

from . import faults
from .columns import CHALLENGE, Columns
from .counts import TOTALS, Counts, check_splits
from .features import FEATURES, MAX_AIRLINES
from .files import format_of
from .rows import RAW, good_rows, judged, raw, roles_in
from .sources import Source, open_source
from .split import MAX_ROWS, SPLITS, draw, split_rows

__all__ = ["MAX_CELLS", "Counted", "cells_of", "count", "good_rows"]

# Far above any airport: 1,000 airlines with a flight type, in twelve months, at half of the hours
# of the week.
MAX_CELLS: Final = 1_000_000
MAX_TYPES: Final = 20


type Split = Literal["rows", "draw"]


class Counted(NamedTuple):
    """The counts of a source, how many of its rows they leave out, and what looks odd in it."""

    counts: Counts
    left_out: int = 0
    notes: tuple[str, ...] = ()


def count(
    address: str,
    columns: Columns | None = None,
    *,
    drop_bad: bool = False,
    split: Split | None = "draw",
) -> Counted:
    """Count the flights of a source and split them; raise `DataError` at bad rows.

    With `drop_bad` rows that hold nulls, unreadable times or impossible values are left out. The
    split is drawn, or the challenge's: by the order of the good `rows` of files. By default it is
    the challenge's for one CSV file with the challenge's columns.
    """
    return count_source(open_source(address), columns or Columns(), drop_bad=drop_bad, split=split)


def count_source(
    source: Source, columns: Columns, *, drop_bad: bool = False, split: Split | None = "draw"
) -> Counted:
    """Count the flights of a source that is open; see `count`."""
    roles = roles_in(source, columns)
    cells = _cells(source, columns)
    source.check_rows(int(cells["flights"].sum()))
    good, left_out = _good(source, columns, cells, drop_bad=drop_bad)
    _check_categories(source, columns, good)
    flights = int(good["flights"].sum())
    if _by_rows(source, columns, flights, split):
        parts = _split_by_rows(source, columns, flights, left_out)
    else:
        parts = draw(good)
    counts = Counts.from_table(parts, _period(good))
    check_splits(counts, source.address)
    notes = [
        *_alike(good["OPERA"].unique(), "airlines"),
        *_alike(good["TIPOVUELO"].unique(), "flight types"),
    ]
    if "scheduled" not in roles and columns.scheduled:
        notes.append(f"No times are learned: there is no column `{columns.scheduled}`.")
    return Counted(counts, left_out, tuple(notes))


def cells_of(table: Table, columns: Columns) -> Table:
    """Return flights and delayed flights of each cell, and the bad rows by their first fault."""
    rows = raw(table, columns)
    groups = judged(
        rows.group_by(RAW).agg(
            flights=rows.count(),
            delayed=rows.count(where=rows["late"]),
            first=rows["scheduled"].min(),
            last=rows["scheduled"].max(),
        )
    )
    good = groups["fault"].isnull()
    cells = groups.mutate(
        **{name: good.ifelse(groups[name], ibis.null(groups[name].type())) for name in FEATURES}
    )
    return cells.group_by([*FEATURES, "fault"]).agg(
        flights=cells["flights"].sum(),
        delayed=cells["delayed"].sum(),
        first_year=cells["first"].min().year(),
        last_year=cells["last"].max().year(),
    )


def _cells(source: Source, columns: Columns) -> pd.DataFrame:
    cells = _fetched(source, cells_of(source.table, columns).limit(MAX_CELLS + 1))
    if len(cells) > MAX_CELLS:
        raise DataError(
            f"Cannot use {source.address}: expected at most {MAX_CELLS:,} combinations of "
            "airline, type, month, hour and weekday, got more. Is the airline's name in the "
            f"column `{columns.airline}`?"
        )
    return cells


def _fetched(source: Source, table: Table) -> pd.DataFrame:
    with source.trouble(f"read {source.address}"):
        frame: pd.DataFrame = source.engine.to_pyarrow(table).to_pandas()
    return frame


def _good(
    source: Source, columns: Columns, cells: pd.DataFrame, *, drop_bad: bool
) -> tuple[pd.DataFrame, int]:
    good, bad = cells[cells["fault"].isna()], cells[cells["fault"].notna()]
    left_out, total = int(bad["flights"].sum()), int(cells["flights"].sum())
    refusal = f"Cannot use {source.address}: "
    if left_out and (not drop_bad or good.empty):
        numbers = {
            str(fault): int(rows) for fault, rows in zip(bad["fault"], bad["flights"], strict=True)
        }
        described = faults.described(source, columns, numbers)
        advice = "--drop-bad leaves them out." if len(good) else "no row is good."
        raise DataError(f"{refusal}{described}. {left_out:,} of {total:,} rows are bad; {advice}")
    if good.empty:
        raise DataError(f"{refusal}it holds no flights.")
    return _named(good), left_out


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    """Return cells with the weekdays' names instead of their numbers."""
    numbers = cells.astype(dict.fromkeys(("MES", "HORA", "DIANOM", *TOTALS), "int64"))
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


def _by_rows(source: Source, columns: Columns, flights: int, split: Split | None) -> bool:
    few = flights <= MAX_ROWS
    if split == "rows" and not (source.files and few):
        raise DataError(
            f"Cannot split {source.address} by its rows: expected files of at most {MAX_ROWS:,} "
            "flights. Use `--split draw`."
        )
    single = len(source.files) == 1 and format_of(source.files[0]) == "csv"
    return split == "rows" or (split is None and single and few and columns == CHALLENGE)


def _split_by_rows(source: Source, columns: Columns, flights: int, left_out: int) -> pd.DataFrame:
    """Count again, with the split that the challenge gives each good row by its place."""
    # Numbered before the join, which forgets the order of rows.
    rows = judged(raw(source.table, columns, row=ibis.row_number()))
    places = np.arange(flights + left_out)
    if left_out:
        bad = _fetched(source, rows.filter(rows["fault"].notnull()).select("row"))
        places = np.delete(places, bad["row"])
    drawn = ibis.memtable(pa.table({"drawn": places[split_rows(flights) == SPLITS[1]]}))
    good = rows.filter(rows["fault"].isnull())
    both = good.left_join(drawn, good["row"] == drawn["drawn"])
    both = both.mutate(split=both["drawn"].isnull().ifelse(*SPLITS))
    counted = both.group_by([*FEATURES, "split"]).agg(
        flights=both.count(), delayed=both.count(where=both["late"])
    )
    return _named(_fetched(source, counted))


def _period(cells: pd.DataFrame) -> str | None:
    first, last = cells["first_year"].min(), cells["last_year"].max()
    if pd.isna(first):
        return None
    return f"{first:.0f}" if first == last else f"{first:.0f}-{last:.0f}"


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
