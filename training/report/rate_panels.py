"""The panels of the flights themselves: delay rates by airline, month, type and destination."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from training.flights.counts import TOTALS, Counts
from training.flights.exploration import Exploration

from . import rate_charts
from .curves import wilson
from .notebook import periods, seasons
from .panel import MONTHS, MOST_ROWS, Panel, panel, percent, span

LONGEST: Final = 24  # rows that a chart draws
TYPES: Final = {"I": "International", "N": "National"}

type Draw = Callable[[str, str, pd.DataFrame, float], str]


def of_features(counts: Counts) -> list[Panel]:
    """Return the panels of airline, month and flight type."""
    table = counts.table
    month = total(table, "MES").assign(value=lambda rows: [MONTHS[i - 1] for i in rows["value"]])
    kind = by_flights(total(table, "TIPOVUELO").replace({"value": TYPES}))
    airline = by_flights(total(table, "OPERA"))
    note = f"From the highest delay rate down. {_drawn(airline)}"
    return [
        _panel("Airline", note, airline, rate_charts.bars, tall=True),
        _panel("Month", "", month, rate_charts.columns),
        _panel("Flight type", _drawn(kind), kind, rate_charts.bars),
    ]


def beyond_features(
    counts: Counts, exploration: Exploration | None, *, challenge: bool
) -> list[Panel]:
    """Return the panels of what is no feature: the destination, and the challenge's own groups."""
    panels = []
    if exploration and len(destinations := exploration.destinations()):
        note = f"From the highest delay rate down. {_drawn(destinations)}"
        panels.append(_panel("Destination", note, destinations, rate_charts.bars, tall=True))
    if challenge and counts.timed:
        note = "The challenge's three periods, with every minute in one of them."
        panels.append(_panel("Period of the day", note, periods(counts), rate_charts.bars))
    if challenge:
        note = (
            "The challenge's seasons begin and end within months. Months that lie in one season "
            "as a whole are exact; the four that a bound cuts stand apart."
        )
        panels.append(_panel("Season", note, seasons(counts), rate_charts.bars))
    return panels


def total(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the flights of each value of a feature."""
    return table.groupby(name)[TOTALS].sum().rename_axis("value").reset_index()


def by_flights(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order of their flights, the most first."""
    return table.sort_values(["flights", "value"], ascending=[False, True], ignore_index=True)


def by_rate(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order of their delay rate, the highest first."""
    rate = table["delayed"] / table["flights"]
    return table.iloc[np.argsort(-rate, kind="stable")].reset_index(drop=True)


def _drawn(table: pd.DataFrame) -> str:
    """Say which rows are shown where not all are."""
    if len(table) <= LONGEST:
        return ""
    shown = "all" if len(table) <= MOST_ROWS else f"{MOST_ROWS}"
    return f"The {LONGEST} with the most flights of {len(table):,}; the table has {shown}."


def _panel(title: str, note: str, table: pd.DataFrame, draw: Draw, *, tall: bool = False) -> Panel:
    """Return the panel of a table; a tall one is drawn in the order of its rates."""
    average = table["delayed"].sum() / table["flights"].sum()
    drawn, listed = table.head(LONGEST), table.head(MOST_ROWS)
    if tall:
        drawn, listed = by_rate(drawn), by_rate(listed)
    low, high = wilson(listed["delayed"], listed["flights"])
    rows = [
        [str(value), f"{flights:,}", f"{late:,}", percent(late / flights), span(*bounds)]
        for value, flights, late, *bounds in zip(
            listed["value"], listed["flights"], listed["delayed"], low, high, strict=True
        )
    ]
    label = f"{title}: delay rate with its interval, and flights"
    svg = draw(title.split(maxsplit=1)[0].lower(), label, drawn, average)
    head = [title, "Flights", "Delayed", "Rate", "95% interval"]
    return panel(title, note.strip(), svg, head, rows)._replace(tall=tall)
