"""What is published is what was measured, whole, and the same each time."""

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from function.model import Model
from tests.support.commands import succeed
from training.flights.counts import Counts
from training.project import ARTIFACTS
from training.release.artifacts import replace
from training.release.publish import publish

PUBLISHED = [
    "README.md",
    "booster.ubj",
    "challenge.ubj",
    "metrics.json",
    "model.onnx",
    "model.onnx.sha256",
    "pipeline.onnx",
]


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in PUBLISHED}


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "4242"])
def test_training_again_gives_the_committed_bytes(tmp_path: Path, seed: str) -> None:
    command = (sys.executable, "-m", "training", "train", "--out", tmp_path)
    succeed(*command, environment=os.environ | {"PYTHONHASHSEED": seed})
    assert digests(tmp_path) == digests(ARTIFACTS)


@pytest.mark.santiago
@pytest.mark.parametrize(
    ("asked", "roc_auc", "f1", "recall", "brier"),
    [
        pytest.param("timed_validation", 0.712, 0.415, 0.64, 0.1371, id="with the time"),
        pytest.param("validation", 0.675, 0.385, 0.65, 0.1422, id="without"),
    ],
)
def test_the_published_model_reaches_what_was_asked_of_it(
    asked: str, roc_auc: float, f1: float, recall: float, brier: float
) -> None:
    figures = json.loads((ARTIFACTS / "metrics.json").read_text())[asked]
    assert figures["flights"] == 22_508
    assert figures["roc_auc"] >= roc_auc
    assert figures["f1_delay"] >= f1
    assert figures["recall_delay"] >= recall
    assert figures["brier"] <= brier
    assert figures["ece"] <= 0.0125
    assert abs(figures["mean_probability"] - figures["delay_rate"]) <= 0.01


@pytest.mark.santiago
def test_the_challenges_model_is_measured_beside_it() -> None:
    figures = json.loads((ARTIFACTS / "metrics.json").read_text())["challenge"]
    kinds = ["true_negatives", "false_positives", "false_negatives", "true_positives"]
    assert [figures[kind] for kind in kinds] == [9556, 8738, 1313, 2901]


def test_the_time_is_worth_more_than_any_table_of_rates() -> None:
    metrics = json.loads((ARTIFACTS / "metrics.json").read_text())
    gain = metrics["gains"]["timed"]
    assert gain["table"] == "Table of rates with times"
    assert gain["roc_auc"] > 3 * gain["standard_error"]
    best = max(table["roc_auc"] for table in metrics["tables"].values())
    assert gain["roc_auc"] == pytest.approx(metrics["timed_validation"]["roc_auc"] - best, abs=2e-6)


def test_the_model_says_whose_it_is(tmp_path: Path, elsewhere: Counts) -> None:
    metrics = publish(elsewhere, "all", tmp_path, "Nowhere (XXX)")
    assert (metrics.place, metrics.period, metrics.challenge) == ("Nowhere (XXX)", None, None)
    metadata = Model(tmp_path / "model.onnx").metadata
    assert (metadata.place, metadata.period) == ("Nowhere (XXX)", None)


def test_the_model_version_names_the_booster() -> None:
    version = json.loads((ARTIFACTS / "metrics.json").read_text())["model_version"]
    assert digests(ARTIFACTS)["booster.ubj"].startswith(version)


def test_a_run_that_fails_leaves_the_artifacts_as_they_were(
    tmp_path: Path, santiago: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.onnx").write_text("before")

    def refuse(*_: object) -> None:
        raise RuntimeError("not proven")

    monkeypatch.setattr("training.release.publish.prove", refuse)
    with pytest.raises(RuntimeError, match="not proven"):
        publish(santiago, "all", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_text() == "before"


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_files_are_replaced_all_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    replace(tmp_path, {"a": b"old a", "b": b"old b"})
    renames = []
    rename = Path.replace

    def fail_once(self: Path, target: Path) -> Path:
        renames.append(target)
        if len(renames) == broken + 1:
            raise OSError("the disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    with pytest.raises(OSError, match="disk is gone"):
        replace(tmp_path, {"a": b"new a", "b": b"new b", "c": b"new c"})
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == {"a": b"old a", "b": b"old b"}


def test_files_are_replaced_together(tmp_path: Path) -> None:
    replace(tmp_path / "new", {"a": b"old a", "b": b"old b"})
    replace(tmp_path / "new", {"a": b"new a", "c": b"new c"})
    left = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert left == {"a": b"new a", "b": b"old b", "c": b"new c"}
