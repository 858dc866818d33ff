"""The design effect tells flights that share their week's luck from independent ones."""

import numpy as np
import pandas as pd
import pytest

from training.fitting.dispersion import design_effect
from training.flights.counts import Counts


def simulated(spread: float) -> Counts:
    """Return flights of 400 weeks, whose rate varies by week with that standard deviation."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"week": np.arange(400), "flights": 100, "MES": 1})
    table = table.loc[table.index.repeat(4)].assign(
        OPERA=["A", "B"] * 800, TIPOVUELO=["I", "I", "N", "N"] * 400
    )
    rate = 0.3 + spread * rng.choice([-1, 1], 400)[table["week"]]
    return Counts.from_table(table.assign(delayed=rng.binomial(100, rate)))


def test_independent_flights_have_an_effect_of_one() -> None:
    assert design_effect(simulated(0)) == pytest.approx(1, abs=0.08)


def test_weeks_that_share_a_rate_have_the_effect_of_its_variance() -> None:
    # Of n flights at a rate that varies by v: n p q + n (n - 1) v, over n p q.
    expected = 1 + 99 * 0.1**2 / (0.3 * 0.7)
    assert design_effect(simulated(0.1)) == pytest.approx(expected, rel=0.08)


def test_without_weeks_nothing_is_known_of_them() -> None:
    assert design_effect(simulated(0.1).without_weeks()) == 1
