"""Charts of how good scores are: curves, calibration, thresholds, gains and importance."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from training.fitting.baselines import RATES, TIMED_RATES

from .comparison import Difference
from .curves import Floats, Z, wilson
from .evaluation import CEILING, CHALLENGE, MODEL, TIMED, UNTIMED
from .svg import BLUE, GREEN, MUTED, ORANGE, VIOLET, sheet

# Colours tell models from tables, dashes what a score knows.
STYLES: Final = {
    TIMED: (BLUE, "-"),
    UNTIMED: (BLUE, "--"),
    MODEL: (BLUE, "-"),
    TIMED_RATES: (ORANGE, "-"),
    RATES: (ORANGE, "--"),
    CHALLENGE: (GREEN, "-."),
    CEILING: (VIOLET, ":"),
}
MARKS: Final = {TIMED: "o", UNTIMED: "s", MODEL: "o", CHALLENGE: "^"}
MOST_POINTS: Final = 500  # of a curve

type Points = tuple[Floats, Floats]
type Level = tuple[tuple[float, float], tuple[float, float]]


def lines(
    name: str, label: str, curves: Mapping[str, Points], axes: tuple[str, str], level: Level
) -> str:
    """Draw curves of two shares, and in grey the `level` of a score that knows nothing."""
    with sheet(name, label, 4.4) as (figure, svg):
        plot = figure.subplots()
        plot.plot(*level, color=MUTED, linewidth=0.8)
        for title, points in curves.items():
            colour, dash = STYLES[title]
            plot.plot(*_bounded(points), dash, color=colour, linewidth=1.6, label=title)
        plot.set(xlim=(0, 1), ylim=(0, 1.01), xlabel=axes[0], ylabel=axes[1])
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def calibration(name: str, label: str, bins: Mapping[str, pd.DataFrame]) -> str:
    """Draw the delay rate over the probability of bins, with intervals; exact is the diagonal."""
    with sheet(name, label, 4.2) as (figure, svg):
        plot = figure.subplots()
        for (title, table), colour in zip(bins.items(), (BLUE, ORANGE, GREEN), strict=False):
            rate = table["delayed"] / table["flights"]
            low, high = wilson(table["delayed"], table["flights"])
            spread = np.vstack([rate - low, high - rate])
            mean, mark = table["probability"], MARKS[title]
            plot.errorbar(mean, rate, spread, fmt=mark, color=colour, ms=5, lw=1.4, label=title)
        end = max(plot.get_xlim()[1], plot.get_ylim()[1])
        plot.plot([0, end], [0, end], color=MUTED, linewidth=0.8)
        plot.set(xlim=(0, end), ylim=(0, end), xlabel="Predicted probability", ylabel="Delay rate")
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def thresholds(
    name: str, label: str, at: Floats, recalls: Mapping[str, Points], chosen: float
) -> str:
    """Draw the recall of delayed and of on-time flights over the threshold of a warning."""
    with sheet(name, label, 4.4) as (figure, svg):
        plot = figure.subplots()
        for (title, (delayed, on_time)), dash in zip(recalls.items(), ["-", "--"], strict=False):
            plot.plot(at, delayed, dash, color=BLUE, linewidth=1.8, label=f"Delayed, {title}")
            plot.plot(at, on_time, dash, color=ORANGE, linewidth=1.8, label=f"On time, {title}")
        plot.axvline(chosen, color=MUTED, linewidth=0.8, label=f"Warns above {chosen:.1%}")
        plot.set(xlim=(0, at[-1]), ylim=(0, 1.01), xlabel="Threshold on the probability")
        plot.set_ylabel("Recall")
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def gains(name: str, label: str, differences: Sequence[Difference]) -> str:
    """Draw each gain of ROC AUC with its 95 % interval, and no gain as a grey line."""
    with sheet(name, label, 0.9 + 0.5 * len(differences)) as (figure, svg):
        plot = figure.subplots()
        for place, each in enumerate(differences):
            spread = Z * each.standard_error
            plot.errorbar(each.roc_auc, place, xerr=spread, fmt="o", color=BLUE, ms=5, lw=1.6)
        titles = [f"{each.score}\nover {_lower(each.baseline)}" for each in differences]
        plot.set_yticks(range(len(titles)), titles)
        plot.set_ylim(len(titles) - 0.5, -0.5)
        plot.axvline(0, color=MUTED, linewidth=0.8)
        plot.tick_params(left=False)
        plot.grid(visible=False, axis="y")
        plot.set_xlabel("Gain of ROC AUC")
    return svg[0]


def importance(
    name: str, label: str, features: Sequence[str], falls: Mapping[str, Mapping[str, float]]
) -> str:
    """Draw the cost of forgetting each feature, one bar for each model that knows it."""
    width = 0.8 / len(falls)
    with sheet(name, label, 0.9 + 0.3 * len(features) * len(falls)) as (figure, svg):
        plot = figure.subplots()
        for i, ((title, costs), colour) in enumerate(
            zip(falls.items(), (BLUE, ORANGE, GREEN), strict=False)
        ):
            places = [j + width * i for j, feature in enumerate(features) if feature in costs]
            plot.barh(places, list(costs.values()), 0.9 * width, color=colour, label=title)
        known = [sum(feature in costs for costs in falls.values()) for feature in features]
        plot.set_yticks([j + width * (n - 1) / 2 for j, n in enumerate(known)], features)
        plot.invert_yaxis()
        plot.tick_params(left=False)
        plot.grid(visible=False, axis="y")
        plot.set_xlabel("Fall of ROC AUC when the feature is forgotten")
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def _bounded(points: Points) -> Points:
    """Return at most `MOST_POINTS` points of a curve, its ends among them."""
    x, y = points
    kept = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).astype(np.int64))
    return x[kept], y[kept]


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, 0))
