"""Metrics on counts are those of the flights they stand for."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, roc_auc_score

from training.fitting.metrics import (
    calibration,
    calibration_slope,
    expected_calibration_error,
    measure,
)
from training.flights.counts import Counts

CELLS = pd.DataFrame({"flights": [50, 20, 30], "delayed": [10, 15, 3]})
PROBABILITY = np.array([0.3, 0.7, 0.1])


def test_counts_are_measured_as_their_flights_are() -> None:
    delay = (PROBABILITY > 0.25).astype(np.int64)
    label = np.repeat([1, 0, 1, 0, 1, 0], [10, 40, 15, 5, 3, 27])
    p, d = (np.repeat(each, CELLS["flights"]) for each in (PROBABILITY, delay))
    figures = measure(CELLS, PROBABILITY, delay)
    assert figures["roc_auc"] == pytest.approx(roc_auc_score(label, p), abs=1e-6)
    assert figures["f1_delay"] == pytest.approx(f1_score(label, d), abs=1e-6)
    assert figures["brier"] == pytest.approx(brier_score_loss(label, p), abs=1e-6)
    matrix = [figures[f"{kind}s"] for kind in ("true_negative", "false_positive")]
    matrix += [figures[f"{kind}s"] for kind in ("false_negative", "true_positive")]
    assert matrix == confusion_matrix(label, d).ravel().tolist()


def test_calibration_error_is_that_of_ten_bins_of_equal_mass() -> None:
    # Sorted by probability and every delay spread evenly over its cell, the bins of ten flights
    # are: three of the third cell, five of the first, two of the second.
    gaps = [abs(0.1 - 3 / 30)] * 3 + [abs(0.3 - 10 / 50)] * 5 + [abs(0.7 - 15 / 20)] * 2
    assert expected_calibration_error(CELLS, PROBABILITY) == pytest.approx(np.mean(gaps))


def test_a_cell_across_an_edge_of_two_bins_is_divided() -> None:
    cells = pd.DataFrame({"flights": [15, 85], "delayed": [0, 85]})
    # The second bin holds five flights of each cell: 5 * 0.2 too much, 5 * 0.1 too little.
    error = expected_calibration_error(cells, np.array([0.2, 0.9]))
    assert error == pytest.approx((10 * 0.2 + abs(5 * 0.2 - 5 * 0.1) + 80 * 0.1) / 100)


def test_the_bins_of_calibration_hold_equally_many_flights() -> None:
    bins = calibration(CELLS, PROBABILITY)
    assert bins["flights"].to_numpy() == pytest.approx(10)
    assert bins["delayed"].sum() == pytest.approx(28)
    assert bins["probability"].to_numpy() == pytest.approx([0.1] * 3 + [0.3] * 5 + [0.7] * 2)


def test_the_slope_is_that_of_a_logistic_regression_on_the_log_odds() -> None:
    log_odds = np.log(PROBABILITY / (1 - PROBABILITY))
    label = np.repeat([1, 0], len(CELLS))
    weight = np.concatenate([CELLS["delayed"], CELLS["flights"] - CELLS["delayed"]])
    regression = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    regression.fit(np.tile(log_odds, 2)[:, None], label, sample_weight=weight)
    assert calibration_slope(CELLS, PROBABILITY) == pytest.approx(regression.coef_[0, 0], rel=1e-5)
    # Log-odds that are twice as far apart ask for half the slope.
    doubled = 1 / (1 + np.exp(-2 * log_odds))
    half = calibration_slope(CELLS, PROBABILITY) / 2
    assert calibration_slope(CELLS, doubled) == pytest.approx(half)
    assert calibration_slope(CELLS, np.full(3, 0.3)) == 1


def test_the_number_of_weeks_is_told_and_none_where_one_flight_has_none() -> None:
    delay = (PROBABILITY > 0.25).astype(np.int64)
    assert measure(CELLS, PROBABILITY, delay)["weeks"] == 0
    assert measure(CELLS.assign(week=[7, 8, 8]), PROBABILITY, delay)["weeks"] == 2
    assert measure(CELLS.assign(week=[7, 8, -1]), PROBABILITY, delay)["weeks"] == 0


def test_a_week_with_all_late_flights_leaves_errors_to_independent_flights(
    dated: Counts,
) -> None:
    cells = dated.table.assign(delayed=lambda rows: rows["delayed"].where(rows["week"] == 2_450, 0))
    figures = measure(cells, np.linspace(0.1, 0.4, len(cells)), np.zeros(len(cells), np.int64))
    assert figures["weeks"] == 0
    assert all(map(math.isfinite, figures.values()))
    assert figures["roc_auc_error"] > 0
