"""The end of a training run says what matters."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from training.cli.summary import before, figures, lines
from training.project import ARTIFACTS
from training.release.training_metrics import Gain, TrainingMetrics


@pytest.fixture(scope="module")
def metrics() -> TrainingMetrics:
    found = before(ARTIFACTS)
    assert found is not None
    return found


def said(metrics: TrainingMetrics, earlier: TrainingMetrics | None) -> str:
    console = Console(width=100)
    with console.capture() as shown:
        console.print(figures(metrics, earlier))
    return shown.get() + "\n".join(lines(metrics, earlier, Path("artifacts")))


@pytest.mark.santiago
def test_the_model_stands_beside_tables_of_rates_and_the_published_model(
    metrics: TrainingMetrics,
) -> None:
    text = said(metrics, None)
    timed, challenge = metrics.timed_validation, metrics.challenge
    assert timed is not None
    assert challenge is not None
    for shown in (timed, metrics.validation, challenge, *metrics.tables.values()):
        assert f"{shown['roc_auc']:.4f}" in text
    share = timed["true_positives"] / (timed["true_positives"] + timed["false_positives"])
    assert f"{share:.0%} of these are late" in text
    assert f"Model {metrics.model_version} is the first in artifacts" in text
    assert "93,288 possible flights" in text
    assert "Before" not in text


def test_a_gain_within_chance_is_said_so_in_words(metrics: TrainingMetrics) -> None:
    gains = {"untimed": Gain("Table of rates", 0.001, 0.0009), "timed": Gain("", 0.02, 0.001)}
    text = said(msgspec.structs.replace(metrics, gains=gains), None)
    without = "Asked without times, its ROC AUC is +0.0010 (standard error 0.0009) beside the best"
    assert f"{without} table of rates, which is within chance." in text
    with_times = "Asked with times, its ROC AUC is +0.0200 (standard error 0.0010) beside the best"
    assert f"{with_times} table of rates.\n" in text


def test_another_airports_model_knows_no_published_one(metrics: TrainingMetrics) -> None:
    other = msgspec.structs.replace(
        metrics, challenge=None, timed_validation=None, gains={"untimed": metrics.gains["untimed"]}
    )
    text = said(other, None)
    assert "Challenge" not in text
    assert "Model, times" not in text


def test_the_same_model_again_is_said_to_be_unchanged(metrics: TrainingMetrics) -> None:
    text = said(metrics, metrics)
    assert "is unchanged" in text
    assert "Before" not in text


def test_what_changed_is_said(metrics: TrainingMetrics) -> None:
    timed = metrics.timed_validation
    assert timed is not None
    earlier = msgspec.structs.replace(
        metrics,
        model_version="0123456789ab",
        settings=replace(metrics.settings, max_depth=metrics.settings.max_depth + 1),
        columns=10,
        timed_validation=timed | {"roc_auc": 0.1234},
    )
    text = said(metrics, earlier)
    depth = metrics.settings.max_depth
    assert "replaces 0123456789ab" in text
    assert f"max_depth {depth + 1} to {depth}, columns 10 to {metrics.columns}." in text
    assert "0.1234" in text  # under Before


def test_the_same_model_of_another_place_replaces_nothing(metrics: TrainingMetrics) -> None:
    earlier = msgspec.structs.replace(metrics, place="Elsewhere", period=None)
    text = said(metrics, earlier)
    assert f"Model {metrics.model_version} in artifacts is the same" in text
    assert f"Changed place: Elsewhere to {metrics.place}." in text
    assert f"Changed period: not given to {metrics.period}." in text


def test_figures_of_other_flights_are_not_set_beside_these(metrics: TrainingMetrics) -> None:
    other = msgspec.structs.replace(metrics, counts_sha256="0" * 64, model_version="0123456789ab")
    text = said(metrics, other)
    assert "It learned from other flights." in text
    assert "Before" not in text


@pytest.mark.santiago
def test_the_table_fits_a_terminal_of_80_columns(metrics: TrainingMetrics) -> None:
    console = Console(width=80)
    with console.capture() as shown:
        console.print(figures(metrics, None))
    rows = [line for line in shown.get().splitlines() if "0." in line]
    assert len(rows) == 5
    assert metrics.challenge is not None
    assert rows[-1].split()[-1] == f"{metrics.challenge['ece']:.4f}"


def test_a_model_that_predicts_no_delay_divides_by_nothing(metrics: TrainingMetrics) -> None:
    none = metrics.validation | {"true_positives": 0.0, "false_positives": 0.0}
    text = said(msgspec.structs.replace(metrics, validation=none, timed_validation=None), None)
    assert "It predicts a delay for 0% of the flights" in text


@pytest.mark.parametrize("content", [None, b"{", b'{"model_version":1}'], ids=str)
def test_figures_that_cannot_be_read_are_no_figures(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)
    assert before(tmp_path) is None
