"""No flight is answered by what saw its week."""

import numpy as np
import pandas as pd
import pytest

from training.fitting.unseen import Recipe, Score, answers
from training.flights.counts import Counts
from training.model import Settings

WEEKS = range(2450, 2470)


@pytest.fixture(scope="module")
def counts() -> Counts:
    """Return an airport where each week has an hour and weekday, and a rate, of its own.

    Whoever saw a week knows it from its times; nobody else can know anything of it.
    """
    rate = np.random.default_rng(1).permutation(np.repeat([10, 90], len(WEEKS) // 2))
    days = ["Lunes", "Martes"]
    rows = [
        ("A", "N", 1, i % 10, days[i // 10], week, 100, rate[i]) for i, week in enumerate(WEEKS)
    ]
    names = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM", "week", "flights", "delayed"]
    return Counts.from_table(pd.DataFrame(rows, columns=names))


RECIPE = Recipe(Settings(100, 0.3, 6, 1))


def test_what_only_a_week_shows_is_not_known_of_it(counts: Counts) -> None:
    assert counts.by_weeks
    unseen, seen = answers(RECIPE, counts), answers(RECIPE, counts.without_weeks())
    for who in ("model", "table"):
        score = Score(who, "timed", "timed")
        assert unseen[score].cells["flights"].sum() == counts.table["flights"].sum()
        assert unseen[score].measured()["roc_auc"] < 0.6
        assert seen[score].measured()["roc_auc"] > 0.85
