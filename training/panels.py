"""The panels of the report: each a chart, a word on it, and the table behind it."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from . import figures
from .counts import Counts
from .curves import Floats, calibration, precision_recall, recalls, roc, wilson
from .evaluation import PUBLISHED, THIS, Evaluation
from .exploration import TOTALS, Exploration

LONGEST: Final = 24  # rows that a chart draws; its table has all
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
TYPES: Final = {"I": "International", "N": "National"}
THRESHOLDS: Final = np.linspace(0, 0.6, 121)
SHARES: Final = np.linspace(0, 1, 21)  # where a table reads a curve

type Draw = Callable[[str, str, pd.DataFrame, float], str]
type Curves = dict[str, tuple[Floats, Floats]]


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


def quality(e: Evaluation) -> list[Panel]:
    """Return the panels of how good the model is, on the validation flights."""
    return [_roc(e), _precision_recall(e), _calibration(e), _thresholds(e), _importance(e)]


def by_feature(counts: Counts) -> list[Panel]:
    """Return the panels of the features that the model knows."""
    table = counts.table
    month = _sum(table, "MES").assign(value=lambda rows: [MONTHS[i - 1] for i in rows["value"]])
    kind = _sum(table, "TIPOVUELO").replace({"value": TYPES})
    airline = by_rate(_sum(table, "OPERA"))
    return [
        _rates("Airline", "From the airline most often late down.", airline, figures.bars),
        _rates("Month", "", month, figures.columns),
        _rates("Type of flight", "", kind, figures.bars),
    ]


def beyond_features(exploration: Exploration) -> list[Panel]:
    """Return the panels of what the model does not know."""
    destinations = exploration.destinations()
    drawn = f"The {min(LONGEST, len(destinations))} most frequent of {len(destinations)}"
    season = (
        "The table's days of the month are not the true ones, so a season is exact only for the "
        "months that lie wholly in it or out of it; the four that a bound cuts stand apart."
    )
    return [
        _rates("Hour of departure", "As scheduled.", exploration.hours(), figures.columns),
        _rates("Day of the week", "", exploration.weekdays(), figures.columns),
        _rates("Destination", f"{drawn}; the table has all.", destinations, figures.bars),
        _rates("Period of the day", "Every minute has one.", exploration.periods(), figures.bars),
        _rates("Season", season, exploration.seasons(), figures.bars),
    ]


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
        [str(value), f"{flights:,}", f"{late:,}", percent(late / flights), _span(*bounds)]
        for value, flights, late, *bounds in zip(
            table["value"], table["flights"], table["delayed"], low, high, strict=True
        )
    ]
    label = f"{title}: delay rate with its interval, and flights"
    svg = draw(title.split(maxsplit=1)[0].lower(), label, table.head(LONGEST), average)
    return _panel(title, note, svg, [title, "Flights", "Delayed", "Rate", "95% interval"], rows)


def _roc(e: Evaluation) -> Panel:
    curves = {name: roc(e.cells, score) for name, score in e.scores.items()}
    axes = ("False alarms among punctual flights", "Recall of delayed flights")
    svg = figures.lines("roc", "ROC curves of four scores", curves, axes, ((0, 1), (0, 1)))
    note = (
        "How many delays are caught at what share of false alarms; grey is a coin. The ceiling is "
        "each cell's delay rate among these very flights, which nobody could know before."
    )
    return _panel("Delays caught, false alarms", note, svg, *_read(curves, "False alarms"))


def _precision_recall(e: Evaluation) -> Panel:
    curves = {name: precision_recall(e.cells, score) for name, score in e.scores.items()}
    axes, rate = ("Recall of delayed flights", "Warnings that come true"), e.delay_rate
    svg = figures.lines(
        "pr", "Precision-recall of four scores", curves, axes, ((0, 1), (rate,) * 2)
    )
    note = f"Grey is the delay rate of these flights, {percent(rate)}: warnings without knowledge."
    return _panel("Warnings that come true", note, svg, *_read(curves, "Recall"))


def _calibration(e: Evaluation) -> Panel:
    bins = {name: calibration(e.cells, e.scores[name]) for name in (THIS, PUBLISHED)}
    svg = figures.calibration("calibration", "Delay rate over predicted probability", bins)
    rows = []
    for name, table in bins.items():
        low, high = wilson(table["delayed"], table["flights"])
        for p, n, d, *bounds in zip(*table.to_numpy().T, low, high, strict=True):
            rows.append([name, percent(p), f"{n:,.1f}", percent(d / n), _span(*bounds)])
    note = (
        "Ten bins with equally many flights each. On the grey line predictions come true: of "
        "flights predicted at 30%, 30% are late."
    )
    head = ["Model", "Predicted", "Flights", "Delayed", "95% interval"]
    return _panel("Predicted and observed", note, svg, head, rows)


def _thresholds(e: Evaluation) -> Panel:
    curves = {name: recalls(e.cells, e.scores[name], THRESHOLDS) for name in (THIS, PUBLISHED)}
    shown = {name.lower(): curve for name, curve in curves.items()}
    label = "Recall of delayed and of punctual flights over the threshold"
    svg = figures.thresholds("threshold", label, THRESHOLDS, shown, e.model.delay_rate)
    head = ["Threshold", *(f"{name}, {kind}" for name in curves for kind in ("delayed", "on time"))]
    rows = [
        [percent(at), *(percent(recall[i]) for curve in curves.values() for recall in curve)]
        for i, at in enumerate(THRESHOLDS)
        if i % 4 == 0
    ]
    note = (
        "A lower threshold catches more delays and warns more punctual flights. The model's own is "
        "the delay rate of training, which weighs both classes alike."
    )
    return _panel("The threshold", note, svg, head, rows)


def _importance(e: Evaluation) -> Panel:
    falls = {name: [fall for fall, _ in costs.values()] for name, costs in e.costs.items()}
    svg = figures.importance("importance", "Fall of ROC AUC when a feature is forgotten", falls)
    rows = [
        [name, feature, f"{fall:.4f}", f"{rise:.4f}"]
        for name, costs in e.costs.items()
        for feature, (fall, rise) in costs.items()
    ]
    note = (
        "Permutation importance: what is lost when a flight's airline, type or month is that of "
        "any flight. All are counted, none is drawn, so there is no chance in it. Mixing makes "
        "flights that do not exist, such as national ones of foreign airlines."
    )
    head = ["Model", "Forgotten", "Fall of ROC AUC", "Rise of log loss"]
    return _panel("What the model leans on", note, svg, head, rows)


def _read(curves: Curves, axis: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of curves that share their first axis, read at `SHARES`."""
    read = [np.interp(SHARES, x, y) for x, y in curves.values()]
    rows = [[percent(share), *map(percent, ys)] for share, *ys in zip(SHARES, *read, strict=True)]
    return [axis, *curves], rows


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f} to {percent(high)}"


def _panel(title: str, note: str, svg: str, head: Iterable[str], rows: list[list[str]]) -> Panel:
    return Panel(title, note, Markup(svg), [*head], rows)  # noqa: S704  # drawn by `figures`
