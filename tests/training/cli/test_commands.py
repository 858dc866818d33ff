"""`python -m training` and `make` do what the README says, and refuse in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training import __main__ as command_line
from training.flights.counts import Counts
from training.model import Settings


def training(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


def test_count_turns_the_raw_table_into_the_committed_counts(
    raw_flights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "counts.csv"
    ended = training("count", "--flights", raw_flights, "--out", out)
    assert ended.returncode == 0
    assert out.read_bytes() == (ROOT / "data" / "scl_2017.csv").read_bytes()
    assert "68,206 flights, 12,614 delayed" in ended.stderr


def test_training_on_another_airport_publishes_its_model(tmp_path: Path, elsewhere: Counts) -> None:
    data, out = tmp_path / "counts.csv", tmp_path / "artifacts"
    data.write_text(elsewhere.to_csv())
    ended = training("train", "--data", data, "--out", out)
    assert ended.returncode == 0, ended.stderr
    assert "proven equal to XGBoost" in ended.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "booster.ubj",
        "challenge.ubj",
        "metrics.json",
        "model.onnx",
        "model.onnx.sha256",
        "pipeline.onnx",
    ]


def test_bad_data_ends_with_one_line_and_writes_nothing(tmp_path: Path) -> None:
    data, out = tmp_path / "counts.csv", tmp_path / "artifacts"
    data.write_text("OPERA,TIPOVUELO,MES,split,flights,delayed\nSky,N,13,train,2,1\n")
    ended = training("train", "--data", data, "--out", out)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Cannot train on {data}: expected an integer from 1 to 12, got '13' "
        "- at line 2, column `MES`.\n"
    )
    assert not out.exists()


def test_select_shows_its_table_and_saves_only_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = [Settings(5, 0.3, 2, 20), Settings(10, 0.3, 2, 20)]
    saved = tmp_path / "settings.json"
    saved.write_text("{}")
    monkeypatch.setattr("training.release.publish.SETTINGS", saved)
    monkeypatch.setattr("training.fitting.selection.GRID", grid)
    shown = CliRunner().invoke(command_line.app, ["select"])
    assert shown.exit_code == 0
    assert '"n_estimators": 10' in shown.stdout
    assert saved.read_text() == "{}"
    kept = CliRunner().invoke(command_line.app, ["select", "--save"])
    assert kept.exit_code == 0
    assert saved.read_text() in kept.stdout
    assert '"n_estimators": 10' in saved.read_text()


def test_a_python_too_old_is_told_which_is_needed(tmp_path: Path) -> None:
    # A stand-in, since an old Python is not on every machine: it says that it is one.
    old = tmp_path / "python3"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 9, 2)\n'
        'sys.version = \'3.9.2 (main)\'\nexec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    ended = subprocess.run(
        ["make", "--silent", f"PYTHON={old}", ".build/too-old/ready"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"MAKEFLAGS": ""},
    )
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"Puntual needs Python 3.12 or newer, and {old} is 3.9.2.\n")
    assert not (ROOT / ".build" / "too-old").exists()
