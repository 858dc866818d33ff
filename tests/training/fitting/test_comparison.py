"""Gains and their errors are those of the definition, flight by flight."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from training.fitting.comparison import gains
from training.fitting.errors import FIGURES, Floats, standard_errors

SCORE = np.array([0.1, 0.4, 0.4, 0.7])
OTHER = np.array([0.3, 0.2, 0.6, 0.5])
CELLS = pd.DataFrame({"flights": [5, 4, 3, 6], "delayed": [1, 2, 1, 5]})


def by_flight(*scores: Floats) -> list[tuple[float, ...]]:
    return [
        (float(i < delayed), *(float(score[cell]) for score in scores))
        for cell, (flights, delayed) in enumerate(CELLS.to_numpy())
        for i in range(flights)
    ]


def test_without_weeks_the_gain_of_auc_and_its_error_are_those_of_all_pairs() -> None:
    flights = by_flight(SCORE, OTHER)
    late = [scores for delayed, *scores in flights if delayed]
    rest = [scores for delayed, *scores in flights if not delayed]

    def wins(a: float, b: float) -> float:
        return 1.0 if a > b else 0.5 if a == b else 0.0

    pairs = np.array([[wins(a[0], b[0]) - wins(a[1], b[1]) for b in rest] for a in late])
    error = math.sqrt(
        pairs.mean(axis=1).var(ddof=1) / len(late) + pairs.mean(axis=0).var(ddof=1) / len(rest)
    )
    assert gains(CELLS, SCORE, OTHER)["roc_auc"] == pytest.approx((pairs.mean(), error))
    label, *scores = zip(*flights, strict=True)
    mine, others = (roc_auc_score(label, score) for score in scores)
    assert pairs.mean() == pytest.approx(mine - others)


def test_without_weeks_the_gain_of_log_loss_and_its_error_are_those_of_paired_flights() -> None:
    label, mine, others = zip(*by_flight(SCORE, OTHER), strict=True)
    found = [
        log_loss([y], [q], labels=[0, 1]) - log_loss([y], [p], labels=[0, 1])
        for y, p, q in zip(label, mine, others, strict=True)
    ]
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert gains(CELLS, SCORE, OTHER)["log_loss"] == pytest.approx((np.mean(found), error))


def test_a_score_beside_itself_gains_nothing() -> None:
    assert gains(CELLS, SCORE, SCORE) == {"roc_auc": (0, 0), "log_loss": (0, 0)}
    weeks = CELLS.assign(week=[1, 1, 2, 3])
    assert gains(weeks, SCORE, SCORE) == {"roc_auc": (0, 0), "log_loss": (0, 0)}


@pytest.fixture(scope="module")
def weeks() -> pd.DataFrame:
    """Return cells of nine weeks, of different sizes."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"week": rng.integers(0, 9, 120), "flights": rng.integers(1, 12, 120)})
    return table.assign(delayed=rng.binomial(table["flights"], 0.3))


def figures(cells: pd.DataFrame, probability: Floats) -> Floats:
    """Return ROC AUC, log loss, Brier score and bias by scikit-learn, flight by flight."""
    label = np.repeat([1, 0], len(cells))
    weight = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    p = np.tile(probability, 2)
    return np.array(
        [
            roc_auc_score(label, p, sample_weight=weight),
            log_loss(label, p, sample_weight=weight),
            np.average((p - label) ** 2, weights=weight),
            np.average(p - label, weights=weight),
        ]
    )


@pytest.mark.parametrize("paired", [False, True], ids=["one score", "two scores"])
def test_errors_are_those_of_leaving_one_week_out(weeks: pd.DataFrame, *, paired: bool) -> None:
    rng = np.random.default_rng(4)
    probability, other = rng.uniform(0.01, 0.99, (2, len(weeks))).round(1).clip(0.05, 0.95)
    estimates = []
    for week in sorted(weeks["week"].unique()):
        rest = (weeks["week"] != week).to_numpy()
        found = figures(weeks[rest], probability[rest])
        if paired:
            found = found - figures(weeks[rest], other[rest])
        estimates.append(found)
    apart = np.array(estimates) - np.mean(estimates, axis=0)
    number = len(estimates)
    expected = np.sqrt((number - 1) / number * (apart**2).sum(axis=0))
    errors = standard_errors(weeks, probability, other if paired else None)
    assert [errors[name] for name in FIGURES[:4]] == pytest.approx(expected.tolist(), rel=1e-9)
