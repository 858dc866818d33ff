"""Counts from any source: from flights, which are counted, or from a table of counts."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from function.metadata import DAYS
from training.errors import DataError
from training.tables import files
from training.tables.columns import Columns
from training.tables.faults import EXAMPLES, EXPECTED, shown
from training.tables.rows import MONTH, SPACES
from training.tables.sources import Source, open_source

from .aggregation import MAX_CELLS, Counted, count_source
from .counts import CELL, TOTALS, Counts
from .features import DAY, NOT_GIVEN, TIME
from .split import NO_WEEK, SPLITS, split_weeks

MAX_COUNTS: Final = 2 * MAX_CELLS  # of a table of counts
NUMBER: Final = r"^(\d{1,15})(\.0+)?$"
HOUR: Final = r"^(-1|1?\d|2[0-3])(\.0+)?$"
RANGE: Final = r"^(-1|[0-7])(\.0+)?$"
WEEK: Final = r"^(-1|\d{1,6})(\.0+)?$"


def read(address: str | Path) -> Counts:
    """Return the counts of a source; raise `DataError` for what cannot be trained on."""
    return read_source(str(address)).counts


def read_source(
    address: str,
    columns: Columns | None = None,
    *,
    drop_bad: bool = False,
    drop_many: bool = False,
) -> Counted:
    """Return the counts of a source as they stand in it, or count its flights.

    A table of counts has the columns of `Counts`; the other arguments are for flights alone.
    """
    source = open_source(address)
    has = {*source.table.columns}
    if {*TOTALS} <= has and {"split", "week"} & has:
        return Counted(_counts(source))
    return count_source(source, columns or Columns(), drop_bad=drop_bad, drop_many=drop_many)


def _counts(source: Source) -> Counts:
    has = {*source.table.columns}
    groups = [TIME] if has & {*TIME} else []
    groups += [[name] for name in (*DAY, "week", "split") if name in has]
    optional = {*TIME, *DAY, "week", "split"} - {name for group in groups for name in group}
    names = [name for name in (*CELL, *TOTALS) if name not in optional]
    for name in names:
        source.column(name)
    parts = [_Part(source, path, names).checked() for path in source.files or (None,)]
    table = pd.concat(parts, ignore_index=True)
    source.check_rows(len(table))
    if table.empty:
        raise DataError(f"Cannot use {source.address}: it holds no flights.")
    return Counts.from_table(table)


class _Part:
    """The counts of one file, or of a table of another engine, as texts."""

    def __init__(self, source: Source, path: Path | None, names: list[str]) -> None:
        self._source, self._path = source, path
        rows = source.file(path) if path else source.table
        texts = rows.select(**{name: rows[name].cast("string") for name in names})
        with source.trouble(f"read {source.address}"):
            found = source.engine.to_pyarrow(texts.limit(MAX_COUNTS + 1))
        if found.num_rows > MAX_COUNTS:
            raise DataError(
                f"Cannot read {source.address}: expected at most {MAX_COUNTS:,} counts."
            )
        self._table: pd.DataFrame = found.to_pandas().astype(object)

    def checked(self) -> pd.DataFrame:
        """Return the counts with their types; raise `DataError` with the place of a bad value."""
        table = self._table
        for name, role in (("OPERA", "airline"), ("TIPOVUELO", "flight_type")):
            bare = table[name].fillna("").str.strip(SPACES)
            self._check(name, bare == "", EXPECTED[role])
            self._check(name, bare != table[name], EXPECTED[f"{role}_space"])
        checked = table.assign(MES=self._integer("MES", MONTH, EXPECTED["month"]))
        if "week" in table:
            week = self._integer("week", WEEK, "a number of weeks since Monday 1970-01-05, or -1")
            checked = checked.assign(week=week)
        if "split" in table:
            self._check("split", ~table["split"].isin(SPLITS), " or ".join(SPLITS))
        if "week" in table:
            self._check_weeks(checked)
        for name in TOTALS:
            checked[name] = self._integer(name, NUMBER, "a number of flights")
        most = checked["delayed"] <= checked["flights"]
        self._check("delayed", ~most, "at most as many as `flights`")
        checked = self._with_time(checked) if "HORA" in table else checked
        return self._with_day(checked) if "HOY" in table else checked

    def _check_weeks(self, checked: pd.DataFrame) -> None:
        dated = checked["week"] != NO_WEEK
        if "split" in checked:
            other = dated & (checked["split"] != split_weeks(checked["week"]))
            self._check("split", other, "the split of the week, validation for week % 5 = 4")
        else:
            self._check("week", ~dated, "a week, as there is no column `split`")

    def _with_day(self, checked: pd.DataFrame) -> pd.DataFrame:
        day = self._integer("HOY", RANGE, "a range from 0 to 7, or -1 where none is given")
        hour = checked.get("HORA", NOT_GIVEN["HORA"])
        alone = (day != NOT_GIVEN["HOY"]) & (hour == NOT_GIVEN["HORA"])
        self._check("HOY", alone, "-1 where `HORA` is no hour")
        return checked.assign(HOY=day)

    def _with_time(self, checked: pd.DataFrame) -> pd.DataFrame:
        hour = self._integer("HORA", HOUR, "an hour from 0 to 23, or -1 where none is given")
        day = self._table["DIANOM"].fillna(NOT_GIVEN["DIANOM"])
        self._check("DIANOM", ~day.isin(DAYS), f"one of {', '.join(DAYS[1:])}, or nothing")
        unlike = (hour == NOT_GIVEN["HORA"]) != (day == NOT_GIVEN["DIANOM"])
        self._check("DIANOM", unlike, "a weekday where `HORA` is an hour, and none elsewhere")
        return checked.assign(HORA=hour, DIANOM=day)

    def _integer(self, name: str, pattern: str, expected: str) -> "pd.Series[int]":
        digits = self._table[name].str.extract(pattern, expand=True)[0]
        self._check(name, digits.isna(), expected)
        return digits.astype("int64")

    def _check(self, name: str, wrong: "pd.Series[bool]", expected: str) -> None:
        rows = np.flatnonzero(wrong)
        if not len(rows):
            return
        first = rows[:EXAMPLES].tolist()
        places = files.places(self._path, first) if self._path else [""] * len(first)
        of_file = f"{self._path}, " if len(self._source.files) > 1 else ""
        examples = (
            shown(self._table[name].iloc[row], f"{of_file}{place}, " if place else "", name)
            for row, place in zip(first, places, strict=True)
        )
        of_all = f" ({len(rows):,} rows)" if len(rows) > len(first) else ""
        raise DataError(
            f"Cannot use {self._source.address}: expected {expected}, got "
            f"{', '.join(examples)}{of_all}."
        )
