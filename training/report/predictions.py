"""Mean predictions beside the delay rates of the same flights."""

from collections.abc import Sequence

import pandas as pd

from training.fitting.folds import WAYS

from .curves import with_interval
from .evaluation import Evaluation


def ways_in(table: pd.DataFrame) -> list[str]:
    """Return the ways that a table has predictions of, the one that tells the most first."""
    return [way for way in WAYS[::-1] if way in table]


def predicted_by(e: Evaluation, cells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return the flights of each value of `by`, their delay rate and their mean predictions.

    `cells` are some of `Evaluation.predicted`. The rate has its 95 % interval, `low` to `high`.
    """
    ways = ways_in(cells)
    expected = {way: cells[way] * cells["flights"] for way in ways}
    sums = cells.assign(**expected).groupby(list(by), as_index=False)
    table = sums[["flights", "delayed", *ways]].sum()
    table = table.assign(**{way: table[way] / table["flights"] for way in ways})
    return with_interval(table, e.metrics.design_effect)
