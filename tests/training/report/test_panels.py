"""The numbers of the page, counted again."""

from pathlib import Path

import pandas as pd
import pytest
from markupsafe import escape
from sklearn.metrics import roc_auc_score

from tests.support.html import Page
from tests.support.paths import ROOT
from training.fitting.baselines import RATES, TIMED_RATES
from training.flights.counts import Counts, weighted_rows
from training.flights.features import FLIGHT, without_time
from training.model import DelayModel
from training.project import ARTIFACTS
from training.release.card import verdicts
from training.report.evaluation import TIMED, UNTIMED, Evaluation
from training.report.page import PAGE
from training.report.panel import WEEKDAYS as DAYS

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def html() -> str:
    return (ARTIFACTS / PAGE).read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def evaluation(santiago: Counts) -> Evaluation:
    return Evaluation.of(ARTIFACTS, santiago, "data/scl_2017.csv")


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("head", "column"), [("Airline", "OPERA"), ("Month", "MES"), ("Flight type", "TIPOVUELO")]
)
def test_rates_of_features_are_those_of_the_counts(page: Page, head: str, column: str) -> None:
    table = pd.read_csv(DATA / "scl_2017.csv").groupby(column)[["flights", "delayed"]].sum()
    expected = sorted((f"{n:,}", f"{d:,}", f"{100 * d / n:.1f}%") for n, d in table.to_numpy())
    assert sorted(tuple(row[1:4]) for row in page.table(head, "Flights")) == expected


def test_destinations_are_those_of_the_flights(page: Page, raw_flights: Path) -> None:
    flights = pd.read_csv(raw_flights, dtype=str, keep_default_na=False)
    late = pd.to_datetime(flights["Fecha-O"]) - pd.to_datetime(flights["Fecha-I"])
    delayed = late.dt.total_seconds() > 900
    rows = {row[0]: row[1:4] for row in page.table("Destination", "Flights")}
    for name, each in delayed.groupby(flights["SIGLADES"]):
        assert rows[name] == [f"{len(each):,}", f"{each.sum():,}", f"{100 * each.mean():.1f}%"]


@pytest.mark.santiago
def test_predictions_stand_beside_the_delay_rates_of_the_same_flights(
    page: Page, santiago: Counts, oracle: DelayModel
) -> None:
    cells = santiago.part("validation")
    late, flights = cells["delayed"], cells["flights"]
    timed = oracle.probability(oracle.preprocess(cells)) * flights
    untimed = oracle.probability(oracle.preprocess(without_time(cells))) * flights
    names = {f"{hour:02}": hour for hour in range(24)} | {DAYS[day]: day for day in DAYS}
    for head, column in [("Hour of departure", "HORA"), ("Day of the week", "DIANOM")]:
        rows = page.table(head, "Flights")
        assert len(rows) == cells[column].nunique()
        for value, n, observed, _, *predicted in rows:
            of = cells[column] == names[value]
            assert n == f"{flights[of].sum():,}"
            rates = [each[of].sum() / flights[of].sum() for each in (late, timed, untimed)]
            assert [observed, *predicted] == [f"{rate:.1%}" for rate in rates]


@pytest.mark.santiago
def test_the_week_shows_each_hour_of_each_day(page: Page, santiago: Counts) -> None:
    cells = santiago.part("validation").groupby(["DIANOM", "HORA"])[["flights", "delayed"]].sum()
    rows = {(row[0], row[1]): row[2:4] for row in page.table("Day", "Hour")}
    assert len(rows) == (cells["flights"] >= 10).sum() > 160
    for (day, hour), (flights, delayed) in zip(cells.index, cells.to_numpy(), strict=True):
        expected = [f"{flights:,}", f"{delayed / flights:.1%}"]
        assert rows.get((DAYS[day], f"{hour:02}"), expected) == expected


@pytest.mark.santiago
def test_the_published_model_has_the_published_confusion_matrix(page: Page) -> None:
    matrices = [table for table in page.tables if table[0][1:] == ["Warned", "Not warned"]]
    cells = [[cell.split()[0] for row in matrix[1:] for cell in row[1:]] for matrix in matrices]
    assert cells[2] == ["2,901", "1,313", "8,738", "9,556"]


@pytest.mark.santiago
def test_the_scores_are_those_of_the_metrics(page: Page, evaluation: Evaluation) -> None:
    m = evaluation.metrics
    ceiling = roc_auc_of_rates(evaluation.counts)
    assert m.timed_validation
    assert m.challenge
    expected = [
        m.timed_validation,
        m.validation,
        m.tables[TIMED_RATES],
        m.tables[RATES],
        m.challenge,
    ]
    aucs = [*(f"{each['roc_auc']:.4f}" for each in expected), f"{ceiling:.4f}"]
    assert ["ROC AUC (ranking)", *aucs] in page.table("On the validation flights")


def roc_auc_of_rates(counts: Counts) -> float:
    cells = counts.part("validation").groupby(FLIGHT, as_index=False)[["flights", "delayed"]].sum()
    _, label, weight = weighted_rows(cells)
    rate = (cells["delayed"] / cells["flights"]).tolist()
    return float(roc_auc_score(label, rate + rate, sample_weight=weight))


@pytest.mark.santiago
def test_gains_are_shown_with_their_errors_and_in_words(
    html: str, page: Page, evaluation: Evaluation
) -> None:
    rows = page.table("Score", "Over")
    gains = evaluation.metrics.gains
    assert [row[0] for row in rows] == [TIMED, UNTIMED, TIMED, UNTIMED]
    assert [row[1] for row in rows[2:]] == ["Challenge model"] * 2
    for row, gain in zip(rows, [gains["timed"], gains["untimed"]], strict=False):
        assert row[1:4] == [gain.table, f"{gain.roc_auc:+.4f}", f"{gain.standard_error:.4f}"]
    for words in verdicts(evaluation.metrics):
        assert escape(words) in html


def test_the_faults_of_the_notebook_are_counted(html: str, raw_flights: Path) -> None:
    at = pd.read_csv(raw_flights, dtype=str)["Fecha-I"].str[11:16]
    bounds = ["05:00", "11:59", "12:00", "18:59", "19:00", "23:59", "00:00", "04:59"]
    assert f"{at.isin(bounds).sum():,} flights" in html
