"""Two scores of the same flights: by how much one is better, and the standard error of that."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from .errors import Floats, by_outcome, mass_below, standard_errors


class Difference(NamedTuple):
    """By how much a figure is better, and the standard error of that."""

    gain: float
    error: float


def gains(cells: pd.DataFrame, probability: Floats, other: Floats) -> dict[str, Difference]:
    """Return by how much `probability` is better than `other`, in ROC AUC and in log loss."""
    errors = standard_errors(cells, probability, other)
    return {
        "roc_auc": Difference(
            roc_auc(cells, probability) - roc_auc(cells, other), errors["roc_auc"]
        ),
        "log_loss": Difference(
            log_loss(cells, other) - log_loss(cells, probability), errors["log_loss"]
        ),
    }


def roc_auc(cells: pd.DataFrame, score: Floats) -> float:
    """Return the area under the ROC curve."""
    delayed, on_time = by_outcome(cells)
    return float(delayed @ mass_below(score, on_time) / delayed.sum() / on_time.sum())


def log_loss(cells: pd.DataFrame, probability: Floats) -> float:
    """Return the mean log loss of a flight."""
    delayed, on_time = by_outcome(cells)
    tiny = np.finfo(np.float64).eps
    p = np.clip(probability, tiny, 1 - tiny)
    return float(-(delayed @ np.log(p) + on_time @ np.log1p(-p)) / (delayed.sum() + on_time.sum()))
