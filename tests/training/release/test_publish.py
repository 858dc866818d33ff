"""What is published is what was measured, whole, and the same each time."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from training.flights.counts import Counts
from training.project import ARTIFACTS
from training.release.artifacts import replace
from training.release.publish import publish

PUBLISHED = [
    "booster.ubj",
    "challenge.ubj",
    "metrics.json",
    "model.onnx",
    "model.onnx.sha256",
    "pipeline.onnx",
]


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in PUBLISHED}


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_training_again_gives_the_committed_bytes(tmp_path: Path, seed: str) -> None:
    command = [sys.executable, "-m", "training", "train", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=True)
    assert digests(tmp_path) == digests(ARTIFACTS)


def test_the_published_model_reaches_what_was_asked_of_it() -> None:
    figures = json.loads((ARTIFACTS / "metrics.json").read_text())["validation"]
    assert figures["flights"] == 22_508
    assert figures["roc_auc"] >= 0.675
    assert figures["f1_delay"] >= 0.385
    assert figures["recall_delay"] >= 0.65
    assert figures["brier"] <= 0.1425
    assert figures["ece"] <= 0.015
    assert abs(figures["mean_probability"] - figures["delay_rate"]) <= 0.01


def test_the_challenges_model_is_measured_beside_it() -> None:
    figures = json.loads((ARTIFACTS / "metrics.json").read_text())["challenge"]
    kinds = ["true_negatives", "false_positives", "false_negatives", "true_positives"]
    assert [figures[kind] for kind in kinds] == [9556, 8738, 1313, 2901]


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
