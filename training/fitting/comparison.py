"""Two scores of the same flights: by how much one is better, and the standard error of that."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


def auc_gain(cells: pd.DataFrame, score: Floats, other: Floats) -> tuple[float, float]:
    """Return by how much the ROC AUC of `score` exceeds that of `other`, and its standard error.

    The error is DeLong's for two scores of the same flights (DeLong, DeLong and Clarke-Pearson,
    1988), computed by ranks (Sun and Xu, 2014).
    """
    delayed, on_time = _by_outcome(cells)
    gain_of_delayed = _share_below(score, on_time) - _share_below(other, on_time)
    gain_of_on_time = _share_below(other, delayed) - _share_below(score, delayed)
    gain = float(gain_of_delayed @ delayed / delayed.sum())
    variance = sum(
        weight @ (values - gain) ** 2 / max(weight.sum() - 1, 1) / weight.sum()
        for values, weight in ((gain_of_delayed, delayed), (gain_of_on_time, on_time))
    )
    return gain, float(np.sqrt(variance))


def log_loss_gain(cells: pd.DataFrame, probability: Floats, other: Floats) -> tuple[float, float]:
    """Return by how much the log loss of `probability` is below that of `other`, and its error."""
    delayed, on_time = _by_outcome(cells)
    tiny = np.finfo(np.float64).eps
    (p, q) = (np.clip(each, tiny, 1 - tiny) for each in (probability, other))
    gains = np.concatenate([np.log(p / q), np.log((1 - p) / (1 - q))])
    weight = np.concatenate([delayed, on_time])
    gain = float(gains @ weight / weight.sum())
    variance = weight @ (gains - gain) ** 2 / max(weight.sum() - 1, 1)
    return gain, float(np.sqrt(variance / weight.sum()))


def _by_outcome(cells: pd.DataFrame) -> tuple[Floats, Floats]:
    delayed = cells["delayed"].to_numpy(np.float64)
    return delayed, cells["flights"].to_numpy(np.float64) - delayed


def _share_below(score: Floats, weight: Floats) -> Floats:
    """Return the share of weight with a lower score than each, half of that with an equal one."""
    _, rank = np.unique(score, return_inverse=True)
    mass = np.bincount(rank, weight)
    below = np.cumsum(mass) - mass / 2
    return np.asarray(below[rank] / weight.sum(), np.float64)
