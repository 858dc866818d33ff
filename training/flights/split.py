"""The split of flights into a training and a validation part: by whole weeks, where known."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .features import FEATURES

SPLITS: Final = ("train", "validation")
# Flights of a day share its storms, so whole weeks are split. Week 0 begins on Monday, 5 January
# 1970; week w is in fold w mod 5, and the last fold validates, at every airport and for good. So a
# model and its successor, which learns from more weeks, have both never seen it.
FOLDS: Final = 5
VALIDATION_FOLD: Final = 4
NO_WEEK: Final = -1  # of flights without dates
SEED: Final = 42
VALIDATION: Final = 0.33  # as the delay challenge splits
BLOCK: Final = 5 * 10**8  # NumPy draws from fewer than 10^9 at a time


def split_weeks(weeks: "pd.Series[int]") -> NDArray[np.str_]:
    """Return the split of each of these weeks."""
    return np.where(weeks % FOLDS == VALIDATION_FOLD, SPLITS[1], SPLITS[0])


def draw(cells: pd.DataFrame) -> pd.DataFrame:
    """Return `cells` twice, once for each split, with its random share of the flights.

    Flights of a cell and label are alike, so a random split of them all is a hypergeometric draw
    of their numbers: it depends on the numbers alone, not on an order of rows or of cells.
    """
    cells = cells.sort_values([*FEATURES, "week"], ignore_index=True)
    total = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    size = int(np.ceil(total.sum() * VALIDATION))
    validation = sample(total, size, np.random.default_rng(SEED))
    parts = []
    for split, drawn in zip(SPLITS, (total - validation, validation), strict=True):
        delayed, punctual = np.split(drawn, 2)
        parts.append(cells.assign(split=split, flights=delayed + punctual, delayed=delayed))
    return pd.concat(parts, ignore_index=True)


def sample(total: NDArray[np.int64], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw `size` of the flights without replacement, in as many blocks as NumPy needs."""
    blocks = 1 + int(total.sum()) // BLOCK
    drawn = np.zeros_like(total)
    for block in range(blocks):
        part = total // blocks + (block < total % blocks)
        share = min(size // blocks + (block < size % blocks), int(part.sum()))
        drawn += rng.multivariate_hypergeometric(part, share)
    return drawn


def split_rows(rows: int) -> NDArray[np.str_]:
    """Return the split of each row: `train_test_split(test_size=0.33, random_state=42)`.

    It is the split of the delay challenge, on which its published model was fitted and measured.
    """
    from sklearn.model_selection import train_test_split  # noqa: PLC0415  # seconds to import

    _, validation = train_test_split(np.arange(rows), test_size=0.33, random_state=42)
    splits = np.full(rows, SPLITS[0], dtype="<U10")
    splits[validation] = SPLITS[1]
    return splits
