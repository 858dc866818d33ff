"""The artifacts are those of the flights, and measured as their metrics say."""

import shutil
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from training.errors import DataError
from training.flights.counts import Counts, weighted_rows
from training.project import ARTIFACTS
from training.report.evaluation import Evaluation


@pytest.fixture(scope="module")
def evaluation(santiago: Counts) -> Evaluation:
    return Evaluation.of(ARTIFACTS, santiago, "data/scl_2017.csv")


@pytest.mark.santiago
def test_every_score_is_measured_as_the_metrics_say(evaluation: Evaluation) -> None:
    for name, score in evaluation.scores.items():
        rows, label, weight = weighted_rows(score.cells)
        assert len(score.probability) * 2 == len(rows), name
        auc = roc_auc_score(label, [*score.probability, *score.probability], sample_weight=weight)
        assert score.measured["roc_auc"] == pytest.approx(auc, abs=1e-6), name


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
