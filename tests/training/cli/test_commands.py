"""`python -m training` and `make` do what the README says, and refuse in one line."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.support.commands import Ended, run
from tests.support.paths import ROOT
from training import __main__ as command_line
from training.errors import DataError
from training.fitting.selection import SETTINGS, choose
from training.flights.counts import Counts
from training.model import Settings


def training(*arguments: str | Path) -> Ended:
    return run(sys.executable, "-m", "training", *arguments)


def test_count_turns_the_raw_table_into_the_committed_counts(
    raw_flights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "counts.csv"
    ended = training("count", "--flights", raw_flights, "--out", out)
    assert ended.returncode == 0
    assert out.read_bytes() == (ROOT / "data" / "scl_2017.csv").read_bytes()
    assert "68,206 flights, 12,614 delayed" in ended.stderr


@pytest.mark.slow
def test_training_on_another_airport_publishes_its_model(tmp_path: Path, elsewhere: Counts) -> None:
    data, out = tmp_path / "counts.csv", tmp_path / "artifacts"
    data.write_text(elsewhere.to_csv())
    shutil.copy(ROOT / "data" / "scl_2017_exploration.csv", tmp_path / "counts_exploration.csv")
    ended = training("train", "--data", data, "--out", out)
    assert ended.returncode == 0, ended.stderr
    assert "proven equal to XGBoost" in ended.stderr
    assert "not of the same flights" in ended.stderr  # so the card does not speak of them
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "booster.ubj",
        "challenge.ubj",
        "metrics.json",
        "model.onnx",
        "model.onnx.sha256",
        "pipeline.onnx",
    ]


@pytest.mark.slow
def test_bad_data_ends_with_one_line_and_writes_nothing(tmp_path: Path) -> None:
    data, out = tmp_path / "counts.csv", tmp_path / "artifacts"
    data.write_text("OPERA,TIPOVUELO,MES,split,flights,delayed\nSky,N,13,train,2,1\n")
    ended = training("train", "--data", data, "--out", out)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Cannot use {data}: expected an integer from 1 to 12, got '13' "
        "- at line 2, column `MES`.\n"
    )
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("training.model.DelayModel.fit_counts")
    (tmp_path / "file").touch()
    ended = CliRunner().invoke(command_line.app, ["train", "--out", str(tmp_path / "file")])
    assert isinstance(ended.exception, DataError)
    assert str(ended.exception).startswith(f"Cannot write {tmp_path}/file/metrics.json: ")


def test_select_shows_its_table_and_saves_only_when_told(
    tmp_path: Path, dated: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "counts.csv"
    data.write_text(dated.to_csv())
    saved, table = tmp_path / "settings.json", tmp_path / "selection.csv"
    before = SETTINGS.read_bytes()
    saved.write_bytes(before)
    for name, value in {
        "SETTINGS": saved,
        "TABLE": table,
        "FITS": [Settings(10, 0.3, 2, 20)],
        "TREES": (5, 10),
    }.items():
        monkeypatch.setattr(f"training.fitting.selection.{name}", value)
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(command_line.app, ["select", "--data", str(data)])
    assert shown.exit_code == 0
    assert '"n_estimators": 10' in shown.stdout
    assert "chosen" in shown.stderr
    assert "are not among those compared" in shown.stderr
    assert saved.read_bytes() == before
    kept = CliRunner().invoke(command_line.app, ["select", "--save", "--data", str(data)])
    assert kept.exit_code == 0
    assert saved.read_text() in kept.stdout
    assert '"n_estimators": 10' in saved.read_text()
    assert choose(pd.read_csv(table)) == Settings(10, 0.3, 2, 20)
