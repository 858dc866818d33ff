import msgspec
import pytest
from msgspec.structs import replace

from training.flights.exploration import Exploration, lasting
from training.project import ARTIFACTS, SCL_2017
from training.release.card import CARD, NO_WEEKS, card, verdicts
from training.release.training_metrics import METRICS, Gain, TrainingMetrics


@pytest.fixture
def metrics() -> TrainingMetrics:
    return msgspec.json.decode((ARTIFACTS / METRICS).read_bytes(), type=TrainingMetrics)


def untimed(metrics: TrainingMetrics) -> TrainingMetrics:
    """Return the metrics of a model that knows no times, and of flights without weeks."""
    ways = {
        name: {"untimed": getattr(metrics, name)["untimed"]}
        for name in ("unseen", "validation", "tables", "gains")
    }
    return replace(
        metrics, **ways, steps={}, challenge=None, random_split={}, by_weeks=False, place=None
    )


def test_the_committed_card_is_that_of_the_committed_metrics(metrics: TrainingMetrics) -> None:
    assert (ARTIFACTS / CARD).read_text() == card(metrics)


@pytest.mark.santiago
def test_it_shows_each_figure_with_its_error_beside_the_baselines(metrics: TrainingMetrics) -> None:
    assert metrics.challenge
    shown = [*reversed(metrics.unseen.values()), *reversed(metrics.tables.values())]
    aucs = " | ".join(
        f"{each['roc_auc']:.4f} ± {each['roc_auc_error']:.4f}"
        for each in [*shown, metrics.challenge]
    )
    assert f"| ROC AUC (ranking) | {aucs} |" in card(metrics)


@pytest.mark.santiago
def test_it_says_what_a_random_split_would_have_shown(metrics: TrainingMetrics) -> None:
    flattered, honest = metrics.random_split["timed"], metrics.unseen["timed"]["roc_auc"]
    assert flattered > honest + 0.01
    assert f"would read {flattered:.4f} instead of {honest:.4f}" in " ".join(card(metrics).split())


@pytest.mark.santiago
def test_it_says_for_how_long_the_day_so_far_lasts(metrics: TrainingMetrics) -> None:
    explored = Exploration.beside(str(SCL_2017))
    assert explored
    assert metrics.lasting == lasting(explored.day_so_far())
    assert f"until departure. {metrics.lasting}" in card(metrics)


def test_every_table_has_as_many_cells_in_each_row(metrics: TrainingMetrics) -> None:
    for each in (metrics, untimed(metrics)):
        for table in card(each).split("\n\n"):
            rows = [line for line in table.splitlines() if line.startswith("|")]
            assert len({row.count("|") for row in rows}) <= 1, table


def test_it_describes_every_file_of_the_artifacts(metrics: TrainingMetrics) -> None:
    text = card(metrics)
    files = [file.name for file in ARTIFACTS.iterdir() if file.is_file() and file.name != CARD]
    assert files
    assert [name for name in files if f"`{name}`" not in text] == []


def test_place_and_period_are_those_of_the_metrics(metrics: TrainingMetrics) -> None:
    text = card(replace(metrics, place="New York (JFK)", period="2013"))
    assert text.startswith("# Model card: flight delays at New York (JFK)\n")
    assert "| Flights of | 2013 |" in text


def test_where_nothing_is_told_the_text_is_neutral(metrics: TrainingMetrics) -> None:
    text = card(replace(untimed(metrics), period=None))
    assert text.startswith("# Model card: flight delays\n")
    assert "| Airport | not given |" in text
    assert NO_WEEKS in text
    for words in (
        "Santiago",
        "None",
        "With times",
        "ublished model",
        "weeks that were not learned",
    ):
        assert words not in text


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (Gain(0.016, 0.0025, 0.004, 0.001), "0.0160 above that of the best table of delay rates "),
        (Gain(0.016, 0.0025, 0.004, 0.001), "Both are more than chance."),
        (Gain(0.016, 0.0025, 0.001, 0.001), "Not both are more than chance"),
        (Gain(0.001, 0.0025, 0.004, 0.001), "Not both are more than chance"),
        (Gain(-0.016, 0.0025, -0.004, 0.001), "0.0160 below that of"),
        (Gain(-0.016, 0.0025, -0.004, 0.001), "The table is better by more than chance."),
        (Gain(0.0, 0.0, 0.0, 0.0), "Neither is better in both figures by more than chance."),
    ],
    ids=["better", "better, said so", "loss", "ranking", "worse", "worse, said so", "the same"],
)
def test_a_gain_is_judged_in_words(metrics: TrainingMetrics, gain: Gain, words: str) -> None:
    assert words in verdicts(replace(metrics, gains={"untimed": gain}, steps={}))[0]


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (Gain(0.03, 0.003, 0.01, 0.001), "The day so far makes the answers sharper, "),
        (Gain(0.03, 0.003, 0.001, 0.001), "The day so far does not make the answers sharper"),
    ],
    ids=["both figures", "one alone"],
)
def test_a_fact_makes_answers_sharper_where_all_figures_say_so(
    metrics: TrainingMetrics, gain: Gain, words: str
) -> None:
    assert verdicts(replace(metrics, gains={}, steps={"day": gain}))[0].startswith(words)
