"""What is wrong with rows of flights: how many of each fault, and three examples."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ibis
from ibis.expr.types import Table, Value

from function.errors import MAX_SHOWN
from training.errors import RECIPES

from . import files
from .columns import Columns
from .rows import EARLIEST, FIRST_WEEK, LATEST, checked_rows, column_of, raw_rows, roles_of
from .sources import Source

EXAMPLES: Final = 3
_TIME: Final = "a local date and time such as 2017-01-31 23:30:00"
_FLAG: Final = "0, 1, true or false"
_SPACE: Final = "a name without white space around it"
MOST: Final = 1 / 5  # of the rows, which --drop-bad leaves out untold
EXPECTED: Final = {
    "airline": "the name of an airline",
    "airline_space": _SPACE,
    "flight_type": "a flight type",
    "flight_type_space": _SPACE,
    "month": "an integer from 1 to 12",
    "other_month": "a month within a day of the scheduled time's date",
    "scheduled": _TIME,
    "actual": _TIME,
    "delay": _FLAG,
    "minutes": _FLAG,
    "far": "an actual time from 12 hours before the scheduled one to 48 hours after it",
    "delay_minutes": "minutes of delay such as 16 or -3.0",
    "far_minutes": f"from {EARLIEST:,} to {LATEST:,} minutes of delay",
    "day": "a share of flights from 0 to 1, beside a scheduled time",
}
# The role of the column that a fault is in, where it bears another name.
ROLES: Final = {
    "airline_space": "airline",
    "flight_type_space": "flight_type",
    "other_month": "month",
    "minutes": "delay",
    "far": "actual",
    "far_minutes": "delay_minutes",
}
# How many digits a clock's time as a number has, such as 5 and 1730.
CLOCK: Final = r"\d{1,4}(\.0*)?"


def refusal(  # noqa: PLR0913  # what is bad, and what may be left out
    source: Source,
    columns: Columns,
    faults: Mapping[str, int],
    rows: int,
    *,
    drop_bad: bool = False,
    drop_many: bool = False,
) -> str | None:
    """Return why a source of so many rows is refused for those with faults, or None.

    With `drop_bad` it is where no row is good, where more than a fifth is bad, unless `drop_many`,
    and where minutes stand for 0 and 1.
    """
    bad = sum(faults.values())
    few = drop_many or bad <= MOST * rows
    if not bad or (drop_bad and few and bad < rows and "minutes" not in faults):
        return None
    advice = "; --drop-bad leaves them out."
    if bad == rows:
        advice = "; no row is good."
    elif "minutes" in faults:
        advice = "."
    elif drop_bad:
        advice = ", more than a fifth; --drop-many leaves them out all the same."
    examples, see = _described(source, columns, faults, delays=True)
    return f"{examples}. {bad:,} of {rows:,} rows are bad{advice}{see}"


def described(
    source: Source, columns: Columns, faults: Mapping[str, int], *, delays: bool = True
) -> str:
    """Describe each fault: what was expected, three examples with their places, and how many."""
    return _described(source, columns, faults, delays=delays)[0]


def _described(
    source: Source, columns: Columns, faults: Mapping[str, int], *, delays: bool
) -> tuple[str, str]:
    """Return the descriptions, and where to read how to mend them."""
    search = _Search(source, columns, delays)
    found = [search.described(fault, number) for fault, number in faults.items()]
    see = f" {RECIPES}" if any(see for _, see in found) else ""
    return "; ".join(description for description, _ in found), see


@dataclass(frozen=True)
class _Search:
    """A source, in which the rows of a fault are looked up."""

    source: Source
    columns: Columns
    delays: bool

    def described(self, fault: str, number: int) -> tuple[str, bool]:
        """Describe one fault, which that number of rows has; the recipes may mend it."""
        name = self._roles.get(ROLES.get(fault, fault), self.columns.scheduled)
        found = [*itertools.islice(self._examples(fault, name), EXAMPLES)]
        examples = ", ".join(
            f"{shown(row['_value'], place, name, _beside(fault, row))}{self._others(row, name)}"
            for row, place in found
        )
        of_all = f" ({number:,} rows)" if number > len(found) else ""
        values = [row["_value"] for row, _ in found]
        return (
            f"expected {EXPECTED[fault]}, got {examples}{of_all}{_advice(fault, values)}",
            fault in {"scheduled", "actual"} and any(values),
        )

    @property
    def _roles(self) -> dict[str, str]:
        return roles_of(self.columns, self.source.table.columns, delays=self.delays)

    def _others(self, row: dict[str, Any], name: str) -> str:
        """Return the other values of a row that is found nowhere but in a result."""
        others = [other for other in self._roles.values() if other != name and other in row]
        values = (f"`{other}` {_text(row[other])}" for other in others)
        return f" ({', '.join(values)})" if others else ""

    def _examples(self, fault: str, name: str) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield the first bad rows and their places."""
        if not self.source.files:
            table, kept = self.source.table, {}
            if self.source.ordered:
                others = {other: column_of(table, other) for other in self._roles.values()}
                kept = {"_row": ibis.row_number(), **others}
            for row in self._first(table, fault, name, **kept):
                yield row, f"row {row['_row'] + 1}, " if kept else ""
        for file in self.source.files:
            rows = self._first(self.source.file(file), fault, name, _row=ibis.row_number())
            places = files.places(file, [row["_row"] for row in rows]) if rows else []
            of_file = "" if len(self.source.files) == 1 else f"{file}, "
            for row, place in zip(rows, places, strict=True):
                yield row, f"{of_file}{place}, "

    def _first(self, table: Table, fault: str, name: str, **kept: Value) -> list[dict[str, Any]]:
        kept["_value"] = column_of(table, name)
        # Python has no times as far as an engine's.
        kept = {
            each: value.cast("string") if value.type().is_timestamp() else value
            for each, value in kept.items()
        }
        rows = checked_rows(raw_rows(table, self.columns, delays=self.delays, **_numbered(kept)))
        bad = rows.filter(rows["fault"] == fault).limit(EXAMPLES)
        kept_rows = bad.select(
            **{each: bad[at] for at, each in zip(_numbered(kept), kept, strict=True)},
            _month=bad["month"],
            _scheduled=bad["scheduled"].cast("string"),
        )
        with self.source.trouble(f"read {self.source.address}"):
            found: list[dict[str, Any]] = self.source.engine.to_pyarrow(kept_rows).to_pylist()
        return found


def shown(value: object, place: str, column: str, beside: str = "") -> str:
    """Return a value as a message shows it, with its place and what it must agree with."""
    return f"{_text(value)}{beside} - at {place}column `{column}`"


def _numbered(kept: Mapping[str, Value]) -> dict[str, Value]:
    """Return columns by names that no other column of `raw_rows` has."""
    return {f"_{i}": value for i, value in enumerate(kept.values())}


def _text(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _beside(fault: str, row: Mapping[str, Any]) -> str:
    """Return what a value was compared with."""
    if fault == "other_month":
        return f" for a flight scheduled in month {row['_month']}"
    return f" for a flight scheduled at {row['_scheduled']}" if fault == "far" else ""


def _advice(fault: str, values: list[object]) -> str:
    if fault == "actual" and None in values:
        return ". A flight without an actual time was cancelled or has not departed"
    early = any(re.match(r"\d{4}-", str(value)) and str(value) < FIRST_WEEK for value in values)
    if fault == "scheduled" and early:
        return f". Weeks are counted from Monday, {FIRST_WEEK[:10]}"
    if fault in {"scheduled", "actual"} and any(re.fullmatch(CLOCK, str(v)) for v in values):
        return ". Make times of numbers such as 1730 and their date first"
    if fault == "minutes":
        return ". Name a column of minutes by --delay-minutes instead of --delay"
    if fault in {"delay_minutes", "delay"} and None in values:
        return ". A flight without a delay was cancelled or has not departed"
    return ""
