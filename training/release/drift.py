"""How the mix of flights has moved since training."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from function.cells import Cells
from function.metadata import CellCounts
from training.flights.features import FEATURES, FLIGHT, NOT_GIVEN, TIME

from .answering import Description

# The conventional reading of a population stability index.
STABLE: Final = 0.1
LARGE: Final = 0.25
FLOOR: Final = 1e-4  # the least share: the logarithm of none would be infinite

type Flights = "pd.Series[int]"  # by category


class Drift(NamedTuple):
    """The population stability index of a feature, and the categories that came and went."""

    feature: str
    psi: float
    new: list[str]
    vanished: list[str]

    @property
    def word(self) -> str:
        """What the index is called by convention."""
        if self.psi < STABLE:
            return "stable"
        return "moderate shift" if self.psi < LARGE else "large shift"


def drifts(description: Description, cells: pd.DataFrame) -> Iterator[Drift]:
    """Yield the drift of each feature whose training flights the model tells.

    Hours and weekdays are those of the flights that have them.
    """
    timed = cells[cells["HORA"] != NOT_GIVEN["HORA"]]
    for feature, before in _training(description).items():
        flights = timed if feature in TIME else cells
        now = flights.groupby(feature)["flights"].sum()
        if before.sum() and now.sum():
            yield Drift(
                feature,
                stability_index(before, now),
                [str(name) for name in now.index if before.get(name, 0) == 0],
                [str(name) for name in before.index if before[name] and name not in now.index],
            )


def stability_index(before: Flights, now: Flights) -> float:
    """Return the population stability index of two distributions over categories.

    It is the symmetric Kullback-Leibler divergence of their shares, in nats.
    """
    both = pd.DataFrame({"before": before, "now": now}).fillna(0)
    expected, actual = (
        np.maximum(both[name].to_numpy(np.float64) / both[name].sum(), FLOOR)
        for name in ("before", "now")
    )
    return float((actual - expected) @ np.log(actual / expected))


def _training(description: Description) -> dict[str, Flights]:
    """Return the training flights of each category, for the features that the model tells."""
    numbers = Cells(description.categories)
    return {
        name: _by_category(seen, per_cell, name, description)
        for features, seen, per_cell in (
            (FLIGHT, description.training_counts, numbers.per_month),
            (TIME, description.timed_training_counts or (), 1),
        )
        for name in features
        if seen
    }


def _by_category(
    seen: tuple[CellCounts, ...], per_cell: int, feature: str, description: Description
) -> Flights:
    cells, flights, _ = np.array([msgspec.structs.astuple(row) for row in seen], np.int64).T
    digit = Cells(description.categories).digits(cells * per_cell)[FEATURES.index(feature)]
    categories = getattr(description.categories, feature)
    totals = np.bincount(digit, flights, minlength=len(categories)).astype(np.int64)
    return pd.Series(totals, index=pd.Index(categories))
