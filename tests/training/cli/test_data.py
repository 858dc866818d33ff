"""The commands take an address, and split its flights as they say."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from training.cli.data import Split, count, read_counts
from training.errors import DataError
from training.flights.counts import Counts
from training.flights.reading import read


def test_a_table_of_counts_loads_no_engine() -> None:
    code = (
        "import sys; from training.cli.data import read_counts; "
        "read_counts('data/scl_2017.csv'); print({'ibis', 'duckdb'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_one_csv_keeps_the_challenges_split_and_all_else_is_drawn(
    raw_flights: Path, tmp_path: Path, santiago: Counts
) -> None:
    assert read_counts(str(raw_flights)).sha256 == santiago.sha256
    (tmp_path / "a.csv").symlink_to(raw_flights)
    drawn = read_counts(str(tmp_path / "*.csv"))
    assert drawn.sha256 != santiago.sha256
    assert drawn.part("train")["flights"].sum() == santiago.part("train")["flights"].sum()
    out = tmp_path / "counts"
    count(str(raw_flights), out, split=Split.draw)
    assert read(out).sha256 == drawn.sha256


def test_a_split_by_rows_that_cannot_be_is_refused(raw_flights: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="by its rows: expected one CSV file with the columns"):
        count(str(raw_flights), tmp_path / "counts", airline="OPERA", month="M", split=Split.rows)
