"""Whole weeks are split; flights without dates, by a draw that depends on their counts alone."""

import numpy as np
import pandas as pd
import pytest

from training.flights.counts import Counts
from training.flights.features import FEATURES, NOT_GIVEN
from training.flights.split import BLOCK, NO_WEEK, draw, split_weeks


def cells(flights: list[int], delayed: list[int]) -> pd.DataFrame:
    names = [f"airline {i}" for i in range(len(flights))]
    table = pd.DataFrame({"OPERA": names, "TIPOVUELO": "N", "MES": 1})
    return table.assign(**NOT_GIVEN, week=NO_WEEK, flights=flights, delayed=delayed)


def undated(counts: Counts) -> pd.DataFrame:
    cells = counts.table.groupby(FEATURES, as_index=False)[["flights", "delayed"]].sum()
    return cells.assign(week=NO_WEEK)


def test_the_draw_keeps_every_flight_and_the_challenges_sizes(santiago: Counts) -> None:
    whole = undated(santiago)
    drawn = Counts.from_table(draw(whole))
    pd.testing.assert_frame_equal(undated(drawn), whole)
    assert santiago.without_weeks().to_csv() == drawn.to_csv()
    assert drawn.part("train")["flights"].sum() == 45_698
    assert drawn.part("validation")["flights"].sum() == 22_508


def test_the_draw_is_the_same_in_any_order_of_cells(santiago: Counts) -> None:
    whole = undated(santiago)
    shuffled = whole.sample(frac=1, random_state=1)
    assert Counts.from_table(draw(shuffled)).to_csv() == Counts.from_table(draw(whole)).to_csv()


def test_the_draw_is_random_in_each_cell_and_fair_over_many() -> None:
    drawn = Counts.from_table(draw(cells([300] * 1000, [100] * 1000)))
    validation = drawn.part("validation")
    # Hypergeometric: 300 flights, a share of 0.33; about 8.1 flights is the standard deviation.
    assert validation["flights"].mean() == pytest.approx(99, abs=0.01)
    assert 7 < validation["flights"].std() < 9.5
    assert validation["delayed"].mean() == pytest.approx(33, abs=0.6)
    assert 4.2 < validation["delayed"].std() < 5.2


def test_more_flights_than_numpy_draws_at_a_time_are_drawn_in_blocks() -> None:
    table = cells([3 * BLOCK + 1, 7], [BLOCK, 2])
    drawn = draw(table)
    assert drawn.groupby("OPERA")["flights"].sum().to_list() == [3 * BLOCK + 1, 7]
    validation = drawn[drawn["split"] == "validation"]
    assert validation["flights"].sum() == np.ceil((3 * BLOCK + 8) * 0.33)
    assert validation["delayed"].iloc[0] / BLOCK == pytest.approx(0.33, abs=1e-4)


def test_the_last_of_five_folds_of_weeks_validates() -> None:
    weeks = pd.Series([0, 3, 4, 5, 2451, 2454, 2459])
    expected = ["train", "train", "validation", "train", "train", "validation", "validation"]
    assert split_weeks(weeks).tolist() == expected
