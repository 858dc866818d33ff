import msgspec
import pytest
from msgspec.structs import replace

from training.fitting.baselines import RATES
from training.project import ARTIFACTS
from training.release.card import CARD, card, verdicts
from training.release.training_metrics import METRICS, Gain, TrainingMetrics


@pytest.fixture
def metrics() -> TrainingMetrics:
    return msgspec.json.decode((ARTIFACTS / METRICS).read_bytes(), type=TrainingMetrics)


def test_the_committed_card_is_that_of_the_committed_metrics(metrics: TrainingMetrics) -> None:
    assert (ARTIFACTS / CARD).read_text() == card(metrics)


@pytest.mark.santiago
def test_it_shows_each_figure_of_the_model_beside_the_baselines(metrics: TrainingMetrics) -> None:
    assert metrics.timed_validation
    assert metrics.challenge
    shown = [metrics.timed_validation, metrics.validation, *reversed(metrics.tables.values())]
    aucs = " | ".join(f"{each['roc_auc']:.4f}" for each in [*shown, metrics.challenge])
    assert f"| ROC AUC (ranking) | {aucs} |" in card(metrics)


def test_every_table_has_as_many_cells_in_each_row(metrics: TrainingMetrics) -> None:
    for each in (metrics, replace(metrics, timed_validation=None, challenge=None)):
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
    tables = {RATES: metrics.tables[RATES]}
    silent = replace(metrics, place=None, period=None, challenge=None, timed_validation=None)
    text = card(replace(silent, tables=tables))
    assert text.startswith("# Model card: flight delays\n")
    assert "| Airport | not given |" in text
    for words in ("Santiago", "None", "with times", "ublished model"):
        assert words not in text


@pytest.mark.parametrize(
    ("gain", "error", "words"),
    [
        (
            0.016,
            0.0025,
            "above that of the best table of delay rates (standard error 0.0025). This is more",
        ),
        (0.0003, 0.0012, "not significant"),
        (
            -0.0003,
            0.0012,
            "below that of the best table of delay rates (standard error 0.0012). The difference",
        ),
        (-0.016, 0.0025, "more than chance: the table is better"),
        (0.0, 0.0, "not significant"),
    ],
    ids=["better", "as good", "as good, below", "worse", "the same"],
)
def test_a_gain_is_judged_in_words(
    metrics: TrainingMetrics, gain: float, error: float, words: str
) -> None:
    gains = metrics.gains | {"timed": Gain("Table of rates with times", gain, error)}
    assert words in verdicts(replace(metrics, gains=gains))[0]


def test_without_times_there_is_one_gain(metrics: TrainingMetrics) -> None:
    (line,) = verdicts(replace(metrics, timed_validation=None))
    assert line.startswith("The model's ROC AUC is")
