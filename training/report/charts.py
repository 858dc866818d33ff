"""The charts of the report."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .curves import Floats, wilson
from .svg import BAR, BLUE, GREEN, MUTED, ORANGE, VIOLET, sheet

STYLES: Final = [(BLUE, "-"), (ORANGE, "--"), (GREEN, ":"), (VIOLET, "-.")]

type Points = tuple[Floats, Floats]
type Level = tuple[tuple[float, float], tuple[float, float]]


def bars(name: str, label: str, table: pd.DataFrame, average: float) -> str:
    """Draw the delay rate of each row with its interval, and its flights; the first on top."""
    height = 0.75 + 0.24 * len(table)
    with sheet(name, label, height) as (figure, svg):
        rates, flights = figure.subplots(1, 2, sharey=True, width_ratios=[2, 1])
        places = range(len(table))
        rates.set_yticks(places, table["value"])
        _rates(rates, table, average, horizontal=True)
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
        _rates(rates, table, average, horizontal=False)
        rates.grid(visible=False, axis="x")
        rates.tick_params(bottom=False)
        flights.bar(range(len(table)), table["flights"], 0.62, color=BAR)
        flights.set_xticks(range(len(table)), table["value"])
        flights.tick_params(bottom=False)
        flights.set_ylabel("Flights")
        flights.yaxis.set_major_locator(MaxNLocator(3))
        flights.yaxis.set_major_formatter("{x:,.0f}")
        flights.grid(visible=False, axis="x")
    return svg[0]


def lines(
    name: str, label: str, curves: Mapping[str, Points], axes: tuple[str, str], level: Level
) -> str:
    """Draw curves of two shares, and the grey line `level` of no knowledge at all."""
    with sheet(name, label, 4.2) as (figure, svg):
        plot = figure.subplots()
        plot.plot(*level, color=MUTED, linewidth=0.8)
        for (title, points), (colour, dash) in zip(curves.items(), STYLES, strict=False):
            plot.plot(*points, dash, color=colour, linewidth=1.8, label=title)
        plot.set(xlim=(0, 1), ylim=(0, 1.01), xlabel=axes[0], ylabel=axes[1])
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def calibration(name: str, label: str, bins: Mapping[str, pd.DataFrame]) -> str:
    """Draw the delay rate over the probability of bins, with intervals; exact is the diagonal."""
    with sheet(name, label, 4.2) as (figure, svg):
        plot = figure.subplots()
        for (title, table), (colour, _), mark in zip(bins.items(), STYLES, "os", strict=False):
            rate = table["delayed"] / table["flights"]
            low, high = wilson(table["delayed"], table["flights"])
            spread = np.vstack([rate - low, high - rate])
            plot.errorbar(
                table["probability"],
                rate,
                spread,
                fmt=mark,
                color=colour,
                ms=5,
                lw=1.4,
                label=title,
            )
        end = max(plot.get_xlim()[1], plot.get_ylim()[1])
        plot.plot([0, end], [0, end], color=MUTED, linewidth=0.8)
        plot.set(xlim=(0, end), ylim=(0, end), xlabel="Predicted probability", ylabel="Delay rate")
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def thresholds(
    name: str, label: str, at: Floats, recalls: Mapping[str, Points], chosen: float
) -> str:
    """Draw the recall of delayed and of punctual flights over the threshold of a warning."""
    with sheet(name, label, 4.2) as (figure, svg):
        plot = figure.subplots()
        for (title, (delayed, punctual)), dash in zip(recalls.items(), ["-", "--"], strict=True):
            plot.plot(at, delayed, dash, color=BLUE, linewidth=1.8, label=f"Delayed, {title}")
            plot.plot(at, punctual, dash, color=ORANGE, linewidth=1.8, label=f"On time, {title}")
        plot.axvline(chosen, color=MUTED, linewidth=0.8, label=f"Warns above {chosen:.1%}")
        plot.set(xlim=(0, at[-1]), ylim=(0, 1.01), xlabel="Threshold on the probability")
        plot.set_ylabel("Recall")
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def importance(name: str, label: str, costs: Mapping[str, Sequence[float]]) -> str:
    """Draw the cost of forgetting each feature, one bar a model."""
    titles = list(costs)
    features = ["Airline", "Type", "Month"]
    with sheet(name, label, 2.5) as (figure, svg):
        plot = figure.subplots()
        for i, title in enumerate(titles):
            places = [place + 0.34 * i for place in range(len(features))]
            plot.barh(places, costs[title], 0.3, color=STYLES[i][0], label=title)
        plot.set_yticks([place + 0.17 for place in range(len(features))], features)
        plot.invert_yaxis()
        plot.tick_params(left=False)
        plot.grid(visible=False, axis="y")
        plot.set_xlabel("Fall of ROC AUC when the feature is forgotten")
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def _rates(axes: Axes, table: pd.DataFrame, average: float, *, horizontal: bool) -> None:
    rate = table["delayed"] / table["flights"]
    low, high = wilson(table["delayed"], table["flights"])
    spread, places = np.vstack([rate - low, high - rate]), range(len(table))
    if horizontal:
        axes.errorbar(rate, places, xerr=spread, fmt="o", color=BLUE, ms=4.5, lw=1.4)
        axes.axvline(average, color=MUTED, linewidth=0.8)
        axes.set_xlim(0)
        axes.set_xlabel("Delay rate")
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
    else:
        axes.errorbar(places, rate, yerr=spread, fmt="o", color=BLUE, ms=4.5, lw=1.4)
        axes.axhline(average, color=MUTED, linewidth=0.8)
        axes.set_ylim(0)
        axes.set_ylabel("Delay rate")
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0))


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, 0))
