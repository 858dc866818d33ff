"""The page shows flights answered by models that have not learned from their weeks."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.support.html import Page
from training.flights.counts import Counts, weighted_rows
from training.flights.exploration import lasting
from training.flights.features import NO_DAY, NOT_GIVEN
from training.model import DelayModel
from training.report.evaluation import Evaluation
from training.report.page import render
from training.report.panel import DAY_RANGES

ASKED = {"untimed": NOT_GIVEN, "timed": NO_DAY, "day": {}}


@pytest.fixture(scope="module")
def page(small: Evaluation) -> Page:
    return Page(render(small))


@pytest.fixture(scope="module")
def predicted(dated: Counts, small: Evaluation) -> pd.DataFrame:
    """Return each row of the counts with the probabilities that models of other folds give it."""
    found = []
    for fold in range(5):
        held = dated.table[dated.table["week"] % 5 == fold]
        rest = dated.table[dated.table["week"] % 5 != fold]
        model = DelayModel(None, small.metrics.settings).fit_counts(rest, dated.categories)
        ways = {
            way: model.probability(model.encode(held.assign(**told))) for way, told in ASKED.items()
        }
        found.append(held.assign(**ways))
    return pd.concat(found, ignore_index=True)


def means(cells: pd.DataFrame, *ways: str) -> list[str]:
    """Return the number of flights, their delay rate and their mean probabilities, as shown."""
    flights = cells["flights"].sum()
    late = cells["delayed"].sum()
    probabilities = [np.average(cells[way], weights=cells["flights"]) for way in ways]
    return [f"{flights:,}", *(f"{share:.1%}" for share in (late / flights, *probabilities))]


def with_day(predicted: pd.DataFrame) -> pd.DataFrame:
    return predicted[predicted["HOY"] >= 0]


def test_scores_are_of_each_way_of_asking(page: Page, predicted: pd.DataFrame) -> None:
    (scores,) = (table for table in page.tables if table[0][0] == "On weeks that were not learned")
    columns = dict(zip(scores[0], np.array(scores).T.tolist(), strict=True))
    titles = {
        "day": "Model, with the day so far",
        "timed": "Model, with times",
        "untimed": "Model, without times",
    }
    for way, title in titles.items():
        cells = with_day(predicted) if way == "day" else predicted
        _, label, weight = weighted_rows(cells)
        auc = roc_auc_score(label, np.tile(cells[way], 2), sample_weight=weight)
        flights, shown = columns[title][1:3]
        assert flights == f"{cells['flights'].sum():,}"
        assert float(shown.split(" ± ")[0]) == pytest.approx(auc, abs=6e-5)


def test_each_week_stands_beside_what_is_predicted_of_it(
    page: Page, predicted: pd.DataFrame
) -> None:
    rows = page.table("Week from", "Validation")
    weeks = with_day(predicted).groupby("week")
    assert len(rows) == len(weeks) == 23
    for (monday, validation, *shown), (week, cells) in zip(rows, weeks, strict=True):
        date = dt.date.fromisoformat(monday)
        assert (date - dt.date(1970, 1, 5)).days == 7 * int(str(week))
        assert date.weekday() == 0
        assert validation == ("yes" if int(str(week)) % 5 == 4 else "no")
        assert shown == means(cells, "day", "timed")


def test_each_range_of_the_day_stands_beside_what_is_predicted_of_it(
    page: Page, predicted: pd.DataFrame
) -> None:
    rows = page.table("Day so far", "Flights")
    ranges = with_day(predicted).groupby("HOY")
    assert [row[0] for row in rows] == DAY_RANGES
    for row, (_, cells) in zip(rows, ranges, strict=True):
        assert [*row[1:3], *row[4:]] == means(cells, "day", "timed", "untimed")


def test_each_hour_stands_beside_what_is_predicted_of_it(
    page: Page, predicted: pd.DataFrame
) -> None:
    rows = page.table("Hour of departure", "Flights")
    for row, (_, cells) in zip(rows, predicted.groupby("HORA"), strict=True):
        assert [*row[1:3], *row[4:]] == means(cells, "timed", "untimed")


def test_the_model_is_not_measured_on_what_it_learned(
    small: Evaluation, predicted: pd.DataFrame
) -> None:
    """The published model would be too good on the weeks that it learned from."""
    shown = small.predicted("day")
    assert np.average(shown["day"], weights=shown["flights"]) == pytest.approx(
        np.average(with_day(predicted)["day"], weights=with_day(predicted)["flights"])
    )


def test_how_long_the_day_lasts_is_said_in_words() -> None:
    def of(*rows: tuple[int, int, int]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=["value", "flights", "delayed"])

    # below 10 %: 0 and 1, from 40 %: 6 and 7
    first = of((0, 50, 4), (1, 50, 6), (2, 1000, 999), (5, 9, 9), (6, 50, 20), (7, 50, 40))
    later = of((0, 100, 20), (7, 100, 40))
    assert lasting({1: first, 3: later}) == (
        "Asked an hour ahead, 60.0% of the flights were late where 40% or more of the last flights "
        "were, and 10.0% where fewer than 10% were. Of this difference is left: 40% at 3 hours."
    )


@pytest.mark.parametrize("value", [0, 7])
def test_days_of_one_kind_say_nothing_of_how_long_they_last(value: int) -> None:
    table = pd.DataFrame({"value": [value], "flights": [9], "delayed": [3]})
    assert lasting({1: table, 6: table}) == ""
