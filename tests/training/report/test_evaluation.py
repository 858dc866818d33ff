"""The artifacts are those of the flights, and measured as their metrics say."""

import shutil
from pathlib import Path

import pytest

from training.errors import DataError
from training.flights.counts import Counts
from training.project import ARTIFACTS
from training.release.card import sources
from training.report.evaluation import Evaluation


@pytest.mark.slow
@pytest.mark.santiago
def test_every_score_is_measured_as_the_metrics_say(evaluation: Evaluation) -> None:
    figures = sources(evaluation.metrics)
    assert [*evaluation.scores] == [*figures]
    for name, answers in evaluation.scores.items():
        measured = answers.measured()
        assert measured == {key: figures[name][key] for key in measured}, name


def test_a_model_of_other_flights_is_refused_with_the_command_that_helps(
    elsewhere: Counts,
) -> None:
    with pytest.raises(DataError, match=r"other flights than theirs.csv.*`make train DATA=theirs"):
        Evaluation.of(ARTIFACTS, elsewhere, "theirs.csv")


@pytest.mark.santiago
def test_a_model_that_is_not_that_of_the_metrics_is_refused(
    santiago: Counts, tmp_path: Path
) -> None:
    shutil.copy(ARTIFACTS / "metrics.json", tmp_path)
    shutil.copy(ARTIFACTS / "challenge.ubj", tmp_path / "booster.ubj")
    with pytest.raises(DataError, match="is not the model"):
        Evaluation.of(tmp_path, santiago, "counts.csv")


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "there is no"), ("{}", "is of another version")]
)
def test_unusable_metrics_are_refused(
    santiago: Counts, tmp_path: Path, content: str | None, reason: str
) -> None:
    if content:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(DataError, match=rf"{reason}.*`make train DATA=counts.csv`"):
        Evaluation.of(tmp_path, santiago, "counts.csv")
