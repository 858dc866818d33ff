"""The panels of the report on quality, all measured on the validation flights."""

from typing import Final

import numpy as np

from training.fitting.metrics import calibration

from . import charts
from .curves import Floats, precision_recall, recalls, roc, wilson
from .evaluation import PUBLISHED, THIS, Evaluation
from .flight_panels import Panel, panel, percent, span

THRESHOLDS: Final = np.linspace(0, 0.6, 121)
SHARES: Final = np.linspace(0, 1, 21)  # where a table reads a curve

type Curves = dict[str, tuple[Floats, Floats]]


def quality(e: Evaluation) -> list[Panel]:
    """Return the panels of how good the model is, on the validation flights."""
    return [_roc(e), _precision(e), _calibration(e), _thresholds(e), _importance(e)]


def _roc(e: Evaluation) -> Panel:
    curves = {name: roc(e.cells, score) for name, score in e.scores.items()}
    axes = ("False alarms among punctual flights", "Recall of delayed flights")
    svg = charts.lines("roc", "ROC curves of four scores", curves, axes, ((0, 1), (0, 1)))
    note = (
        "How many delays are caught at what share of false alarms; grey is a coin. The ceiling is "
        "each cell's delay rate among these very flights, which nobody could know before."
    )
    return panel("Delays caught, false alarms", note, svg, *_read(curves, "False alarms"))


def _precision(e: Evaluation) -> Panel:
    curves = {name: precision_recall(e.cells, score) for name, score in e.scores.items()}
    axes, rate = ("Recall of delayed flights", "Warnings that come true"), e.delay_rate
    svg = charts.lines("pr", "Precision-recall of four scores", curves, axes, ((0, 1), (rate,) * 2))
    note = f"Grey is the delay rate of these flights, {percent(rate)}: warnings without knowledge."
    return panel("Warnings that come true", note, svg, *_read(curves, "Recall"))


def _calibration(e: Evaluation) -> Panel:
    bins = {name: calibration(e.cells, e.scores[name]) for name in (THIS, PUBLISHED)}
    svg = charts.calibration("calibration", "Delay rate over predicted probability", bins)
    rows = []
    for name, table in bins.items():
        low, high = wilson(table["delayed"], table["flights"])
        for p, n, d, *bounds in zip(*table.to_numpy().T, low, high, strict=True):
            rows.append([name, percent(p), f"{n:,.1f}", percent(d / n), span(*bounds)])
    note = (
        "Ten bins with equally many flights each. On the grey line predictions come true: of "
        "flights predicted at 30%, 30% are late."
    )
    head = ["Model", "Predicted", "Flights", "Delayed", "95% interval"]
    return panel("Predicted and observed", note, svg, head, rows)


def _thresholds(e: Evaluation) -> Panel:
    curves = {name: recalls(e.cells, e.scores[name], THRESHOLDS) for name in (THIS, PUBLISHED)}
    shown = {name.lower(): curve for name, curve in curves.items()}
    label = "Recall of delayed and of punctual flights over the threshold"
    svg = charts.thresholds("threshold", label, THRESHOLDS, shown, e.model.delay_rate)
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
    return panel("The threshold", note, svg, head, rows)


def _importance(e: Evaluation) -> Panel:
    falls = {name: [fall for fall, _ in costs.values()] for name, costs in e.costs.items()}
    svg = charts.importance("importance", "Fall of ROC AUC when a feature is forgotten", falls)
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
    return panel("What the model leans on", note, svg, head, rows)


def _read(curves: Curves, axis: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of curves that share their first axis, read at `SHARES`."""
    read = [np.interp(SHARES, x, y) for x, y in curves.values()]
    rows = [[percent(share), *map(percent, ys)] for share, *ys in zip(SHARES, *read, strict=True)]
    return [axis, *curves], rows
