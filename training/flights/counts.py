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

from .features import FEATURES, NOT_GIVEN, categories_of, without_day, without_time
from .split import FOLDS, NO_WEEK, SPLITS, draw, split_weeks

TOTALS: Final = ["flights", "delayed"]
CELL: Final = [*FEATURES, "week", "split"]
COUNTED: Final = [*CELL, *TOTALS]
OPTIONAL: Final = {**NOT_GIVEN, "week": NO_WEEK}  # columns that counts may lack
_DAY_NUMBERS: Final = pd.Series(range(len(DAYS)), DAYS)  # cells are sorted by them


@dataclass(frozen=True)
class Counts:
    """Flights and delayed flights of each cell in each week, in canonical order.

    `table` has the columns `COUNTED`, each cell once and none empty. Its rows are a sufficient
    statistic: a fit on them, weighted, is the fit on the flights themselves. The week says the
    split; flights without a week have the split that they were given. `period` says when they
    departed, such as "2017", where the source has dates.
    """

    table: pd.DataFrame
    period: str | None = None

    @classmethod
    def from_table(cls, table: pd.DataFrame, period: str | None = None) -> Self:
        """Add up the rows of `table`, which has the columns `COUNTED` in any order.

        Flights have no times without `HORA` and `DIANOM`, no day so far without `HOY`, and no week
        without `week`. `split` is needed where a flight has no week.
        """
        table = table.assign(**{name: no for name, no in OPTIONAL.items() if name not in table})
        if "split" not in table:
            table = table.assign(split=split_weeks(table["week"]))
        numbered = table.assign(DIANOM=_DAY_NUMBERS.loc[table["DIANOM"]].to_numpy())
        cells = numbered.groupby(CELL, as_index=False)[TOTALS].sum()  # sorted by the cells
        cells = cells[cells["flights"] > 0].reset_index(drop=True)
        return cls(cells.assign(DIANOM=np.array(DAYS)[cells["DIANOM"]]), period)

    def without_time(self) -> Self:
        """Return the counts of the same flights without their times."""
        return type(self).from_table(without_time(self.table), self.period)

    def without_day(self) -> Self:
        """Return the counts of the same flights without the day so far."""
        return type(self).from_table(without_day(self.table), self.period)

    def for_training(self) -> Self:
        """Return these counts, split at random where they lack weeks of one fold or more.

        The day so far is left out unless flights that have it are delayed and punctual in both
        splits. Raise `DataError` unless both splits hold delayed and punctual flights.
        """
        delayed, flights = self.table["delayed"].sum(), self.table["flights"].sum()
        if not 0 < delayed < flights:
            raise DataError(
                "Cannot train: expected delayed and punctual flights, got "
                f"{delayed:,} delayed of {flights:,}."
            )
        few = not self.by_weeks and (self.table["week"] != NO_WEEK).all()
        counts = self.without_weeks() if few else self
        for split in SPLITS:
            part = counts.part(split)[TOTALS].sum()
            if not 0 < part["delayed"] < part["flights"]:
                raise DataError(
                    "Cannot train: expected delayed and punctual flights in the split "
                    f"`{split}`, got {part['delayed']} delayed of {part['flights']}."
                )
        with_day = counts.table[counts.table["HOY"] != NOT_GIVEN["HOY"]]
        known = with_day.groupby("split")[TOTALS].sum()
        measured = known.index[known["delayed"].between(1, known["flights"] - 1)]
        return counts if {*measured} == {*SPLITS} else counts.without_day()

    def without_weeks(self) -> Self:
        """Return the counts of the same flights, split at random instead of by weeks."""
        cells = self.table.groupby(FEATURES, as_index=False)[TOTALS].sum()
        return type(self).from_table(draw(cells.assign(week=NO_WEEK)), self.period)

    @cached_property
    def timed(self) -> bool:
        """Whether any flight has a time."""
        return self.categories.timed

    @cached_property
    def by_weeks(self) -> bool:
        """Whether whole weeks are split, and each fold holds flights; else flights are."""
        weeks = self.table["week"]
        return bool((weeks != NO_WEEK).all()) and set(weeks % FOLDS) == {*range(FOLDS)}

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

    def to_csv(self) -> str:
        """Return the canonical CSV, such as `data/scl_2017.csv`.

        A column that says nothing is left out: `week` where no flight has one, and `split` where
        all have.
        """
        dated = self.table["week"] != NO_WEEK
        idle = {"split"} if dated.all() else set() if dated.any() else {"week"}
        names = [name for name in COUNTED if name not in idle]
        return self.table[names].to_csv(index=False, lineterminator="\n")


def weighted_rows(cells: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Return each cell twice, with its label (delayed first, then punctual) and its weight.

    Two weighted rows a cell stand for all its flights.
    """
    rows = pd.concat([cells, cells], ignore_index=True)
    label = np.repeat([1, 0], len(cells))
    weight = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    return rows, label, weight
