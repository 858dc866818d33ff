"""The panels of the flights themselves: delay rates by airline, month, type and destination."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from training.flights.counts import TOTALS, Counts
from training.flights.exploration import Exploration

from . import rate_charts
from .curves import with_interval
from .panel import MONTHS, MOST_ROWS, Panel, panel, percent, span

LONGEST: Final = 24  # rows that a chart draws
TALL: Final = ("Airline", "Destination")  # beside two other panels
COLUMNS: Final = ["value", *TOTALS, "rate", "low", "high"]
TYPES: Final = {"I": "International", "N": "National"}

type Draw = Callable[[str, str, pd.DataFrame, float], str]


def rates(counts: Counts, exploration: Exploration | None, design_effect: float) -> list[Panel]:
    """Return the panels of airline, month and flight type, and of the destination if known."""
    table = counts.table
    month = total(table, "MES").assign(value=lambda rows: [MONTHS[i - 1] for i in rows["value"]])
    kind = by_flights(total(table, "TIPOVUELO").replace({"value": TYPES}))
    airline = by_flights(total(table, "OPERA"))
    drawn = [("Airline", airline, rate_charts.bars)]
    if exploration and len(destinations := exploration.destinations()):
        drawn.append(("Destination", destinations, rate_charts.bars))
    drawn += [("Month", month, rate_charts.columns), ("Flight type", kind, rate_charts.bars)]
    return [_panel(title, with_interval(each, design_effect), draw) for title, each, draw in drawn]


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


def _panel(title: str, table: pd.DataFrame, draw: Draw) -> Panel:
    """Return the panel of a table; those of many rows are in the order of their rates."""
    average = table["delayed"].sum() / table["flights"].sum()
    drawn, listed, note = table.head(LONGEST), table.head(MOST_ROWS), _drawn(table)
    if tall := title in TALL:
        drawn, listed = by_rate(drawn), by_rate(listed)
        note = f"From the highest delay rate down. {note}"
    rows = [
        [str(value), f"{flights:,}", f"{late:,}", percent(rate), span(*bounds)]
        for value, flights, late, rate, *bounds in listed[COLUMNS].itertuples(index=False)
    ]
    label = f"{title}: delay rate with its interval, and flights"
    svg = draw(title.split(maxsplit=1)[0].lower(), label, drawn, average)
    head = [title, "Flights", "Delayed", "Rate", "95% interval"]
    return panel(title, note.strip(), svg, head, rows)._replace(tall=tall)
