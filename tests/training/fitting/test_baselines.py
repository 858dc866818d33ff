"""Tables of rates are smoothed level by level, and chosen on training flights alone."""

import numpy as np
import pandas as pd
import pytest

from training.fitting.baselines import LEVELS, STRENGTHS, smoothed_rates, table_of_rates
from training.fitting.folds import flights_asked, holdouts, parts_of
from training.flights.counts import Counts
from training.flights.features import FLIGHT

ROWS = [("A", "I", 1, 5, 1), ("A", "N", 2, 4, 2), ("B", "I", 2, 3, 1), ("B", "N", 1, 6, 5)]
CELLS = pd.DataFrame(ROWS, columns=["OPERA", "TIPOVUELO", "MES", "flights", "delayed"])


def test_a_cell_that_training_never_saw_has_the_average_rate() -> None:
    train = CELLS.iloc[:3]  # 4 of 12 delayed
    expected = [(1 + 5 / 3) / 10, (2 + 5 / 3) / 9, (1 + 5 / 3) / 8, 1 / 3]
    (found,) = smoothed_rates(train, CELLS, [[*FLIGHT]], [5])
    assert found == pytest.approx(expected)


def test_each_level_is_drawn_to_the_one_above_by_each_strength() -> None:
    levels = [["OPERA"], ["OPERA", "MES"]]
    found = smoothed_rates(CELLS, CELLS.iloc[[0, 3]], levels, [2, 4])
    for strength, rates in zip([2, 4], found, strict=True):
        airline_a = (3 + strength * 9 / 18) / (9 + strength)
        airline_b = (6 + strength * 9 / 18) / (9 + strength)
        expected = [
            (1 + strength * airline_a) / (5 + strength),
            (5 + strength * airline_b) / (6 + strength),
        ]
        assert rates == pytest.approx(expected)


@pytest.mark.parametrize("way", [*LEVELS])
def test_levels_and_strength_are_the_best_on_parts_of_the_training_flights(
    santiago: Counts, way: str
) -> None:
    train = santiago.part("train")
    losses: dict[tuple[int, int], float] = {}
    for fitted, held_out in holdouts(parts_of(flights_asked(train, way))):
        delayed, on_time = held_out["delayed"], held_out["flights"] - held_out["delayed"]
        for form, levels in enumerate(LEVELS[way]):
            for strength in STRENGTHS:
                (rate,) = smoothed_rates(fitted, held_out, levels, [strength])
                loss = -(delayed @ np.log(rate) + on_time @ np.log(1 - rate))
                losses[form, strength] = losses.get((form, strength), 0) + loss
    form, strength = min(losses, key=lambda key: losses[key])
    cells = flights_asked(santiago.part("validation"), way)
    (expected,) = smoothed_rates(flights_asked(train, way), cells, LEVELS[way][form], [strength])
    # It is a function of the training flights: the cells that it answers have no outcome.
    table = table_of_rates(train, way)
    assert table(cells.drop(columns=["flights", "delayed"])).tolist() == expected.tolist()
