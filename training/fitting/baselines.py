"""Tables of delay rates: what anybody could make without a model."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.flights.counts import Counts
from training.flights.features import FLIGHT

from .metrics import measure

type Floats = NDArray[np.float64]

RATES: Final = "Table of rates"
TIMED_RATES: Final = "Table of rates with times"
LEVELS: Final = ([*FLIGHT],)
TIMED_LEVELS: Final = (["OPERA"], [*FLIGHT], [*FLIGHT, "HORA"], [*FLIGHT, "HORA", "DIANOM"])
STRENGTHS: Final = (2, 5, 10, 20, 50, 100)  # flights


def smoothed_rates(
    train: pd.DataFrame, cells: pd.DataFrame, levels: Sequence[list[str]], strength: float
) -> Floats:
    """Return the delay rate of each cell in training, smoothed level by level.

    The rate of a level is drawn towards that of the level above by `strength` flights, and the
    first level towards the delay rate of all flights.
    """
    rate = np.full(len(cells), train["delayed"].sum() / train["flights"].sum())
    for level in levels:
        sums = train.groupby(level, as_index=False)[["flights", "delayed"]].sum()
        known = cells[level].merge(sums, on=level, how="left")[["flights", "delayed"]].fillna(0)
        flights, delayed = known.to_numpy(np.float64).T
        rate = (delayed + strength * rate) / (flights + strength)
    return rate


def tables(counts: Counts) -> dict[str, Floats]:
    """Return the smoothed rates of the validation cells: without times, and with them if known.

    The strength is the one that suits the validation flights best, so a model's gain over the
    table is not overstated.
    """
    levels = {RATES: LEVELS} | ({TIMED_RATES: TIMED_LEVELS} if counts.timed else {})
    train, cells = counts.part("train"), counts.part("validation")
    found = {}
    for name, of_table in levels.items():
        rates = [smoothed_rates(train, cells, of_table, strength) for strength in STRENGTHS]
        found[name] = min(rates, key=lambda rate: _log_loss(cells, rate))
    return found


def measured_tables(counts: Counts, threshold: float) -> dict[str, dict[str, float]]:
    """Return what `measure` says of each table on the validation flights."""
    cells = counts.part("validation")
    return {
        name: measure(cells, rate, (rate > threshold).astype(np.int64))
        for name, rate in tables(counts).items()
    }


def _log_loss(cells: pd.DataFrame, rate: Floats) -> float:
    delayed, flights = cells["delayed"].to_numpy(), cells["flights"].to_numpy()
    loss = delayed @ np.log(rate) + (flights - delayed) @ np.log1p(-rate)
    return float(-loss)
