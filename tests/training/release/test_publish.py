"""What is published is what was measured, whole, and the same each time."""

import hashlib
import json
import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from function.model import Model
from tests.support.commands import succeed
from training import challenge
from training.errors import DataError
from training.flights.counts import Counts
from training.model import DelayModel
from training.project import ARTIFACTS
from training.release.artifacts import replace
from training.release.card import NO_WEEKS
from training.release.publish import publish
from training.release.training_metrics import TrainingMetrics
from training.report.evaluation import Evaluation

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
def test_training_again_gives_the_committed_bytes(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "training", "train", "--out", tmp_path)
    succeed(*command, environment=os.environ | {"PYTHONHASHSEED": "4242"})
    assert digests(tmp_path) == digests(ARTIFACTS)


def metrics() -> TrainingMetrics:
    return msgspec.json.decode((ARTIFACTS / "metrics.json").read_bytes(), type=TrainingMetrics)


@pytest.mark.santiago
def test_unseen_weeks_show_what_was_asked_of_the_model() -> None:
    found = metrics()
    for way, flights in (("untimed", 68_206), ("timed", 68_206), ("day", 66_955)):
        figures = found.unseen[way]
        assert figures["flights"] >= flights
        assert figures["weeks"] == 53
        assert figures["ece"] <= 0.015
        assert abs(figures["top_tenth_probability"] - figures["top_tenth_rate"]) <= 0.03
        assert 0.9 < figures["slope"] < 1.1
        assert abs(figures["mean_probability"] - figures["delay_rate"]) < 2 * figures["bias_error"]
    timed, day = found.gains["timed"], found.steps["day"]
    assert timed.beyond_chance
    assert timed.roc_auc >= 0.007
    assert timed.log_loss >= 0.002
    assert day.beyond_chance
    assert day.roc_auc >= 0.012
    assert day.log_loss >= 0.005


@pytest.mark.santiago
def test_the_published_model_has_not_learned_its_validation_weeks(santiago: Counts) -> None:
    found, model = metrics(), Model(ARTIFACTS / "model.onnx")
    learned = santiago.table[santiago.table["week"] % 5 != 4]
    seen = sum(each.flights for each in model.metadata.training_counts)
    assert seen == learned["flights"].sum()
    validation = found.validation["timed"]
    assert validation["flights"] == 68_206 - seen
    assert validation["weeks"] == 10


@pytest.mark.santiago
def test_a_random_split_would_have_flattered() -> None:
    found = metrics()
    assert found.random_split["timed"] > found.unseen["timed"]["roc_auc"] + 0.01


@pytest.mark.santiago
def test_the_challenges_published_model_is_the_same_as_ever() -> None:
    published = challenge.counts()
    model = DelayModel(store=ARTIFACTS / "challenge.ubj")
    cells = published.part("validation")
    late = np.array(model.predict(model.preprocess(cells)))
    on_time = cells["flights"] - cells["delayed"]
    matrix = [
        [int(on_time[late == 0].sum()), int(on_time[late == 1].sum())],
        [int(cells["delayed"][late == 0].sum()), int(cells["delayed"][late == 1].sum())],
    ]
    assert matrix == [[9556, 8738], [1313, 2901]]


def test_the_challenges_counts_are_those_of_its_table(raw_flights: Path) -> None:
    assert challenge.count(raw_flights) == challenge.CHALLENGE.read_text()


@pytest.mark.slow
def test_a_year_of_too_few_weeks_is_split_at_random_and_says_so(
    santiago: Counts, tmp_path: Path
) -> None:
    few = Counts.from_table(santiago.table[santiago.table["week"].isin([2454, 2455, 2456])])
    published = publish(few, "all", tmp_path)
    assert not published.by_weeks
    assert published.counts_sha256 == few.sha256
    assert published.unseen["timed"]["weeks"] == 0
    assert NO_WEEKS in (tmp_path / "README.md").read_text()
    reported = Evaluation.of(tmp_path, few, "few.csv")
    found = reported.scores["Model, with times"].measured()
    assert found == {name: published.unseen["timed"][name] for name in found}


@pytest.mark.slow
def test_a_day_so_far_that_few_flights_have_is_not_learned(dated: Counts, tmp_path: Path) -> None:
    table = dated.table.copy()
    table["HOY"] = table["HOY"].where((table["week"] == 2_450) & (table["HOY"] == 3), -1)
    published = publish(Counts.from_table(table), "all", tmp_path)
    assert [*published.unseen] == ["untimed", "timed"]
    assert not Model(tmp_path / "model.onnx").metadata.categories.knows_day


@pytest.mark.slow
def test_a_fold_without_the_day_so_far_is_answered_without_it(
    dated: Counts, tmp_path: Path
) -> None:
    table = dated.table.copy()
    table["HOY"] = table["HOY"].where(table["week"] % 5 != 2, -1)
    day = publish(Counts.from_table(table), "all", tmp_path).unseen["day"]
    assert day["flights"] == table["flights"][table["HOY"] >= 0].sum()


@pytest.mark.parametrize("delayed", [0, 1])
def test_flights_of_one_outcome_are_refused(santiago: Counts, tmp_path: Path, delayed: int) -> None:
    alike = Counts.from_table(santiago.table.assign(delayed=delayed * santiago.table["flights"]))
    with pytest.raises(DataError, match="expected delayed and punctual flights, got"):
        publish(alike, "all", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_model_says_whose_it_is(tmp_path: Path, elsewhere: Counts) -> None:
    found = publish(elsewhere, "all", tmp_path, "Nowhere (XXX)")
    assert (found.place, found.period, found.challenge) == ("Nowhere (XXX)", None, None)
    metadata = Model(tmp_path / "model.onnx").metadata
    assert (metadata.place, metadata.period) == ("Nowhere (XXX)", None)


def test_the_model_version_names_the_booster() -> None:
    version = json.loads((ARTIFACTS / "metrics.json").read_text())["model_version"]
    assert digests(ARTIFACTS)["booster.ubj"].startswith(version)


def test_a_run_that_fails_leaves_the_artifacts_as_they_were(
    tmp_path: Path, elsewhere: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.onnx").write_text("before")

    def refuse(*_: object) -> None:
        raise RuntimeError("not proven")

    monkeypatch.setattr("training.release.publish.prove", refuse)
    with pytest.raises(RuntimeError, match="not proven"):
        publish(elsewhere, "all", tmp_path)
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
