"""The quality gate lets a model through only where it is not worse than the serving one."""

import json
from pathlib import Path

import pytest

from training.errors import GateError
from training.release.gate import judge


def trained(folder: Path, roc_auc: float, log_loss: float) -> Path:
    path = folder / "metrics.json"
    validation = {"roc_auc": roc_auc, "log_loss": log_loss}
    path.write_text(json.dumps({"model_version": "new", "validation": validation}))
    return path


@pytest.fixture
def serving(tmp_path: Path) -> Path:
    path = tmp_path / "serving.json"
    metrics = {"roc_auc": 0.676, "log_loss": 0.45}
    path.write_text(json.dumps({"model_version": "old", "metrics": metrics, "threshold": 0.5}))
    return path


@pytest.mark.parametrize(
    ("roc_auc", "log_loss"),
    [(0.676, 0.45), (0.7, 0.44), (0.671, 0.455)],
    ids=["equal", "better", "at the margin"],
)
def test_a_model_within_the_margin_passes(
    tmp_path: Path, serving: Path, roc_auc: float, log_loss: float
) -> None:
    verdict = judge(trained(tmp_path, roc_auc, log_loss), serving, 0.005)

    assert verdict.endswith("Within the margin of 0.005.")


@pytest.mark.parametrize(
    ("roc_auc", "log_loss", "worse"),
    [
        (0.670999, 0.45, "roc_auc"),
        (0.7, 0.455001, "log_loss"),
        (0.6, 0.5, "roc_auc, log_loss"),
    ],
    ids=["ranks worse", "is calibrated worse", "both"],
)
def test_a_worse_model_is_refused_by_what_is_worse(
    tmp_path: Path, serving: Path, roc_auc: float, log_loss: float, worse: str
) -> None:
    with pytest.raises(GateError, match=rf"^Model new against old.*than 0\.005: {worse}\.$"):
        judge(trained(tmp_path, roc_auc, log_loss), serving, 0.005)


def test_the_first_model_passes(tmp_path: Path) -> None:
    nothing = tmp_path / "serving.json"
    nothing.write_text("null")

    assert judge(trained(tmp_path, 0.5, 1.0), nothing, 0.0).endswith("nothing serves yet.")


@pytest.mark.parametrize(
    "answer",
    ["<html>", "{}", '{"model_version": "old", "metrics": {"roc_auc": 0.6}}', None],
    ids=["no JSON", "no model", "no log loss", "no answer"],
)
def test_a_serving_model_that_cannot_be_compared_stops_the_release(
    tmp_path: Path, answer: str | None
) -> None:
    path = tmp_path / "serving.json"
    if answer is not None:
        path.write_text(answer)

    with pytest.raises(GateError, match=r"^Cannot compare"):
        judge(trained(tmp_path, 0.7, 0.4), path, 0.005)
