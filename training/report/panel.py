"""A panel of the report: a chart, a word on it, and the table behind it."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import Markup

from function.metadata import SHARES

MOST_ROWS: Final = 200  # of a table

MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS: Final = {
    "Lunes": "Mon",
    "Martes": "Tue",
    "Miercoles": "Wed",
    "Jueves": "Thu",
    "Viernes": "Fri",
    "Sabado": "Sat",
    "Domingo": "Sun",
}
TOLD: Final = {
    "untimed": "without times",
    "timed": "with times",
    "day": "with the day so far",
}
_EDGES: Final = [f"{100 * share:.0f}" for share in SHARES]
DAY_RANGES: Final = [  # of the share of the last flights that left late
    f"<{_EDGES[0]}%",
    *(f"{low}-{high}%" for low, high in pairwise(_EDGES)),
    f"{_EDGES[-1]}%+",
]


class Panel(NamedTuple):
    """A chart, what to know of it, and the table behind it."""

    title: str
    note: str
    svg: Markup
    head: list[str]
    rows: list[list[str]]
    tall: bool = False  # beside two others


def panel(title: str, note: str, svg: str, head: Iterable[str], rows: list[list[str]]) -> Panel:
    """Return the panel of a chart that this package drew; the table has `MOST_ROWS` at most."""
    return Panel(title, note, Markup(svg), [*head], rows[:MOST_ROWS])  # noqa: S704  # our own SVG


def percent(share: float) -> str:
    """Return a share as people read it, such as 18.5%."""
    return f"{share:.1%}"


def span(low: float, high: float) -> str:
    """Return an interval as people read it, such as 17.1 to 18.5%."""
    return f"{100 * low:.1f} to {percent(high)}"
