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
    timed, challenge = metrics.unseen["timed"], metrics.challenge
    assert challenge is not None
    assert list(metrics.unseen) == list(metrics.tables) == ["untimed", "timed", "day"]
    rows = [line.split() for line in text.splitlines() if " 0." in line]
    shown = [*reversed(metrics.unseen.values()), *reversed(metrics.tables.values()), challenge]
    assert [row[-8:-6] for row in rows[: len(shown)]] == [
        [f"{each['roc_auc']:.4f}", f"{each['roc_auc_error']:.4f}"] for each in shown
    ]
    share = timed["true_positives"] / (timed["true_positives"] + timed["false_positives"])
    assert f"{share:.0%} of these are late" in text
    assert f"Model {metrics.model_version} is the first in artifacts" in text
    assert "68,206 flights, each answered by a model that has not seen its week" in text
    assert "835,176 possible flights" in text
    assert "Before" not in text


def test_gains_over_tables_are_said_in_words(metrics: TrainingMetrics) -> None:
    gains = {
        "untimed": Gain(0.001, 0.0009, 0.0004, 0.0001),
        "timed": Gain(0.02, 0.001, 0.003, 0.001),
        "day": Gain(-0.02, 0.001, -0.003, 0.001),
    }
    text = said(msgspec.structs.replace(metrics, gains=gains), None)
    assert (
        "Without times, the model's ROC AUC is 0.0010 above that of the best table of delay rates "
        "(standard error 0.0009), its log loss 0.0004 below (standard error 0.0001). "
        "Not both are more than chance: the table is nearly as good.\n"
    ) in text
    assert (
        "With times, the model's ROC AUC is 0.0200 above that of the best table of delay rates "
        "(standard error 0.0010), its log loss 0.0030 below (standard error 0.0010). "
        "Both are more than chance.\n"
    ) in text
    assert (
        "With the day so far, the model's ROC AUC is 0.0200 below that of the best table of delay "
        "rates (standard error 0.0010), its log loss 0.0030 above (standard error 0.0010). "
        "The table is better by more than chance.\n"
    ) in text


def test_what_each_fact_of_a_flight_adds_is_said_in_words(metrics: TrainingMetrics) -> None:
    steps = {"timed": Gain(0.03, 0.002, 0.01, 0.001), "day": Gain(0.01, 0.006, 0.005, 0.001)}
    text = said(msgspec.structs.replace(metrics, steps=steps), None)
    assert (
        "The scheduled time makes the answers sharper, of the same flights, by +0.0300 of ROC AUC "
        "(standard error 0.0020) and -0.0100 of log loss (standard error 0.0010).\n"
    ) in text
    assert (
        "The day so far does not make the answers sharper beyond chance, of the same flights, by "
        "+0.0100 of ROC AUC (standard error 0.0060) and -0.0050 of log loss "
        "(standard error 0.0010).\n"
    ) in text


def untimed(metrics: TrainingMetrics) -> TrainingMetrics:
    """Return metrics as those of flights without times, and thus without weeks."""
    names = ("unseen", "validation", "tables", "gains", "random_split")
    parts = {name: {"untimed": getattr(metrics, name)["untimed"]} for name in names}
    return msgspec.structs.replace(metrics, **parts, by_weeks=False, steps={}, challenge=None)


def test_an_airport_without_times_has_neither_their_rows_nor_the_challenges(
    metrics: TrainingMetrics,
) -> None:
    text = said(untimed(metrics), None)
    for absent in ("Challenge", "Model, times", "Model, day", "Rates, times", "sharper"):
        assert absent not in text
    assert "Model, no times" in text
    assert "Rates, no times" in text


def test_a_random_split_is_said_to_flatter(metrics: TrainingMetrics) -> None:
    assert "split at random" not in said(metrics, None)
    text = said(untimed(metrics), None)
    assert "flights of a random split, which flatters" in text
    assert "has not seen its week" not in text
    assert "so they were split at random." in text


def test_the_same_model_again_is_said_to_be_unchanged(metrics: TrainingMetrics) -> None:
    text = said(metrics, metrics)
    assert "is unchanged" in text
    assert "Before" not in text


def test_what_changed_is_said(metrics: TrainingMetrics) -> None:
    earlier = msgspec.structs.replace(
        metrics,
        model_version="0123456789ab",
        settings=replace(metrics.settings, max_depth=metrics.settings.max_depth + 1),
        columns=10,
        unseen=metrics.unseen | {"timed": metrics.unseen["timed"] | {"roc_auc": 0.1234}},
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
    assert len(rows) == 7
    assert all(len(line) <= 80 for line in shown.get().splitlines())
    assert metrics.challenge is not None
    assert rows[-1].split()[-1] == f"{metrics.challenge['ece']:.4f}"


def test_a_model_that_predicts_no_delay_divides_by_nothing(metrics: TrainingMetrics) -> None:
    none = metrics.unseen["timed"] | {"true_positives": 0.0, "false_positives": 0.0}
    text = said(msgspec.structs.replace(metrics, unseen=metrics.unseen | {"timed": none}), None)
    assert "It predicts a delay for 0% of the flights" in text


@pytest.mark.parametrize("content", [None, b"{", b'{"model_version":1}'], ids=str)
def test_figures_that_cannot_be_read_are_no_figures(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)
    assert before(tmp_path) is None
