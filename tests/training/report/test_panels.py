"""The numbers of the page, counted again."""

from pathlib import Path

import msgspec
import pandas as pd
import pytest
from markupsafe import escape

from tests.support.html import Page
from tests.support.paths import ROOT
from training.fitting.metrics import TITLES
from training.flights.counts import Counts
from training.flights.exploration import Exploration
from training.project import ARTIFACTS
from training.release.card import MODEL, RATES, figure, sources, verdicts
from training.release.training_metrics import METRICS, TrainingMetrics
from training.report.page import PAGE
from training.report.panel import DAY_RANGES
from training.report.panel import WEEKDAYS as DAYS

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def html() -> str:
    return (ARTIFACTS / PAGE).read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def metrics() -> TrainingMetrics:
    return msgspec.json.decode((ARTIFACTS / METRICS).read_bytes(), type=TrainingMetrics)


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


def test_intervals_are_as_wide_as_weeks_make_them(page: Page, metrics: TrainingMetrics) -> None:
    for row in page.table("Airline", "Flights"):
        flights, rate = int(row[1].replace(",", "")), float(row[3][:-1]) / 100
        low, high = (float(bound) / 100 for bound in row[4][:-1].split(" to "))
        for bound in (low, high):
            variance = metrics.design_effect * bound * (1 - bound) / flights
            assert abs(rate - bound) == pytest.approx(1.96 * variance**0.5, rel=0.02, abs=0.003)


@pytest.mark.santiago
def test_the_day_is_shown_by_hours_ahead(page: Page, exploration: Exploration) -> None:
    rows = page.table("Hours ahead", "Day so far")
    table = exploration.table[exploration.table["dimension"].str.startswith("day_")]
    expected = [
        [dimension[4], DAY_RANGES[int(value)], f"{flights:,}", f"{late / flights:.1%}"]
        for dimension, value, flights, late in table.to_numpy()
    ]
    assert [row[:4] for row in rows] == expected
    assert {row[0] for row in rows} == {"1", "2", "3", "6"}


@pytest.mark.santiago
def test_the_week_shows_each_hour_of_each_day(page: Page, santiago: Counts) -> None:
    cells = santiago.table.groupby(["DIANOM", "HORA"])[["flights", "delayed"]].sum()
    rows = {(row[0], row[1]): row[2:4] for row in page.table("Day", "Hour")}
    assert len(rows) == (cells["flights"] >= 10).sum() > 160
    for (day, hour), (flights, delayed) in zip(cells.index, cells.to_numpy(), strict=True):
        expected = [f"{flights:,}", f"{delayed / flights:.1%}"]
        assert rows.get((DAYS[day], f"{hour:02}"), expected) == expected


def test_the_scores_are_those_of_the_metrics(page: Page, metrics: TrainingMetrics) -> None:
    figures = sources(metrics)
    (scores,) = (table for table in page.tables if table[0][0] == "On weeks that were not learned")
    assert scores[0][1:] == [*figures]
    for key, (title, _) in TITLES.items():
        assert [title, *(figure(each, key) for each in figures.values())] in scores
    matrices = [table for table in page.tables if table[0][1:] == ["Warned", "Not warned"]]
    models = [each for name, each in figures.items() if "Table" not in name]
    for matrix, each in zip(matrices, models, strict=True):
        names = ("true_positives", "false_negatives", "false_positives", "true_negatives")
        shown = [cell.split()[0] for row in matrix[1:] for cell in row[1:]]
        assert shown == [f"{each[name]:,.0f}" for name in names]


def test_gains_are_shown_with_their_errors_and_in_words(
    html: str, page: Page, metrics: TrainingMetrics
) -> None:
    rows = {(row[0], row[1]): row[2:] for row in page.table("Score", "Over")}
    for way, gain in metrics.gains.items():
        auc, _, loss, _ = rows[MODEL[way], RATES[way]]
        assert auc == f"{gain.roc_auc:+.4f} ± {gain.roc_auc_error:.4f}"
        assert loss == f"{gain.log_loss:+.4f} ± {gain.log_loss_error:.4f}"
    for way, less in [("timed", "untimed"), ("day", "timed")]:
        assert rows[MODEL[way], MODEL[less]][0].startswith(f"{metrics.steps[way].roc_auc:+.4f}")
    for words in verdicts(metrics):
        assert escape(words) in html
