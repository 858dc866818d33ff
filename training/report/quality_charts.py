"""Charts of how good scores are: curves, calibration, thresholds, gains and importance."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from training.release.card import CHALLENGE, MODEL, RATES

from .comparison import Difference
from .curves import Floats, Z
from .panel import TOLD
from .svg import BLUE, GREEN, MUTED, ORANGE, VIOLET, sheet

# Colours tell models from tables, dashes what a score knows.
DASHES: Final = {"day": "-", "timed": "--", "untimed": ":"}
STYLES: Final = {
    **{MODEL[way]: (BLUE, dash) for way, dash in DASHES.items()},
    **{RATES[way]: (ORANGE, dash) for way, dash in DASHES.items()},
    CHALLENGE: (GREEN, "-."),
}
# Marks and colours of scores that stand alone, without tables.
MARKS: Final = {
    **dict(zip(MODEL.values(), [("o", BLUE), ("s", ORANGE), ("D", VIOLET)], strict=True)),
    CHALLENGE: ("^", GREEN),
}
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
        for title, table in bins.items():
            mark, colour = MARKS[title]
            mean, rate = table["probability"], table["rate"]
            spread = np.vstack([rate - table["low"], table["high"] - rate])
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
        for way, (delayed, on_time) in recalls.items():
            title, dash = TOLD[way], DASHES[way]
            plot.plot(at, delayed, dash, color=BLUE, linewidth=1.8, label=f"Delayed, {title}")
            plot.plot(at, on_time, dash, color=ORANGE, linewidth=1.8, label=f"On time, {title}")
        plot.axvline(chosen, color=MUTED, linewidth=0.8, label=f"Warns above {chosen:.1%}")
        plot.set(xlim=(0, at[-1]), ylim=(0, 1.01), xlabel="Threshold on the probability")
        plot.set_ylabel("Recall")
        _percent(plot)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]


def gains(name: str, label: str, differences: Sequence[Difference]) -> str:
    """Draw each gain with its 95 % interval, and no gain as a grey line."""
    with sheet(name, label, 0.9 + 0.5 * len(differences)) as (figure, svg):
        plots = figure.subplots(1, 2, sharey=True)
        found = [each.gain for each in differences]
        _gains(plots[0], "ROC AUC", [(each.roc_auc, each.roc_auc_error) for each in found])
        _gains(plots[1], "log loss", [(each.log_loss, each.log_loss_error) for each in found])
        titles = [f"{each.score}\nover {_lower(each.baseline)}" for each in differences]
        plots[0].set_yticks(range(len(titles)), titles)
        plots[0].set_ylim(len(titles) - 0.5, -0.5)
    return svg[0]


def _gains(plot: Axes, figure: str, found: Sequence[tuple[float, float]]) -> None:
    for place, (gain, error) in enumerate(found):
        plot.errorbar(gain, place, xerr=Z * error, fmt="o", color=BLUE, ms=5, lw=1.6)
    plot.axvline(0, color=MUTED, linewidth=0.8)
    plot.tick_params(left=False)
    plot.grid(visible=False, axis="y")
    plot.set_xlabel(f"Gain of {figure}")
    plot.xaxis.set_major_locator(MaxNLocator(2))


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
