"""The panels of how good the model is, on flights of weeks that were not learned."""

from typing import Final

import numpy as np

from training.fitting.metrics import calibration
from training.release.card import MODEL

from . import quality_charts as charts
from .comparison import costs, differences
from .curves import Floats, Z, precision_recall, recalls, roc, with_interval
from .evaluation import Evaluation
from .panel import TOLD, Panel, panel, percent, span

FEATURES: Final = {
    "OPERA": "Airline",
    "TIPOVUELO": "Flight type",
    "MES": "Month",
    "HORA": "Hour",
    "DIANOM": "Weekday",
    "HOY": "Day so far",
}
CLASSES: Final = ("Delayed", "On time")
CROSSED: Final = (
    "Where one crosses the grey line of no gain, the score is as good as the other, as far as "
    "these flights can tell. A gain of log loss is a lower one."
)
THRESHOLDS: Final = np.linspace(0, 0.6, 121)
SHARES: Final = np.linspace(0, 1, 21)  # where a table reads a curve

type Curves = dict[str, tuple[Floats, Floats]]


def quality(e: Evaluation) -> list[Panel]:
    """Return the panels of how good the model is."""
    return [_gains(e), _roc(e), _precision(e), _calibration(e), _thresholds(e), _importance(e)]


def _gains(e: Evaluation) -> Panel:
    found = differences(e)
    rows = []
    for score, over, g in found:
        auc, loss = (g.roc_auc, g.roc_auc_error), (g.log_loss, g.log_loss_error)
        rows.append([score, over, *_with_interval(*auc), *_with_interval(*loss)])
    svg = charts.gains("gain", "Gains over baselines, with intervals", found)
    head = ["Score", "Over", "ROC AUC", "95% interval", "Log loss", "95% interval"]
    return panel("What is gained", f"{_errors(e)} {CROSSED}", svg, head, rows)


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
    rate = e.metrics.unseen["untimed"]["delay_rate"]
    axes = ("Recall of delayed flights", "Warnings that come true")
    svg = charts.lines("pr", "Precision-recall curves", curves, axes, ((0, 1), (rate, rate)))
    note = f"Grey is the delay rate of these flights, {percent(rate)}: warnings without knowledge."
    return panel("Warnings that come true", note, svg, *_read(curves, "Recall"))


def _calibration(e: Evaluation) -> Panel:
    bins = {
        name: with_interval(calibration(score.cells, score.probability), e.metrics.design_effect)
        for name, score in e.models.items()
    }
    svg = charts.calibration("calibration", "Delay rate over predicted probability", bins)
    rows = [
        [name, percent(p), f"{n:,.1f}", percent(rate), span(low, high)]
        for name, table in bins.items()
        for p, n, _, rate, low, high in table.itertuples(index=False)
    ]
    note = (
        "Ten bins with equally many flights each. On the grey line predictions come true: of "
        "flights predicted at 30%, 30% are late."
    )
    head = ["Model", "Predicted", "Flights", "Delayed", "95% interval"]
    return panel("Predicted and observed", note, svg, head, rows)


def _thresholds(e: Evaluation) -> Panel:
    scores = {way: e.scores[MODEL[way]] for way in e.ways[::-1]}
    curves = {way: recalls(s.cells, s.probability, THRESHOLDS) for way, s in scores.items()}
    label = "Recall of delayed and of on-time flights over the threshold"
    svg = charts.thresholds("threshold", label, THRESHOLDS, curves, e.model.delay_rate)
    head = ["Threshold", *(f"{late}, {TOLD[way]}" for way in curves for late in CLASSES)]
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
        "any flight. Some of these do not exist, such as national flights of foreign airlines. "
        "These are costs of the published model, on the flights that it did not learn from."
    )
    head = ["Model", "Forgotten", "Fall of ROC AUC", "Rise of log loss"]
    return panel("What the model relies on", note, svg, head, rows)


def _errors(e: Evaluation) -> str:
    kind = "over weeks" if e.metrics.by_weeks else "for independent flights"
    return f"Lines are 95% intervals {kind}, on the same flights."


def _with_interval(gain: float, error: float) -> list[str]:
    return [f"{gain:+.4f} ± {error:.4f}", f"{gain - Z * error:+.4f} to {gain + Z * error:+.4f}"]


def _read(curves: Curves, axis: str) -> tuple[list[str], list[list[str]]]:
    """Return the table of curves that share their first axis, read at `SHARES`."""
    read = [np.interp(SHARES, x, y) for x, y in curves.values()]
    rows = [[percent(share), *map(percent, ys)] for share, *ys in zip(SHARES, *read, strict=True)]
    return [axis, *curves], rows
