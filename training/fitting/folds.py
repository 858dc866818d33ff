"""Flights held out of a fit: whole weeks where these are known, else random flights."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from function.metadata import Categories
from training.flights.counts import TOTALS
from training.flights.features import FEATURES, NOT_GIVEN, without_day, without_time
from training.flights.split import FOLDS, NO_WEEK, sample

# How flights are asked: without their times, with them, and with the day so far.
WAYS: Final = ("untimed", "timed", "day")
SEED: Final = 42


def parts_of(cells: pd.DataFrame) -> list[pd.DataFrame]:
    """Divide flights into their folds of weeks, or into random parts where weeks are not known."""
    weeks = cells["week"]
    if (weeks == NO_WEEK).any():
        return [*_random_parts(cells, np.random.default_rng(SEED))]
    folds = weeks % FOLDS
    return [cells[folds == fold].reset_index(drop=True) for fold in sorted(folds.unique())]


def holdouts(parts: Sequence[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield each part with the flights of all others before it: (fitted, held out)."""
    for number, held_out in enumerate(parts):
        rest = [part for other, part in enumerate(parts) if other != number]
        yield pd.concat(rest, ignore_index=True), held_out


def ways_of(categories: Categories) -> list[str]:
    """Return the ways in which flights with these categories can be asked."""
    known = {"untimed": True, "timed": categories.timed, "day": categories.knows_day}
    return [way for way in WAYS if known[way]]


def flights_asked(cells: pd.DataFrame, way: str) -> pd.DataFrame:
    """Return flights as they are asked in one of `WAYS`, by cell and week.

    With the day so far, only those that have it are asked.
    """
    if way == "day":
        cells = cells[cells["HOY"] != NOT_GIVEN["HOY"]]
    found: pd.DataFrame = (
        reduced(cells, way).groupby([*FEATURES, "week"], as_index=False)[TOTALS].sum()
    )
    return found


def reduced(cells: pd.DataFrame, way: str) -> pd.DataFrame:
    """Return the same rows with no more of each flight than one of `WAYS` tells."""
    if way == "untimed":
        return without_time(cells)
    return without_day(cells) if way == "timed" else cells


def _random_parts(cells: pd.DataFrame, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """Yield `FOLDS` random parts of equal size, or fewer where there are fewer flights.

    Flights of a cell and label are alike, so a random part of them is a hypergeometric draw.
    """
    cells = cells.reset_index(drop=True)
    rest = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    for left in range(FOLDS, 0, -1):
        drawn = sample(rest, int(rest.sum()) // left, rng)
        rest -= drawn
        delayed, on_time = np.split(drawn, 2)
        part = cells.assign(flights=delayed + on_time, delayed=delayed)
        part = part[part["flights"] > 0]
        if len(part):
            yield part.reset_index(drop=True)
