"""What figures are drawn from: curves, intervals and importances, computed on counts."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import log_loss, precision_recall_curve, roc_auc_score, roc_curve

from training.flights.counts import weigh
from training.flights.features import FEATURES

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


def smoothed_rates(train: pd.DataFrame, cells: pd.DataFrame) -> Floats:
    """Return the delay rate of each cell in training, drawn to the average by `PRIOR` flights."""
    average = train["delayed"].sum() / train["flights"].sum()
    known = cells[FEATURES].merge(train, on=FEATURES, how="left")[["flights", "delayed"]].fillna(0)
    smoothed = (known["delayed"] + PRIOR * average) / (known["flights"] + PRIOR)
    return smoothed.to_numpy(np.float64)


def roc(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return false alarms among punctual flights and recall of delays, at every threshold."""
    _, label, weight = weigh(cells)
    false_alarms, recall, _ = roc_curve(label, np.tile(score, 2), sample_weight=weight)
    return false_alarms, recall


def precision_recall(cells: pd.DataFrame, score: Floats) -> tuple[Floats, Floats]:
    """Return recall and precision, recall rising, from the highest score to the lowest."""
    _, label, weight = weigh(cells)
    precision, recall, _ = precision_recall_curve(label, np.tile(score, 2), sample_weight=weight)
    return recall[-2::-1], precision[-2::-1]  # the last pair is scikit-learn's own (0, 1)


def recalls(cells: pd.DataFrame, score: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return the recall of delayed and of punctual flights, warned where score > threshold."""
    late = score > thresholds[:, None]
    delayed = cells["delayed"].to_numpy(np.float64)
    punctual = cells["flights"].to_numpy(np.float64) - delayed
    return late @ delayed / delayed.sum(), ~late @ punctual / punctual.sum()


def calibration(cells: pd.DataFrame, probability: Floats) -> pd.DataFrame:
    """Return mean `probability`, `flights` and `delayed` of ten bins of equal mass.

    They are the bins of `metrics.expected_calibration_error`: a cell across an edge is divided.
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


def auc(cells: pd.DataFrame, score: Floats) -> float:
    """Return the area under the ROC curve."""
    _, label, weight = weigh(cells)
    return float(roc_auc_score(label, np.tile(score, 2), sample_weight=weight))


def auc_gain(cells: pd.DataFrame, score: Floats, other: Floats) -> tuple[float, float]:
    """Return by how much the AUC of `score` exceeds that of `other`, and its standard error.

    The error is DeLong's, for two scores of the same flights: nothing is drawn at random.
    """
    delayed = cells["delayed"].to_numpy(np.float64)
    punctual = cells["flights"].to_numpy(np.float64) - delayed
    mine, others = _wins(score), _wins(other)
    gain_of_delayed = (mine - others) @ punctual / punctual.sum()
    gain_of_punctual = delayed @ (mine - others) / delayed.sum()
    gain = float(gain_of_delayed @ delayed / delayed.sum())
    variance = sum(
        weight @ (values - gain) ** 2 / (weight.sum() - 1) / weight.sum()
        for values, weight in ((gain_of_delayed, delayed), (gain_of_punctual, punctual))
    )
    return gain, float(np.sqrt(variance))


def importance(
    cells: pd.DataFrame, probability: Callable[[pd.DataFrame], Floats]
) -> dict[str, tuple[float, float]]:
    """Return for each feature what forgetting it costs: a fall of AUC and a rise of log loss.

    Each flight is given every value that the feature takes among the flights, in proportion:
    permutation importance without its chance.
    """
    before = _quality(cells, probability(cells))
    costs = {}
    for name in FEATURES:
        values = cells.groupby(name, as_index=False)["flights"].sum()
        mixed = cells.drop(columns=name).merge(values, how="cross", suffixes=("", "_of_value"))
        times = mixed["flights_of_value"]
        mixed = mixed.assign(flights=mixed["flights"] * times, delayed=mixed["delayed"] * times)
        after = _quality(mixed, probability(mixed))
        costs[name] = (before[0] - after[0], after[1] - before[1])
    return costs


def _quality(cells: pd.DataFrame, probability: Floats) -> tuple[float, float]:
    _, label, weight = weigh(cells)
    loss = log_loss(label, np.tile(probability, 2), sample_weight=weight)
    return auc(cells, probability), float(loss)


def _wins(score: Floats) -> Floats:
    """Return 1 where the cell of the row has the higher score, 1/2 where equal, [C, C]."""
    return (np.sign(score[:, None] - score) + 1) / 2
