"""Flights as counts: all that a model of these features can learn from them."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.metadata import DAYS, Categories
from training.errors import DataError

from .features import FEATURES, NOT_GIVEN, TIME, categories_of, without_time
from .split import SPLITS

DELAY_MINUTES: Final = 15
CELL: Final = [*FEATURES, "split"]
CHALLENGE_SHA256: Final = "ab248e6ee81473fcb4bbea581b9a6b303ebd4731665bb6b3dc9c5642511b830c"
TOTALS: Final = ["flights", "delayed"]
_DAY_NUMBERS: Final = pd.Series(range(len(DAYS)), DAYS)  # cells are sorted by them
COUNTED: Final = [*CELL, *TOTALS]


@dataclass(frozen=True)
class Counts:
    """Flights and delayed flights of each cell and split, in canonical order.

    `table` has the columns `COUNTED`, each cell once and none empty. It is a sufficient statistic:
    a fit on it, weighted, is the fit on the flights themselves. `period` says when they departed,
    such as "2017", where the source has dates.
    """

    table: pd.DataFrame
    period: str | None = None

    @classmethod
    def from_table(cls, table: pd.DataFrame, period: str | None = None) -> Self:
        """Add up the rows of `table`, which has the columns `COUNTED` in any order.

        Without `HORA` and `DIANOM`, the flights have no times.
        """
        table = table.assign(**{name: NOT_GIVEN[name] for name in TIME if name not in table})
        numbered = table.assign(DIANOM=_DAY_NUMBERS.loc[table["DIANOM"]].to_numpy())
        cells = numbered.groupby(CELL, as_index=False)[TOTALS].sum()  # sorted by the cells
        cells = cells[cells["flights"] > 0].reset_index(drop=True)
        return cls(cells.assign(DIANOM=np.array(DAYS)[cells["DIANOM"]]), period)

    def without_time(self) -> Self:
        """Return the counts of the same flights without their times."""
        return type(self).from_table(without_time(self.table), self.period)

    @cached_property
    def timed(self) -> bool:
        """Whether any flight has a time."""
        return self.categories.timed

    def part(self, split: str) -> pd.DataFrame:
        """Return the rows of one split."""
        return self.table[self.table["split"] == split].reset_index(drop=True)

    @cached_property
    def categories(self) -> Categories:
        """The categories of the flights: the one-hot order."""
        return categories_of(self.table)

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of the counts."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()

    @cached_property
    def of_the_challenge(self) -> bool:
        """Whether these are the delay challenge's flights, split as the challenge splits them."""
        columns = [name for name in COUNTED if name not in TIME]
        text = self.without_time().table[columns].to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest() == CHALLENGE_SHA256

    def to_csv(self) -> str:
        """Return the canonical CSV, such as `data/scl_2017.csv`."""
        return self.table[COUNTED].to_csv(index=False, lineterminator="\n")


def check_splits(counts: Counts, source: str) -> None:
    """Raise `DataError` unless both splits hold delayed and punctual flights."""
    for split in SPLITS:
        part = counts.part(split)[TOTALS].sum()
        if not 0 < part["delayed"] < part["flights"]:
            raise DataError(
                f"Cannot train on {source}: expected delayed and punctual flights in the split "
                f"`{split}`, got {part['delayed']} delayed of {part['flights']}."
            )


def weighted_rows(cells: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Return each cell twice, with its label (delayed first, then punctual) and its weight.

    Two weighted rows a cell stand for all its flights.
    """
    rows = pd.concat([cells, cells], ignore_index=True)
    label = np.repeat([1, 0], len(cells))
    weight = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    return rows, label, weight
