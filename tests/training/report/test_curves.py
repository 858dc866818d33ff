"""Each figure against the plain way to it, flight by flight."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.report.curves import (
    Floats,
    precision_recall,
    recalls,
    roc,
    wilson,
    with_interval,
)

SCORE = np.array([0.1, 0.4, 0.4, 0.7])


@pytest.fixture
def cells() -> pd.DataFrame:
    rows = [("A", "I", 1, 5, 1), ("A", "N", 2, 4, 2), ("B", "I", 2, 3, 1), ("B", "N", 1, 6, 5)]
    return pd.DataFrame(rows, columns=["OPERA", "TIPOVUELO", "MES", "flights", "delayed"])


def by_flight(cells: pd.DataFrame, *scores: Floats) -> list[tuple[float, ...]]:
    return [
        (float(i < delayed), *(float(score[cell]) for score in scores))
        for cell, (flights, delayed) in enumerate(cells[["flights", "delayed"]].to_numpy())
        for i in range(flights)
    ]


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_bounds_are_the_rates_that_the_observed_one_is_just_compatible_with(
    counted: tuple[int, int],
) -> None:
    delayed, flights = counted
    observed = delayed / flights
    for bound in np.concatenate(wilson([delayed], [flights])):
        distance = 1.959964 * math.sqrt(bound * (1 - bound) / flights)
        assert abs(observed - bound) == pytest.approx(distance, abs=1e-6)


def test_an_interval_is_that_of_fewer_flights_where_these_share_their_week() -> None:
    """The variance of a rate is the design effect times that of independent flights."""
    table = with_interval(pd.DataFrame({"flights": [900, 40], "delayed": [200, 39]}), 6.25)
    assert table["rate"].tolist() == [200 / 900, 39 / 40]
    for flights, rate, *bounds in table[["flights", "rate", "low", "high"]].to_numpy().tolist():
        for bound in bounds:
            distance = 1.959964 * math.sqrt(6.25 * bound * (1 - bound) / flights)
            assert abs(rate - bound) == pytest.approx(distance, abs=1e-6)


@given(st.integers(1, 5000))
def test_wilsons_bounds_hold_a_rate_of_0_and_of_1_exactly(flights: int) -> None:
    (low, *_), (*_, high) = wilson([0, flights], [flights, flights])
    assert (low, high) == (0, 1)


def test_curves_are_what_counting_at_each_threshold_gives(cells: pd.DataFrame) -> None:
    flights = by_flight(cells, SCORE)
    expected = []
    for threshold in [0.7, 0.4, 0.1]:
        warned = [late for late, score in flights if score >= threshold]
        expected.append((sum(warned) / 9, (len(warned) - sum(warned)) / 9, np.mean(warned)))
    recall, false_alarms, precision = np.array(expected).T
    assert np.array(roc(cells, SCORE)) == pytest.approx(
        np.array([[0, *false_alarms], [0, *recall]])
    )
    assert np.array(precision_recall(cells, SCORE)) == pytest.approx(np.array([recall, precision]))


def test_recalls_are_counted_above_the_threshold(cells: pd.DataFrame) -> None:
    order = [2, 0, 3, 1]  # the cells are in no order of their scores
    cells, score = cells.iloc[order], SCORE[order]
    delayed, on_time = recalls(cells, score, np.array([0.0, 0.4, 0.7]))
    assert delayed == pytest.approx([1, 5 / 9, 0])
    assert on_time == pytest.approx([0, 8 / 9, 1])
