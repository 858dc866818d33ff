"""What each feature is worth to a model, computed on counts."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from training.flights.counts import TOTALS, weighted_rows
from training.flights.features import FEATURES

from .curves import Floats, auc

MOST_CELLS: Final = 10_000
MOST_VALUES: Final = 50

type Probability = Callable[[pd.DataFrame], Floats]


def importance(
    cells: pd.DataFrame, features: Sequence[str], probability: Probability
) -> dict[str, tuple[float, float]]:
    """Return what forgetting each feature costs: a fall of ROC AUC and a rise of log loss.

    Each flight is asked with every value that the feature takes among the flights, in proportion:
    permutation importance without its randomness. Cells and values beyond `MOST_CELLS` and
    `MOST_VALUES` are thinned out, which bounds time and memory.
    """
    cells = thinned(cells, MOST_CELLS)
    before = _quality(cells, probability(cells))
    costs = {}
    for name in features:
        after = _quality(mixed := _mixed(cells, name), probability(mixed))
        costs[name] = (before[0] - after[0], after[1] - before[1])
    return costs


def thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return at most `most` rows that stand for all, at even distances among their flights."""
    if len(rows) <= most:
        return rows
    upper = rows["flights"].cumsum().to_numpy(np.float64)
    at = (np.arange(most) + 0.5) / most * upper[-1]
    drawn: pd.DataFrame = rows.iloc[np.searchsorted(upper, at)].reset_index(drop=True)
    share = upper[-1] / most / drawn["flights"]
    drawn[TOTALS] = drawn[TOTALS].mul(share, axis=0)
    return drawn


def _mixed(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the cells with every value of a feature, weighted as both occur."""
    values = thinned(cells.groupby(name, as_index=False)[TOTALS].sum(), MOST_VALUES)
    values = values[[name, "flights"]].rename(columns={"flights": "times"})
    rest = [feature for feature in FEATURES if feature in cells and feature != name]
    mixed = cells.groupby(rest, as_index=False)[TOTALS].sum().merge(values, how="cross")
    return mixed.assign(**{total: mixed[total] * mixed["times"] for total in TOTALS})


def _quality(cells: pd.DataFrame, probability: Floats) -> tuple[float, float]:
    _, label, weight = weighted_rows(cells)
    loss = log_loss(label, np.tile(probability, 2), sample_weight=weight)
    return auc(cells, probability), float(loss)
