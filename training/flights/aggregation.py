"""Counting flights where they lie: one expression for every engine."""

from collections.abc import Hashable
from typing import Final, NamedTuple

import ibis
import pandas as pd
from ibis.expr.types import BooleanValue, IntegerColumn, StringColumn, Table, Value

from training.errors import DataError

from .counts import DELAY_MINUTES, EXPECTED, Counts, check_splits
from .features import FEATURES
from .sources import Columns, Source, open_source, read_files
from .split import draw

MAX_CELLS: Final = 100_000
EXAMPLES: Final = 3
# What every engine reads as the same time.
TIME: Final = r"^\d{4}-\d\d-\d\d[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"


class Counted(NamedTuple):
    """The counts of a source, and how many of its rows they leave out."""

    counts: Counts
    left_out: int


def count(address: str, columns: Columns | None = None, *, drop_bad: bool = False) -> Counted:
    """Count the flights of a source and draw their split; raise `DataError` at bad rows.

    With `drop_bad` rows that hold nulls, unreadable times or impossible values are left out.
    """
    source, columns = open_source(address), columns or Columns()
    cells = _execute(source, columns)
    good, bad = cells[cells["fault"].isna()], cells[cells["fault"].notna()]
    left_out, total = int(bad["flights"].sum()), int(cells["flights"].sum())
    if left_out and not drop_bad:
        examples = "; ".join(_examples(source, columns))
        raise DataError(
            f"Cannot train on {address}: {examples}. {left_out:,} of {total:,} rows are bad; "
            "--drop-bad leaves them out."
        )
    if good.empty:
        raise DataError(f"Cannot train on {address}: it holds no flights.")
    drawn = draw(good[[*FEATURES, "flights", "delayed"]].astype({"MES": "int64"}))
    counts = Counts.from_table(drawn)
    check_splits(counts, address)
    return Counted(counts, left_out)


def cells_of(table: Table, columns: Columns) -> Table:
    """Return flights and delayed flights of each cell, and the bad rows by their first fault."""
    rows = _rows(table, columns)
    # Raw values first, so that an engine looks at each kind of flight once, not at each flight.
    kinds = rows.group_by([*FEATURES, "fault"]).agg(
        flights=rows.count(), delayed=rows["late"].ifelse(1, 0).sum()
    )
    kinds = kinds.mutate(fault=_fault(kinds))
    good = kinds["fault"].isnull()
    cells = kinds.select(
        OPERA=good.ifelse(kinds["OPERA"], ibis.null("string")),
        TIPOVUELO=good.ifelse(kinds["TIPOVUELO"], ibis.null("string")),
        MES=good.ifelse(_month(kinds["MES"]), ibis.null("int64")),
        fault=kinds["fault"],
        flights=kinds["flights"],
        delayed=kinds["delayed"],
    )
    return cells.group_by([*FEATURES, "fault"]).agg(
        flights=cells["flights"].sum(), delayed=cells["delayed"].sum()
    )


def good_rows(table: Table, columns: Columns, **kept: Value) -> Table:
    """Return each flight that is counted: its raw features, whether it is `late`, and `kept`."""
    rows = _rows(table, columns, **kept)
    return rows.filter(_fault(rows).isnull())


def _rows(table: Table, columns: Columns, **kept: Value) -> Table:
    """Return each flight: its raw features, whether it is late, and the fault of its times."""
    if columns.delay is not None:
        late = _flag(table[columns.delay])
        faults = [(late.isnull(), "delay")]
    else:
        scheduled, actual = _time(table[columns.scheduled]), _time(table[columns.actual])
        late = actual.delta(scheduled, unit="microsecond") > DELAY_MINUTES * 60 * 10**6
        faults = [(scheduled.isnull(), "scheduled"), (actual.isnull(), "actual")]
    return table.select(
        OPERA=table[columns.airline].cast("string"),
        TIPOVUELO=table[columns.kind].cast("string"),
        MES=table[columns.month],
        fault=ibis.cases(*faults, else_=ibis.null("string")),
        late=late,
        **kept,
    )


def _fault(rows: Table) -> StringColumn:
    """Return the name of the first column of `Columns` that is wrong, or null."""
    return ibis.cases(
        (rows["OPERA"].isnull() | (rows["OPERA"].strip() == ""), "airline"),
        (rows["TIPOVUELO"].isnull() | rows["TIPOVUELO"].notin(["I", "N"]), "kind"),
        (_month(rows["MES"]).isnull(), "month"),
        else_=rows["fault"],
    )


def _month(column: Value) -> IntegerColumn:
    """Return the month, or null where it is none."""
    if column.type().is_string():
        good = column.re_search(r"^0*([1-9]|1[0-2])$")
    else:
        good = column.isin(range(1, 13))
    return good.ifelse(column, ibis.null(column.type())).cast("int64")


def _time(column: Value) -> Value:
    """Return the time, in UTC where it bears a zone, or null where the text is none."""
    if column.type().is_string():
        return column.re_search(TIME).ifelse(column, ibis.null("string")).try_cast("timestamp")
    if column.type().is_timestamp():
        return column if column.type().timezone is None else column.cast("timestamp")
    raise DataError(f"Cannot read `{column.get_name()}`: expected times, got {column.type()}.")


def _flag(column: Value) -> BooleanValue:
    """Return whether the flight is delayed, or null where neither is said."""
    if column.type().is_boolean():
        return column
    text = column.cast("string").lower()
    return ibis.cases(
        (text.isin(["1", "true"]), ibis.literal(value=True)),
        (text.isin(["0", "false"]), ibis.literal(value=False)),
        else_=ibis.null("boolean"),
    )


def _execute(source: Source, columns: Columns) -> pd.DataFrame:
    for name in _named(columns).values():
        source.column(name)
    with source.trouble(f"read {source.address}"):
        limited = cells_of(source.table, columns).limit(MAX_CELLS + 1)
        cells: pd.DataFrame = source.engine.to_pyarrow(limited).to_pandas()
    if len(cells) > MAX_CELLS:
        raise DataError(
            f"Cannot train on {source.address}: expected at most {MAX_CELLS:,} kinds of flights, "
            f"got more. Is the airline's name in the column `{columns.airline}`?"
        )
    return cells


def _named(columns: Columns) -> dict[str, str]:
    """Return the columns of the source that count, by their names in `Columns`."""
    roles = ["airline", "kind", "month"]
    roles += ["scheduled", "actual"] if columns.delay is None else ["delay"]
    return {role: getattr(columns, role) for role in roles}


def _examples(source: Source, columns: Columns) -> list[str]:
    """Describe the first bad rows, with their lines where the source is files."""
    if not source.files:
        return [_described(row, columns) for row in _bad_rows(source, source.table, columns)]
    examples: list[str] = []
    for file in source.files:
        # A CSV begins with its header; its lines are its rows where no text holds a line break.
        word, first = ("row", 1) if file.suffix == ".parquet" else ("line", 2)
        place = word if len(source.files) == 1 else f"{file}, {word}"
        table = read_files(source.engine, (file,))
        bad = _bad_rows(source, table, columns, line=ibis.row_number() + first)
        examples += [_described(row, columns, f"{place} {row['line']}, ") for row in bad]
        if len(examples) >= EXAMPLES:
            break
    return examples[:EXAMPLES]


def _bad_rows(
    source: Source, table: Table, columns: Columns, **kept: Value
) -> list[dict[Hashable, object]]:
    values = {f"value_{role}": table[name] for role, name in _named(columns).items()}
    rows = _rows(table, columns, **values, **kept)
    bad = rows.mutate(fault=_fault(rows)).filter(_fault(rows).notnull()).limit(EXAMPLES)
    with source.trouble(f"read {source.address}"):
        found: list[dict[Hashable, object]] = source.engine.to_pyarrow(bad).to_pylist()
    return found


def _described(row: dict[Hashable, object], columns: Columns, place: str = "") -> str:
    role = str(row["fault"])
    value = row[f"value_{role}"]
    shown = "nothing" if value is None else repr(value)
    return f"expected {EXPECTED[role]}, got {shown} - at {place}column `{getattr(columns, role)}`"
