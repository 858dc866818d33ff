"""Curves and intervals, computed on counts."""

from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from training.flights.counts import weighted_rows

type Floats = NDArray[np.float64]

Z: Final = NormalDist().inv_cdf(0.975)  # half the width of a 95 % interval, in standard errors


def wilson(delayed: ArrayLike, flights: ArrayLike) -> tuple[Floats, Floats]:
    """Return the bounds of Wilson's 95 % interval of a rate."""
    d, n = np.asarray(delayed, np.float64), np.asarray(flights, np.float64)
    centre = (d + Z**2 / 2) / (n + Z**2)
    half = Z / (n + Z**2) * np.sqrt(d * (n - d) / n + Z**2 / 4)
    # The rate lies between them, though rounding may miss it where it is 0 or 1.
    rate = np.clip(d / n, 0, 1)
    lower, upper = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.minimum(lower, rate), np.maximum(upper, rate)


def with_interval(table: pd.DataFrame, design_effect: float) -> pd.DataFrame:
    """Return rows of flights with their delay `rate` and its 95 % interval, `low` to `high`.

    Flights that share their week say less than as many independent ones: `flights` of them as much
    as `flights / design_effect`.
    """
    low, high = wilson(table["delayed"] / design_effect, table["flights"] / design_effect)
    return table.assign(rate=table["delayed"] / table["flights"], low=low, high=high)


def roc(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return false alarms among on-time flights and recall of delays, at every threshold."""
    _, label, weight = weighted_rows(cells)
    false_alarms, recall, _ = roc_curve(label, np.tile(score, 2), sample_weight=weight)
    return false_alarms, recall


def precision_recall(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision, recall rising, from the highest score to the lowest."""
    _, label, weight = weighted_rows(cells)
    precision, recall, _ = precision_recall_curve(label, np.tile(score, 2), sample_weight=weight)
    return recall[-2::-1], precision[-2::-1]  # the last pair is scikit-learn's own (0, 1)


def recalls(cells: pd.DataFrame, score: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return the recall of delayed and of on-time flights, warned where score > threshold."""
    order = np.argsort(score)
    quiet = np.searchsorted(score[order], thresholds, side="right")  # cells without a warning
    delayed = cells["delayed"].to_numpy(np.float64)[order]
    on_time = cells["flights"].to_numpy(np.float64)[order] - delayed
    missed, spared = (np.append(0.0, np.cumsum(each))[quiet] for each in (delayed, on_time))
    return 1 - missed / delayed.sum(), spared / on_time.sum()


def auc(cells: pd.DataFrame, score: Floats) -> float:
    """Return the area under the ROC curve."""
    _, label, weight = weighted_rows(cells)
    return float(roc_auc_score(label, np.tile(score, 2), sample_weight=weight))
