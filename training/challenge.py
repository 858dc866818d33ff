"""The delay challenge's own split of its rows, on which its published model was fitted."""

from pathlib import Path
from typing import Final

import pandas as pd

from training.flights.counts import Counts
from training.flights.features import FLIGHT
from training.flights.frames import delayed
from training.flights.reading import read
from training.flights.split import split_rows
from training.project import ROOT

CHALLENGE: Final = ROOT / "data" / "challenge.csv"
COLUMNS: Final = [*FLIGHT, "split", "flights", "delayed"]


def counts() -> Counts:
    """Return the challenge's flights as counts, without times, split as the challenge splits."""
    return read(CHALLENGE)


def count(flights: Path) -> str:
    """Return the canonical CSV of these counts, from the challenge's own table."""
    rows = pd.read_csv(flights, low_memory=False)
    late = delayed(rows)
    cells = rows[FLIGHT].assign(split=split_rows(len(rows)), flights=1, delayed=late.astype(int))
    return Counts.from_table(cells).table[COLUMNS].to_csv(index=False, lineterminator="\n")
