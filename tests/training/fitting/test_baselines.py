"""Tables of rates are smoothed level by level, and the best of them stands beside the model."""

import numpy as np
import pandas as pd
import pytest

from training.fitting.baselines import (
    LEVELS,
    RATES,
    STRENGTHS,
    TIMED_LEVELS,
    TIMED_RATES,
    smoothed_rates,
    tables,
)
from training.flights.counts import Counts

ROWS = [("A", "I", 1, 5, 1), ("A", "N", 2, 4, 2), ("B", "I", 2, 3, 1), ("B", "N", 1, 6, 5)]
CELLS = pd.DataFrame(ROWS, columns=["OPERA", "TIPOVUELO", "MES", "flights", "delayed"])


def test_a_cell_that_training_never_saw_has_the_average_rate() -> None:
    train = CELLS.iloc[:3]  # 4 of 12 delayed
    expected = [(1 + 5 / 3) / 10, (2 + 5 / 3) / 9, (1 + 5 / 3) / 8, 1 / 3]
    assert smoothed_rates(train, CELLS, LEVELS, 5) == pytest.approx(expected)


def test_each_level_is_drawn_to_the_one_above() -> None:
    levels = (["OPERA"], ["OPERA", "MES"])
    found = smoothed_rates(CELLS, CELLS.iloc[[0, 3]], levels, 2)
    airline_a = (3 + 2 * 9 / 18) / (9 + 2)
    airline_b = (6 + 2 * 9 / 18) / (9 + 2)
    assert found == pytest.approx([(1 + 2 * airline_a) / 7, (5 + 2 * airline_b) / 8])


def test_the_strength_is_the_best_on_the_validation_flights(santiago: Counts) -> None:
    train, cells = santiago.part("train"), santiago.part("validation")
    found = tables(santiago)
    assert [*found] == [RATES, TIMED_RATES]
    for name, levels in ((RATES, LEVELS), (TIMED_RATES, TIMED_LEVELS)):
        rates = [smoothed_rates(train, cells, levels, strength) for strength in STRENGTHS]
        delayed, on_time = cells["delayed"], cells["flights"] - cells["delayed"]
        loss = [-(delayed @ np.log(r) + on_time @ np.log(1 - r)) for r in rates]
        assert found[name].tolist() == rates[int(np.argmin(loss))].tolist()


def test_without_times_there_is_one_table(elsewhere: Counts) -> None:
    assert [*tables(elsewhere)] == [RATES]
