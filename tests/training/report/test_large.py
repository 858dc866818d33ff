"""An airport of as many airlines as can be: the page and the memory that makes it stay small."""

import hashlib
import sys
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from function.metadata import WEEKDAYS
from tests.support.commands import succeed
from tests.support.html import Page
from training.flights.counts import Counts
from training.flights.features import MAX_AIRLINES
from training.model import DelayModel, Settings
from training.project import ARTIFACTS
from training.release.training_metrics import METRICS, TrainingMetrics

AIRLINES = [f"Airline {i:03}" for i in range(MAX_AIRLINES)]
SETTINGS = Settings(10, 0.3, 4)
# A process keeps the peak of the one that it was forked from; that of its own memory is `VmHWM`.
REPORT = """
import pathlib, re, sys
from training.__main__ import app
app(["report", *sys.argv[1:]], standalone_mode=False)
print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""
TRAINED, MEASURED = 4_000, 60_000


@pytest.fixture(scope="module")
def counts() -> Counts:
    rng = np.random.default_rng(5)
    size = TRAINED + MEASURED
    share = 1 / np.arange(1, MAX_AIRLINES + 1)
    drawn = rng.choice(AIRLINES, size - 2 * MAX_AIRLINES, p=share / share.sum())
    table = pd.DataFrame(
        {
            "OPERA": np.concatenate([AIRLINES, drawn, AIRLINES]),
            "TIPOVUELO": rng.choice(["I", "N"], size),
            "MES": rng.integers(1, 13, size),
            "HORA": rng.integers(0, 24, size),
            "DIANOM": rng.choice(WEEKDAYS, size),
            "split": np.where(np.arange(size) < TRAINED, "train", "validation"),
            "flights": rng.integers(1, 20, size),
        }
    )
    table["delayed"] = rng.binomial(table["flights"], 0.1 + table["HORA"] / 60)
    return Counts.from_table(table)


@pytest.fixture(scope="module")
def artifacts(counts: Counts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of these counts; its metrics are others', as their size is the same."""
    folder = tmp_path_factory.mktemp("large")
    model = DelayModel(None, SETTINGS, folder / "booster.ubj")
    model.fit_counts(counts.part("train"), counts.categories).save()
    metrics = msgspec.json.decode((ARTIFACTS / METRICS).read_bytes(), type=TrainingMetrics)
    version = hashlib.sha256(model.store.read_bytes()).hexdigest()[:12]
    told = replace(
        metrics,
        counts_sha256=counts.sha256,
        model_version=version,
        settings=SETTINGS,
        place=None,
        by_weeks=False,
        challenge=None,
    )
    (folder / METRICS).write_bytes(msgspec.json.encode(told))
    (folder / "counts.csv").write_text(counts.to_csv())
    return folder


@pytest.mark.slow
def test_the_report_stays_below_a_gigabyte_and_a_megabyte(artifacts: Path) -> None:
    data = artifacts / "counts.csv"
    shown = succeed(sys.executable, "-c", REPORT, "--data", data, "--out", artifacts)
    assert int(shown.stdout.splitlines()[-1]) < 1_000_000  # KB

    html = (artifacts / "report.html").read_text()
    assert len(html) < 1_000_000
    page = Page(html)
    airlines = page.table("Airline", "Flights")
    assert len(airlines) == 200
    assert f"The 24 with the most flights of {MAX_AIRLINES}; the table has 200." in html
    assert "Airline 000" in {row[0] for row in airlines}
