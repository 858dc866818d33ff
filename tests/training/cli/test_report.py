import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training.__main__ import app
from training.errors import DataError
from training.flights.counts import TOTALS, Counts
from training.project import ARTIFACTS
from training.release.publish import publish

COUNTS = ROOT / "data" / "scl_2017.csv"


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    for name in ("metrics.json", "booster.ubj"):
        shutil.copy(ARTIFACTS / name, tmp_path)
    return tmp_path


def report(artifacts: Path, data: Path) -> str:
    arguments = ["report", "--data", str(data), "--out", str(artifacts)]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    return (artifacts / "report.html").read_text()


@pytest.mark.slow
def test_an_exploration_beside_the_counts_is_shown(tmp_path: Path, dated: Counts) -> None:
    counts = tmp_path / "counts.csv"
    counts.write_text(dated.to_csv())
    publish(dated, "all", tmp_path)
    assert "<h3>Destination" not in report(tmp_path, counts)
    flights, delayed = dated.table[TOTALS].sum()
    (tmp_path / "counts_exploration.csv").write_text(
        f"dimension,value,flights,delayed\ndestination,Lima,{flights},{delayed}\n"
    )
    assert "<h3>Destination" in report(tmp_path, counts)


def test_flights_that_the_model_did_not_learn_from_are_refused_by_their_name(
    artifacts: Path,
) -> None:
    other = artifacts / "other.csv"
    other.write_text(
        "\n".join(line for line in COUNTS.read_text().splitlines() if ",12," not in line)
    )
    with pytest.raises(DataError, match=f"make train DATA={other}"):
        report(artifacts, other)
