"""What training saw: the flights behind each answer."""

import functools

import msgspec
import numpy as np
from numpy.typing import NDArray

from .metadata import CellCounts
from .model import Model


class TrainingFlights(msgspec.Struct, frozen=True):
    """The training flights of a cell; the rate is null where there were none."""

    flights: int
    delayed: int
    delay_rate: float | None


NEVER_SEEN = TrainingFlights(0, 0, None)


class Evidence:
    """The training flights of every cell that training saw, with times and without.

    Flights are counted twice: in their timed cell and in the untimed cell of the same airline, type
    and month.
    """

    def __init__(self, model: Model) -> None:
        self._numbers = model.encoder.numbers
        self._untimed = model.metadata.training_counts
        self._timed = model.metadata.timed_training_counts

    def of(self, cells: NDArray[np.int64]) -> list[TrainingFlights]:
        """Return what training saw of each of these cells, [N], whatever the day so far."""
        cells = self._numbers.without_day(cells)
        return [self._seen.get(cell, NEVER_SEEN) for cell in cells.tolist()]

    @functools.cached_property
    def untimed(self) -> NDArray[np.int64]:
        """The untimed cells that training saw, their flights and delayed flights, int64 [3, C]."""
        cells, *counts = _columns(self._untimed)
        return np.stack([cells * self._numbers.per_month, *counts])

    @functools.cached_property
    def timed(self) -> NDArray[np.int64]:
        """The timed cells that training saw, their flights and delayed flights, int64 [3, C]."""
        return _columns(msgspec.json.decode(self._timed, type=tuple[CellCounts, ...]))

    @functools.cached_property
    def _seen(self) -> dict[int, TrainingFlights]:
        counts = np.concatenate([self.untimed, self.timed], axis=1).T.tolist()
        return {
            cell: TrainingFlights(flights, delayed, delayed / flights)
            for cell, flights, delayed in counts
        }


def _columns(counts: tuple[CellCounts, ...]) -> NDArray[np.int64]:
    rows = [msgspec.structs.astuple(row) for row in counts]
    return np.array(rows, np.int64).reshape(-1, 3).T
