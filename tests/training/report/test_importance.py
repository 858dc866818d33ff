"""The importance of features against the plain way to it, flight by flight."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from training.report import importance as module
from training.report.curves import Floats, auc
from training.report.importance import importance, thinned


@pytest.fixture
def cells() -> pd.DataFrame:
    rows = [("A", "I", 1, 5, 1), ("A", "N", 2, 4, 2), ("B", "I", 2, 3, 1), ("B", "N", 1, 6, 5)]
    return pd.DataFrame(rows, columns=["OPERA", "TIPOVUELO", "MES", "flights", "delayed"])


def probability(flights: pd.DataFrame) -> Floats:
    odds = 1 + 3 * (flights["OPERA"] == "B") + 2 * (flights["MES"] == 1)
    return np.asarray(odds / 10, np.float64)


def test_it_is_the_mean_over_all_exchanges(cells: pd.DataFrame) -> None:
    rows = cells.loc[cells.index.repeat(cells["flights"])].reset_index(drop=True)
    late = np.concatenate([np.arange(n) < d for n, d in cells[["flights", "delayed"]].to_numpy()])
    costs = importance(cells, ["OPERA", "TIPOVUELO", "MES"], probability)
    assert costs["TIPOVUELO"] == pytest.approx((0, 0))  # which it does not look at
    for name in ["OPERA", "MES"]:
        exchanged = [probability(rows.assign(**{name: value})) for value in rows[name]]
        rise = np.mean([log_loss(late, p) for p in exchanged]) - log_loss(late, probability(rows))
        scores = np.concatenate(exchanged)
        labels = np.tile(late, len(rows))
        better = np.sign(scores[labels][:, None] - scores[~labels]).mean() / 2 + 0.5
        fall = auc(cells, probability(cells)) - better
        assert costs[name] == pytest.approx((fall, rise))


def test_rows_are_thinned_to_even_distances_among_their_flights() -> None:
    rows = pd.DataFrame({"value": list("abcd"), "flights": [1, 6, 1, 8], "delayed": [1, 3, 0, 2]})
    drawn = thinned(rows, 2)  # of 16 flights the fifth and the thirteenth
    assert drawn.to_numpy().tolist() == [["b", 8, 4], ["d", 8, 2]]
    assert thinned(rows, 4) is rows


def test_thinned_rows_weigh_as_much_as_all() -> None:
    rng = np.random.default_rng(3)
    flights = rng.integers(1, 1000, 5000)
    rows = pd.DataFrame({"flights": flights, "delayed": rng.binomial(flights, 0.3)})
    drawn = thinned(rows, 1000)
    assert drawn["flights"].sum() == pytest.approx(flights.sum())
    rates = [table["delayed"].sum() / table["flights"].sum() for table in (rows, drawn)]
    assert rates[1] == pytest.approx(rates[0], abs=0.01)


def test_no_more_rows_are_asked_than_the_bounds_allow(
    cells: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(flights: pd.DataFrame) -> Floats:
        asked.append(len(flights))
        return probability(flights)

    many = pd.concat([cells.assign(OPERA=f"{i:03}") for i in range(50)], ignore_index=True)
    monkeypatch.setattr(module, "MOST_CELLS", 40)
    monkeypatch.setattr(module, "MOST_VALUES", 10)
    importance(many, ["OPERA", "MES"], counted)
    before, without_airline, without_month = asked
    assert before == 40
    assert without_airline == 4 * 10  # a type and month with an airline each
    assert without_month <= 40 * 2
