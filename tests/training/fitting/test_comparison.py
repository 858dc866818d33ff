"""Gains and their errors are those of the definition, flight by flight."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from training.fitting.comparison import Floats, auc_gain, log_loss_gain

SCORE = np.array([0.1, 0.4, 0.4, 0.7])
OTHER = np.array([0.3, 0.2, 0.6, 0.5])
CELLS = pd.DataFrame({"flights": [5, 4, 3, 6], "delayed": [1, 2, 1, 5]})


def by_flight(*scores: Floats) -> list[tuple[float, ...]]:
    return [
        (float(i < delayed), *(float(score[cell]) for score in scores))
        for cell, (flights, delayed) in enumerate(CELLS.to_numpy())
        for i in range(flights)
    ]


def test_the_gain_of_auc_and_its_error_are_those_of_all_pairs() -> None:
    flights = by_flight(SCORE, OTHER)
    late = [scores for delayed, *scores in flights if delayed]
    rest = [scores for delayed, *scores in flights if not delayed]

    def wins(a: float, b: float) -> float:
        return 1.0 if a > b else 0.5 if a == b else 0.0

    pairs = np.array([[wins(a[0], b[0]) - wins(a[1], b[1]) for b in rest] for a in late])
    error = math.sqrt(
        pairs.mean(axis=1).var(ddof=1) / len(late) + pairs.mean(axis=0).var(ddof=1) / len(rest)
    )
    assert auc_gain(CELLS, SCORE, OTHER) == pytest.approx((pairs.mean(), error))
    label, *scores = zip(*flights, strict=True)
    mine, others = (roc_auc_score(label, score) for score in scores)
    assert pairs.mean() == pytest.approx(mine - others)


def test_the_gain_of_log_loss_and_its_error_are_those_of_paired_flights() -> None:
    label, mine, others = zip(*by_flight(SCORE, OTHER), strict=True)
    gains = [
        log_loss([y], [q], labels=[0, 1]) - log_loss([y], [p], labels=[0, 1])
        for y, p, q in zip(label, mine, others, strict=True)
    ]
    error = np.std(gains, ddof=1) / math.sqrt(len(gains))
    assert log_loss_gain(CELLS, SCORE, OTHER) == pytest.approx((np.mean(gains), error))


def test_a_score_beside_itself_gains_nothing() -> None:
    assert auc_gain(CELLS, SCORE, SCORE) == (0, 0)
    assert log_loss_gain(CELLS, SCORE, SCORE) == (0, 0)
