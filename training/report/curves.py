"""What figures are drawn from: curves, intervals and importances, computed on counts."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import log_loss, precision_recall_curve, roc_auc_score, roc_curve

from training.flights.counts import weighted_rows
from training.flights.features import FLIGHT

type Floats = NDArray[np.float64]

Z: Final = NormalDist().inv_cdf(0.975)  # of intervals that hold the truth 95 times of 100
BINS: Final = 10
PRIOR: Final = 5  # flights of the average rate that smooth the rate of a cell


def wilson(delayed: ArrayLike, flights: ArrayLike) -> tuple[Floats, Floats]:
    """Return the bounds of Wilson's 95 % interval of a rate."""
    d, n = np.asarray(delayed, np.float64), np.asarray(flights, np.float64)
    centre = (d + Z**2 / 2) / (n + Z**2)
    half = Z / (n + Z**2) * np.sqrt(d * (n - d) / n + Z**2 / 4)
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def roc(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return false alarms among punctual flights and recall of delays, at every threshold."""
    _, label, weight = weighted_rows(cells)
    false_alarms, recall, _ = roc_curve(label, np.tile(score, 2), sample_weight=weight)
    return false_alarms, recall


def precision_recall(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision, recall rising, from the highest score to the lowest."""
    _, label, weight = weighted_rows(cells)
    precision, recall, _ = precision_recall_curve(label, np.tile(score, 2), sample_weight=weight)
    return recall[-2::-1], precision[-2::-1]  # the last pair is scikit-learn's own (0, 1)


def recalls(cells: pd.DataFrame, score: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return the recall of delayed and of punctual flights, warned where score > threshold."""
    late = score > thresholds[:, None]
    delayed = cells["delayed"].to_numpy(np.float64)
    punctual = cells["flights"].to_numpy(np.float64) - delayed
    return late @ delayed / delayed.sum(), ~late @ punctual / punctual.sum()


def auc(cells: pd.DataFrame, score: Floats) -> float:
    """Return the area under the ROC curve."""
    _, label, weight = weighted_rows(cells)
    return float(roc_auc_score(label, np.tile(score, 2), sample_weight=weight))


def importance(
    cells: pd.DataFrame, probability: Callable[[pd.DataFrame], Floats]
) -> dict[str, tuple[float, float]]:
    """Return for each feature what forgetting it costs: a fall of AUC and a rise of log loss.

    Each flight is given every value that the feature takes among the flights, in proportion:
    permutation importance without its chance.
    """
    before = _quality(cells, probability(cells))
    costs = {}
    for name in FLIGHT:
        values = cells.groupby(name, as_index=False)["flights"].sum()
        mixed = cells.drop(columns=name).merge(values, how="cross", suffixes=("", "_of_value"))
        times = mixed["flights_of_value"]
        mixed = mixed.assign(flights=mixed["flights"] * times, delayed=mixed["delayed"] * times)
        after = _quality(mixed, probability(mixed))
        costs[name] = (before[0] - after[0], after[1] - before[1])
    return costs


def _quality(cells: pd.DataFrame, probability: Floats) -> tuple[float, float]:
    _, label, weight = weighted_rows(cells)
    loss = log_loss(label, np.tile(probability, 2), sample_weight=weight)
    return auc(cells, probability), float(loss)
