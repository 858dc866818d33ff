"""The panels of how good the model is, all measured on the validation flights."""

from typing import Final

import numpy as np

from training.fitting.metrics import calibration

from . import quality_charts as charts
from .comparison import costs, differences
from .curves import Floats, Z, precision_recall, recalls, roc, wilson
from .evaluation import Evaluation
from .panel import Panel, panel, percent, span

FEATURES: Final = {
    "OPERA": "Airline",
    "TIPOVUELO": "Flight type",
    "MES": "Month",
    "HORA": "Hour",
    "DIANOM": "Weekday",
}
THRESHOLDS: Final = np.linspace(0, 0.6, 121)
SHARES: Final = np.linspace(0, 1, 21)  # where a table reads a curve

type Curves = dict[str, tuple[Floats, Floats]]


def quality(e: Evaluation) -> list[Panel]:
    """Return the panels of how good the model is, on the validation flights."""
    return [_gains(e), _roc(e), _precision(e), _calibration(e), _thresholds(e), _importance(e)]


def _gains(e: Evaluation) -> Panel:
    found = differences(e)
    rows = [
        [score, over, f"{gain:+.4f}", f"{error:.4f}", _interval(gain, error)]
        for score, over, gain, error in found
    ]
    svg = charts.gains("gain", "Gains of ROC AUC over baselines, with intervals", found)
    note = (
        "Lines are 95% intervals (DeLong, same flights). Where one crosses the grey line of no "
        "gain, the model is as good as the baseline, as far as these flights can tell."
    )
    head = ["Score", "Over", "Gain", "Standard error", "95% interval"]
    return panel("Better than a table?", note, svg, head, rows)


def _roc(e: Evaluation) -> Panel:
    curves = {name: roc(score.cells, score.probability) for name, score in e.scores.items()}
    axes = ("False alarms among on-time flights", "Recall of delayed flights")
    svg = charts.lines("roc", "ROC curves", curves, axes, ((0, 1), (0, 1)))
    note = "How many delays are caught at what share of false alarms. Grey is a coin toss."
    return panel("Delays caught, false alarms", note, svg, *_read(curves, "False alarms"))


def _precision(e: Evaluation) -> Panel:
    curves = {
        name: precision_recall(score.cells, score.probability) for name, score in e.scores.items()
    }
    rate = e.metrics.validation["delay_rate"]
    axes = ("Recall of delayed flights", "Warnings that come true")
    svg = charts.lines("pr", "Precision-recall curves", curves, axes, ((0, 1), (rate, rate)))
    note = f"Grey is the delay rate of these flights, {percent(rate)}: warnings without knowledge."
    return panel("Warnings that come true", note, svg, *_read(curves, "Recall"))


def _calibration(e: Evaluation) -> Panel:
    models = {name: e.scores[name] for name in e.models}
    bins = {name: calibration(score.cells, score.probability) for name, score in models.items()}
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
    scores = {name.removeprefix("This model, ").lower(): e.scores[name] for name in e.own}
    curves = {name: recalls(s.cells, s.probability, THRESHOLDS) for name, s in scores.items()}
    label = "Recall of delayed and of on-time flights over the threshold"
    svg = charts.thresholds("threshold", label, THRESHOLDS, curves, e.model.delay_rate)
    head = ["Threshold", *(f"{late}, {name}" for name in curves for late in ("Delayed", "On time"))]
    rows = [
        [percent(at), *(percent(recall[i]) for curve in curves.values() for recall in curve)]
        for i, at in enumerate(THRESHOLDS)
        if i % 4 == 0
    ]
    note = (
        "A lower threshold catches more delays and warns of more on-time flights. The model's own "
        "is the delay rate of training, which weighs both classes alike."
    )
    return panel("The threshold", note, svg, head, rows)


def _importance(e: Evaluation) -> Panel:
    found = costs(e)
    falls = {
        name: {FEATURES[feature]: fall for feature, (fall, _) in each.items()}
        for name, each in found.items()
    }
    features = [*max(falls.values(), key=len)]
    label = "Fall of ROC AUC when a feature is forgotten"
    svg = charts.importance("importance", label, features, falls)
    rows = [
        [name, FEATURES[feature], f"{fall:.4f}", f"{rise:.4f}"]
        for name, each in found.items()
        for feature, (fall, rise) in each.items()
    ]
    note = (
        "Permutation importance: what is lost when a flight's airline, say, is replaced by that of "
        "any flight. Some of these flights do not exist, such as national ones of foreign airlines."
    )
    head = ["Model", "Forgotten", "Fall of ROC AUC", "Rise of log loss"]
    return panel("What the model relies on", note, svg, head, rows)


def _interval(gain: float, error: float) -> str:
    return f"{gain - Z * error:+.4f} to {gain + Z * error:+.4f}"


def _read(curves: Curves, axis: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of curves that share their first axis, read at `SHARES`."""
    read = [np.interp(SHARES, x, y) for x, y in curves.values()]
    rows = [[percent(share), *map(percent, ys)] for share, *ys in zip(SHARES, *read, strict=True)]
    return [axis, *curves], rows
