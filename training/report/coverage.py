"""Which of the possible flights training saw."""

from typing import NamedTuple

import numpy as np

from training.flights.counts import Counts
from training.flights.features import cells_of
from training.flights.split import SPLITS

from .evaluation import Evaluation


class Coverage(NamedTuple):
    """Possible flights, those that training never saw, and the validation flights like these."""

    possible: int
    never: int
    flights: int


def coverage(e: Evaluation) -> dict[str, Coverage]:
    """Return what training never saw: airline, type and month, and with times where known."""
    known = e.counts.categories
    untimed = len(known.OPERA) * len(known.TIPOVUELO) * len(known.MES)
    found = {"without": _coverage(e.counts.without_time(), untimed)}
    if e.timed:
        times = (len(known.HORA) - 1) * (len(known.DIANOM) - 1)
        found["with"] = _coverage(e.counts.without_day(), untimed * times)
    return found


def _coverage(counts: Counts, possible: int) -> Coverage:
    train, cells = (counts.part(split) for split in SPLITS)
    if counts.timed:
        train, cells = (part[part["HORA"] >= 0] for part in (train, cells))
    seen = np.unique(cells_of(train, counts.categories))
    missed = ~np.isin(cells_of(cells, counts.categories), seen)
    return Coverage(possible, possible - len(seen), int(cells["flights"][missed].sum()))
