"""What is wrong with rows of flights: how many of each fault, and three examples."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import ibis
from ibis.expr.types import Table, Value

from . import files
from .columns import Columns
from .rows import FIRST_WEEK, judged, raw, roles_of
from .sources import Source

EXAMPLES: Final = 3
SHOWN: Final = 60  # characters of a value
_TIME: Final = "a local date and time such as 2017-01-31 23:30:00"
_SPACE: Final = "a name without white space around it"
EXPECTED: Final = {
    "airline": "the name of an airline",
    "airline_space": _SPACE,
    "flight_type": "a flight type",
    "flight_type_space": _SPACE,
    "month": "an integer from 1 to 12",
    "other_month": "a month within a day of the scheduled time's date",
    "scheduled": _TIME,
    "actual": _TIME,
    "delay": "0, 1, true or false",
    "day": "a share of flights from 0 to 1, beside a scheduled time",
}
# The role of the column that a fault is in, where it bears another name.
ROLES: Final = {
    "airline_space": "airline",
    "flight_type_space": "flight_type",
    "other_month": "month",
}


def described(
    source: Source, columns: Columns, faults: Mapping[str, int], *, delays: bool = True
) -> str:
    """Describe each fault: what was expected, three examples with their places, and how many."""
    search = _Search(source, columns, delays)
    return "; ".join(search.described(fault, number) for fault, number in faults.items())


@dataclass(frozen=True)
class _Search:
    """A source, in which the rows of a fault are looked up."""

    source: Source
    columns: Columns
    delays: bool

    def described(self, fault: str, number: int) -> str:
        """Describe one fault, which that number of rows has."""
        roles = roles_of(self.columns, self.source.table.columns, delays=self.delays)
        name = roles.get(ROLES.get(fault, fault), self.columns.scheduled)
        found = [*itertools.islice(self._examples(fault, name), EXAMPLES)]
        examples = ", ".join(
            shown(row["value"], place, name, row["month"] if fault == "other_month" else None)
            for row, place in found
        )
        of_all = f" ({number:,} rows)" if number > len(found) else ""
        advice = _advice(fault, [row["value"] for row, _ in found])
        return f"expected {EXPECTED[fault]}, got {examples}{of_all}{advice}"

    def _examples(self, fault: str, name: str) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield the first bad rows and their places."""
        if not self.source.files:
            for row in self._first(self.source.table, fault, name):
                yield row, ""
        for file in self.source.files:
            rows = self._first(self.source.file(file), fault, name, row=ibis.row_number())
            places = files.places(file, [row["row"] for row in rows]) if rows else []
            of_file = "" if len(self.source.files) == 1 else f"{file}, "
            for row, place in zip(rows, places, strict=True):
                yield row, f"{of_file}{place}, "

    def _first(self, table: Table, fault: str, name: str, **kept: Value) -> list[dict[str, Any]]:
        kept["value"] = table[name]
        rows = judged(raw(table, self.columns, delays=self.delays, **kept))
        bad = rows.filter(rows["fault"] == fault).select(*kept, "month").limit(EXAMPLES)
        with self.source.trouble(f"read {self.source.address}"):
            found: list[dict[str, Any]] = self.source.engine.to_pyarrow(bad).to_pylist()
        return found


def shown(value: object, place: str, column: str, month: int | None = None) -> str:
    """Return a value as a message shows it, with its place; `month` is that of the schedule."""
    text = (
        "nothing" if value is None else str(value) if isinstance(value, datetime) else repr(value)
    )
    if len(text) > SHOWN:
        text = f"{text[:SHOWN]}..."
    scheduled = f" for a flight scheduled in month {month}" if month else ""
    return f"{text}{scheduled} - at {place}column `{column}`"


def _advice(fault: str, values: list[object]) -> str:
    numbers = any(re.fullmatch(r"-?\d+(\.\d+)?", str(value)) for value in values)
    if fault == "actual" and None in values:
        return ". A flight without an actual time was cancelled or has not departed"
    early = any(re.match(r"\d{4}-", str(value)) and str(value) < FIRST_WEEK for value in values)
    if fault == "scheduled" and early:
        return f". Weeks are counted from Monday, {FIRST_WEEK[:10]}"
    if fault in {"scheduled", "actual"} and numbers:
        return ". Make times of numbers such as 1730 and their date first"
    if fault == "delay" and numbers:
        return ". Make minutes of delay 1 where they are more than 15, else 0"
    return ""
