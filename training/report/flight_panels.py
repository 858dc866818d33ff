"""The panels of the report on flights: each a chart, a word on it, and the table behind it."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from training.flights.counts import Counts
from training.flights.exploration import TOTALS, Exploration

from . import charts
from .curves import wilson

LONGEST: Final = 24  # rows that a chart draws; its table has all
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
TYPES: Final = {"I": "International", "N": "National"}

type Draw = Callable[[str, str, pd.DataFrame, float], str]


class Panel(NamedTuple):
    """A chart, what to know of it, and the table behind it."""

    title: str
    note: str
    svg: Markup
    head: list[str]
    rows: list[list[str]]


def percent(share: float) -> str:
    """Return a share as people read it, such as 18.5%."""
    return f"{share:.1%}"


def by_feature(counts: Counts) -> list[Panel]:
    """Return the panels of the features that the model knows."""
    table = counts.table
    month = _sum(table, "MES").assign(value=lambda rows: [MONTHS[i - 1] for i in rows["value"]])
    kind = _sum(table, "TIPOVUELO").replace({"value": TYPES})
    airline = by_rate(_sum(table, "OPERA"))
    return [
        _rates("Airline", "From the airline most often late down.", airline, charts.bars),
        _rates("Month", "", month, charts.columns),
        _rates("Type of flight", "", kind, charts.bars),
    ]


def beyond_features(exploration: Exploration, *, season: bool) -> list[Panel]:
    """Return the panels of what the model does not know, the challenge's `season` among them."""
    destinations = exploration.destinations()
    drawn = f"The {min(LONGEST, len(destinations))} most frequent of {len(destinations)}"
    panels = [
        _rates("Hour of departure", "As scheduled.", exploration.hours(), charts.columns),
        _rates("Day of the week", "", exploration.weekdays(), charts.columns),
        _rates("Destination", f"{drawn}; the table has all.", destinations, charts.bars),
        _rates("Period of the day", "Every minute has one.", exploration.periods(), charts.bars),
    ]
    if season:
        note = (
            "The table's days of the month are not the true ones, so a season is exact only for "
            "the months that lie wholly in it or out of it; the four that a bound cuts stand apart."
        )
        panels.append(_rates("Season", note, exploration.seasons(), charts.bars))
    return panels


def by_rate(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order of their delay rate, the highest first."""
    rate = table["delayed"] / table["flights"]
    return table.iloc[np.argsort(-rate, kind="stable")].reset_index(drop=True)


def _sum(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.groupby(name)[TOTALS].sum().rename_axis("value").reset_index()


def _rates(title: str, note: str, table: pd.DataFrame, draw: Draw) -> Panel:
    average = table["delayed"].sum() / table["flights"].sum()
    low, high = wilson(table["delayed"], table["flights"])
    rows = [
        [str(value), f"{flights:,}", f"{late:,}", percent(late / flights), span(*bounds)]
        for value, flights, late, *bounds in zip(
            table["value"], table["flights"], table["delayed"], low, high, strict=True
        )
    ]
    label = f"{title}: delay rate with its interval, and flights"
    svg = draw(title.split(maxsplit=1)[0].lower(), label, table.head(LONGEST), average)
    return panel(title, note, svg, [title, "Flights", "Delayed", "Rate", "95% interval"], rows)


def span(low: float, high: float) -> str:
    """Return an interval as people read it."""
    return f"{100 * low:.1f} to {percent(high)}"


def panel(title: str, note: str, svg: str, head: Iterable[str], rows: list[list[str]]) -> Panel:
    """Return the panel of a chart that `figures` drew."""
    return Panel(title, note, Markup(svg), [*head], rows)  # noqa: S704  # drawn by `figures`
