"""Each figure against the plain way to it, flight by flight."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from training.report.curves import (
    Floats,
    auc,
    importance,
    precision_recall,
    recalls,
    roc,
    wilson,
)

SCORE = np.array([0.1, 0.4, 0.4, 0.7])
OTHER = np.array([0.3, 0.2, 0.6, 0.5])


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
    delayed, punctual = recalls(cells, SCORE, np.array([0.0, 0.4, 0.7]))
    assert delayed == pytest.approx([1, 5 / 9, 0])
    assert punctual == pytest.approx([0, 8 / 9, 1])


def test_the_importance_of_a_feature_is_the_mean_over_all_exchanges(cells: pd.DataFrame) -> None:
    def probability(flights: pd.DataFrame) -> Floats:
        odds = 1 + 3 * (flights["OPERA"] == "B") + 2 * (flights["MES"] == 1)
        return np.asarray(odds / 10, np.float64)

    rows = cells.loc[cells.index.repeat(cells["flights"])].reset_index(drop=True)
    late = np.array([late for (late,) in by_flight(cells)])
    costs = importance(cells, probability)
    assert costs["TIPOVUELO"] == pytest.approx((0, 0))  # which it does not look at
    for name in ["OPERA", "MES"]:
        exchanged = [probability(rows.assign(**{name: value})) for value in rows[name]]
        rise = np.mean([log_loss(late, p) for p in exchanged]) - log_loss(late, probability(rows))
        scores = np.concatenate(exchanged)
        labels = np.tile(late, len(rows)) == 1
        better = np.sign(scores[labels][:, None] - scores[~labels]).mean() / 2 + 0.5
        fall = auc(cells, probability(cells)) - better
        assert costs[name] == pytest.approx((fall, rise))


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_score_ranks_better_than_the_ceiling(scores: list[int]) -> None:
    cells = pd.DataFrame({"flights": [5, 4, 3, 6], "delayed": [1, 2, 1, 5]})
    ceiling = (cells["delayed"] / cells["flights"]).to_numpy(np.float64)
    assert auc(cells, np.array(scores, np.float64)) <= auc(cells, ceiling) + 1e-12
