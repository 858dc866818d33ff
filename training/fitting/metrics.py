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

from training.flights.counts import weigh

type Floats = NDArray[np.float64]

ECE_BINS: Final = 10


def measure(cells: pd.DataFrame, probability: Floats, delay: NDArray[np.int64]) -> dict[str, float]:
    """Measure the probability and the decision of each cell against its flights.

    Returned rounded to six digits, beyond which the last bit of a sum could show.
    """
    _, label, weight = weigh(cells)
    p, d = np.tile(probability, 2), np.tile(delay, 2)
    rate = float(np.average(label, weights=weight))
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
        "true_negatives": tn,
        "false_positives": fp,
        "false_negatives": fn,
        "true_positives": tp,
    }
    return {name: round(float(value), 6) for name, value in figures.items()}


def expected_calibration_error(cells: pd.DataFrame, probability: Floats) -> float:
    """Return the mean gap of probability and delay rate over ten bins of equal mass.

    The flights of a cell are alike, so a cell that lies across an edge is divided by it.
    """
    order = np.argsort(probability, kind="stable")
    flights = cells["flights"].to_numpy(np.float64)[order]
    gap = probability[order] - cells["delayed"].to_numpy(np.float64)[order] / flights
    upper = np.cumsum(flights)
    edges = np.linspace(0, upper[-1], ECE_BINS + 1)
    overlap = np.minimum(upper, edges[1:, None]) - np.maximum(upper - flights, edges[:-1, None])
    return float(np.abs(np.clip(overlap, 0, None) @ gap).sum() / upper[-1])
