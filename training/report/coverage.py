"""Which of the possible flights training saw."""

from typing import NamedTuple

import numpy as np

from training.flights.counts import Counts
from training.flights.features import cells_of
from training.flights.split import SPLITS

from .evaluation import Evaluation


class Unseen(NamedTuple):
    """Possible flights, those that training never saw, and the validation flights like these."""

    possible: int
    never: int
    flights: int


def unseen(e: Evaluation) -> dict[str, Unseen]:
    """Return what training never saw: airline, type and month, and with times where known."""
    known = e.counts.categories
    untimed = len(known.OPERA) * len(known.TIPOVUELO) * len(known.MES)
    found = {"without": _unseen(e.counts.without_time(), untimed)}
    if e.timed:
        found["with"] = _unseen(e.counts, e.metrics.proven - untimed)
    return found


def _unseen(counts: Counts, possible: int) -> Unseen:
    train, cells = (counts.part(split) for split in SPLITS)
    if counts.timed:
        train, cells = (part[part["HORA"] >= 0] for part in (train, cells))
    seen = np.unique(cells_of(train, counts.categories))
    missed = ~np.isin(cells_of(cells, counts.categories), seen)
    return Unseen(possible, possible - len(seen), int(cells["flights"][missed].sum()))
