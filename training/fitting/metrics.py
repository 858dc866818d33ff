"""How good probabilities are, measured on counts."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import (
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    recall_score,
    roc_auc_score,
)

from training.flights.counts import weighted_rows

from .comparison import roc_auc
from .errors import Floats, by_outcome, clusters_of, mean_figures, standard_errors

BINS: Final = 10

# The figures that people are shown, with their titles and formats.
TITLES: Final = {
    "roc_auc": ("ROC AUC (ranking)", ".4f"),
    "f1_delay": ("F1 (delayed flights)", ".4f"),
    "recall_delay": ("Recall (delayed flights)", ".1%"),
    "recall_on_time": ("Specificity (on-time flights)", ".1%"),
    "brier": ("Brier score (lower is better)", ".4f"),
    "log_loss": ("Log loss (lower is better)", ".4f"),
    "ece": ("Expected calibration error", ".4f"),
    "slope": ("Calibration slope (1 is best)", ".2f"),
    "top_tenth_probability": ("Tenth with the highest probability: predicted", ".1%"),
    "top_tenth_rate": ("Tenth with the highest probability: late", ".1%"),
    "mean_probability": ("Mean predicted probability", ".1%"),
    "delay_rate": ("Delay rate", ".1%"),
}


def measure(cells: pd.DataFrame, probability: Floats, delay: NDArray[np.int64]) -> dict[str, float]:
    """Measure the probability and the decision of each cell against its flights.

    With the standard errors of `errors.FIGURES`, such as `roc_auc_error`, and the number of `weeks`
    that they are computed over, 0 where flights are taken for independent. `roc_auc_expected` is
    what the ROC AUC would be if the probabilities were true. Figures are rounded to six digits,
    beyond which the last bit of a sum could show.
    """
    _, label, weight = weighted_rows(cells)
    p, d = np.tile(probability, 2), np.tile(delay, 2)
    rate = float(np.average(label, weights=weight))
    top = calibration(cells, probability).iloc[-1]
    errors, means = standard_errors(cells, probability), mean_figures(cells, probability)
    (tn, fp), (fn, tp) = confusion_matrix(label, d, sample_weight=weight).tolist()
    figures = {
        "flights": weight.sum(),
        "delay_rate": rate,
        "mean_probability": np.average(p, weights=weight),
        "roc_auc": roc_auc_score(label, p, sample_weight=weight),
        "f1_delay": f1_score(label, d, sample_weight=weight),
        "recall_delay": recall_score(label, d, sample_weight=weight),
        "recall_on_time": recall_score(label, d, sample_weight=weight, pos_label=0),
        "brier": brier_score_loss(label, p, sample_weight=weight),
        "log_loss": log_loss(label, p, sample_weight=weight),
        "ece": expected_calibration_error(cells, probability),
        "slope": calibration_slope(cells, probability),
        "top_tenth_probability": top["probability"],
        "top_tenth_rate": top["delayed"] / top["flights"],
        "true_negatives": tn,
        "false_positives": fp,
        "false_negatives": fn,
        "true_positives": tp,
        "roc_auc_expected": roc_auc(_as_predicted(cells, probability), probability),
        "log_loss_excess": means["log_loss_excess"],
        "brier_excess": means["brier_excess"],
        "weeks": clusters_of(cells),
        **{f"{name}_error": error for name, error in errors.items()},
    }
    return {name: round(float(value), 6) for name, value in figures.items()}


def _as_predicted(cells: pd.DataFrame, probability: Floats) -> pd.DataFrame:
    """Return the flights as they would be if the probabilities were true."""
    return cells.assign(delayed=cells["flights"].to_numpy(np.float64) * probability)


def calibration(cells: pd.DataFrame, probability: Floats) -> pd.DataFrame:
    """Return mean `probability`, `flights` and `delayed` of ten bins of equal mass.

    The flights of a cell are alike, so a cell that lies across an edge is divided by it.
    """
    order = np.argsort(probability, kind="stable")
    flights = cells["flights"].to_numpy(np.float64)[order]
    rate = cells["delayed"].to_numpy(np.float64)[order] / flights
    upper = np.cumsum(flights)
    edges = np.linspace(0, upper[-1], BINS + 1)
    overlap = np.minimum(upper, edges[1:, None]) - np.maximum(upper - flights, edges[:-1, None])
    mass = np.clip(overlap, 0, None)
    total = mass.sum(axis=1)
    return pd.DataFrame(
        {
            "probability": mass @ probability[order] / total,
            "flights": total,
            "delayed": mass @ rate,
        }
    )


def expected_calibration_error(cells: pd.DataFrame, probability: Floats) -> float:
    """Return the mean gap of probability and delay rate over the bins of `calibration`."""
    bins = calibration(cells, probability)
    gaps = (bins["probability"] * bins["flights"] - bins["delayed"]).abs()
    return float(gaps.sum() / bins["flights"].sum())


def calibration_slope(cells: pd.DataFrame, probability: Floats) -> float:
    """Return what the log-odds would have to be multiplied by to fit these flights best.

    Below 1, the probabilities are too far apart: the model is overconfident. It is the slope of a
    logistic regression on the log-odds, with an intercept (Cox, 1958), found by Newton's method.
    """
    delayed, on_time = by_outcome(cells)
    flights = delayed + on_time
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    x = np.stack([np.ones_like(p), np.log(p / (1 - p))])
    if np.ptp(x[1]) == 0:
        return 1.0  # one probability for all says nothing of a slope
    coefficients = np.array([0.0, 1.0])
    for _ in range(25):
        fitted = 1 / (1 + np.exp(-(coefficients @ x)))
        curvature = (x * (flights * fitted * (1 - fitted))) @ x.T
        coefficients = coefficients + np.linalg.solve(curvature, x @ (delayed - flights * fitted))
    return float(coefficients[1])
