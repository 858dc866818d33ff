"""Charts of delay rates: one row or column for each value of a feature."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .curves import Floats
from .panel import DAY_RANGES, TOLD
from .predictions import ways_in
from .svg import BAR, BLUE, GREEN, MUTED, ORANGE, VIOLET, sheet

LINES: Final = {"day": (GREEN, "-"), "timed": (ORANGE, "-"), "untimed": (MUTED, "--")}


def bars(name: str, label: str, table: pd.DataFrame, average: float) -> str:
    """Draw the delay rate of each row with its interval, and its flights; the first on top."""
    height = 0.75 + 0.24 * len(table)
    with sheet(name, label, height) as (figure, svg):
        rates, flights = figure.subplots(1, 2, sharey=True, width_ratios=[2, 1])
        places = range(len(table))
        rates.set_yticks(places, table["value"])
        rate, spread = _rates(table)
        rates.errorbar(rate, places, xerr=spread, fmt="o", color=BLUE, ms=4.5, lw=1.4)
        rates.axvline(average, color=MUTED, linewidth=0.8)
        rates.set_xlim(0)
        rates.set_xlabel("Delay rate")
        rates.xaxis.set_major_formatter(PercentFormatter(1, 0))
        rates.tick_params(left=False)
        rates.grid(visible=False, axis="y")
        rates.set_ylim(len(table) - 0.4, -0.6)
        drawn = flights.barh(places, table["flights"], 0.62, color=BAR)
        flights.bar_label(drawn, fmt="{:,.0f}", padding=3)
        flights.set_xlim(0, 1.45 * table["flights"].max())
        flights.set_xlabel("Flights")
        flights.tick_params(left=False, bottom=False, labelbottom=False)
        flights.grid(visible=False)
    return svg[0]


def columns(name: str, label: str, table: pd.DataFrame, average: float) -> str:
    """Draw the delay rate of each row with its interval, and its flights; the first leftmost."""
    with sheet(name, label, 3.4) as (figure, svg):
        rates, flights = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        _columns(rates, flights, table)
        rates.axhline(average, color=MUTED, linewidth=0.8)
    return svg[0]


def predicted(name: str, label: str, table: pd.DataFrame) -> str:
    """Draw the predicted beside the observed delay rate of each row, and its flights.

    `table` has a column of mean predictions for each way in which flights are asked.
    """
    with sheet(name, label, 3.8) as (figure, svg):
        rates, flights = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        _columns(rates, flights, table, label="Observed")
        for way in ways_in(table):
            colour, dash = LINES[way]
            title = f"Predicted {TOLD[way]}"
            rates.plot(range(len(table)), table[way], dash, color=colour, lw=1.8, label=title)
        rates.set_ylim(0)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def by_hours(name: str, label: str, tables: Mapping[int, pd.DataFrame], average: float) -> str:
    """Draw the delay rate in each range of the day so far, a line for each hours ahead."""
    looks = zip("os^D", (BLUE, ORANGE, GREEN, VIOLET), strict=True)
    with sheet(name, label, 3.8) as (figure, svg):
        plot = figure.subplots()
        for (hours, table), (mark, colour) in zip(tables.items(), looks, strict=False):
            title = f"{hours} hour{'s' if hours > 1 else ''} ahead"
            line = f"{mark}-"
            plot.plot(table["value"], table["rate"], line, color=colour, ms=5, lw=1.6, label=title)
        plot.axhline(average, color=MUTED, linewidth=0.8)
        plot.set_xticks(range(len(DAY_RANGES)), DAY_RANGES)
        plot.set_ylim(0)
        plot.set(xlabel="Late of the last flights", ylabel="Delay rate")
        plot.yaxis.set_major_formatter(PercentFormatter(1, 0))
        plot.grid(visible=False, axis="x")
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def _columns(rates: Axes, flights: Axes, table: pd.DataFrame, label: str | None = None) -> None:
    places = range(len(table))
    rate, spread = _rates(table)
    rates.errorbar(places, rate, yerr=spread, fmt="o", color=BLUE, ms=4.5, lw=1.4, label=label)
    rates.set_ylim(0)
    rates.set_ylabel("Delay rate")
    rates.yaxis.set_major_formatter(PercentFormatter(1, 0))
    rates.grid(visible=False, axis="x")
    rates.tick_params(bottom=False)
    flights.bar(places, table["flights"], 0.62, color=BAR)
    flights.set_xticks(places, table["value"])
    flights.tick_params(bottom=False)
    flights.set_ylabel("Flights")
    flights.yaxis.set_major_locator(MaxNLocator(3))
    flights.yaxis.set_major_formatter("{x:,.0f}")
    flights.grid(visible=False, axis="x")


def _rates(table: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return the delay rates, and the distances to the bounds of their intervals, [2, N]."""
    rate = table["rate"].to_numpy(np.float64)
    return rate, np.vstack([rate - table["low"], table["high"] - rate])
