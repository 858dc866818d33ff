"""One-hot features of flights, as the function encodes them and as graphs begin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.cells import Cells
from function.metadata import DAYS, HOURS, RANGES, Categories
from training.errors import DataError

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer

FLIGHT: Final = ["OPERA", "TIPOVUELO", "MES"]
TIME: Final = ["HORA", "DIANOM"]
DAY: Final = ["HOY"]
FEATURES: Final = [*FLIGHT, *TIME, *DAY]
NO_DAY: Final = {"HOY": RANGES[0]}
NOT_GIVEN: Final = {"HORA": HOURS[0], "DIANOM": DAYS[0], **NO_DAY}

# Far above any airport. The proof of parity grows with it, and so does a one-hot row.
MAX_AIRLINES: Final = 500

# The ten columns of the challenge's notebook, in its order.
TOP10: Final = (
    "OPERA_Latin American Wings",
    "MES_7",
    "MES_10",
    "OPERA_Grupo LATAM",
    "MES_12",
    "TIPOVUELO_I",
    "MES_4",
    "MES_11",
    "OPERA_Sky Airline",
    "OPERA_Copa Air",
)


def categories_of(data: pd.DataFrame) -> Categories:
    """Return the categories that occur, sorted: the one-hot order.

    Hours and weekdays are all of them, or only "not given" where no flight has a time; so are the
    ranges of the day so far. Raise `DataError` for more than `MAX_AIRLINES` airlines, and for zero
    bytes in names.
    """
    known = [tuple(sorted(set(data[name].tolist()))) for name in FLIGHT]
    if len(known[0]) > MAX_AIRLINES:
        raise DataError(
            f"Cannot use the flights: expected at most {MAX_AIRLINES:,} airlines, got "
            f"{len(known[0]):,}. Is the airline's name in the column `OPERA`?"
        )
    zero = [value for values in known[:2] for value in values if "\0" in value]
    if zero:  # NumPy and ONNX Runtime end a text there
        raise DataError(
            f"Cannot use the flights: expected no zero bytes in names, got {zero[0]!r}."
        )
    timed, with_day = (
        name in data and bool((data[name] != NOT_GIVEN[name]).any()) for name in ("HORA", "HOY")
    )
    airlines, types, months = known
    return Categories(
        airlines,
        types,
        months,
        HOURS if timed else HOURS[:1],
        DAYS if timed else DAYS[:1],
        RANGES if with_day else RANGES[:1],
    )


def without_time(data: pd.DataFrame) -> pd.DataFrame:
    """Return `data` as it is asked without times."""
    return data.assign(**NOT_GIVEN)


def without_day(data: pd.DataFrame) -> pd.DataFrame:
    """Return `data` as it is asked with times, but without the day so far."""
    return data.assign(**NO_DAY)


def in_each_way(cells: pd.DataFrame) -> pd.DataFrame:
    """Return counts by cell with each flight in each way that it can be asked.

    That is without its time, with it, and with the day so far; the last two as far as it has them.
    """
    timed = cells[cells["HORA"] != NOT_GIVEN["HORA"]]
    with_day = timed[timed["HOY"] != NOT_GIVEN["HOY"]]
    ways: list[pd.DataFrame] = [
        way.groupby(FEATURES, as_index=False)[["flights", "delayed"]].sum()
        for way in (with_day, without_day(timed), without_time(cells))
    ]
    return pd.concat(ways, ignore_index=True)


def columns_of(categories: Categories) -> list[str]:
    """Return the names of the one-hot columns, [K], such as `MES_7`."""
    return [f"{name}_{category}" for name in FEATURES for category in getattr(categories, name)]


def encoder_of(categories: Categories) -> "ColumnTransformer":
    """Return the scikit-learn encoder of the features to K one-hot columns, fitted."""
    # Only training needs scikit-learn, which takes seconds to import.
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415

    # XGBoost would take the absent zeros of a sparse matrix for missing values.
    options = {"handle_unknown": "error", "sparse_output": False, "dtype": np.float32}
    known = {name: list(getattr(categories, name)) for name in FEATURES}
    encoder = ColumnTransformer(
        [(name, OneHotEncoder(categories=[known[name]], **options), [name]) for name in FEATURES]
    )
    return encoder.fit(pd.DataFrame({name: known[name][:1] for name in FEATURES}))


def one_hot(data: pd.DataFrame, categories: Categories) -> pd.DataFrame:
    """Return the one-hot columns of `data`, float32 [N, K]; raise `ValueError` at an unknown.

    These are the columns of `encoder_of`, which graphs begin with, in a tenth of its time.
    """
    encoded = np.zeros((len(data), categories.width), np.float32)
    rows, first = np.arange(len(data)), 0
    for name in FEATURES:
        known = pd.Index(getattr(categories, name))
        digits = known.get_indexer(data[name])
        if (digits < 0).any():
            unknown = data[name].to_numpy()[digits < 0][0]
            raise ValueError(f"Expected a known category, got {unknown!r} in the column `{name}`.")
        encoded[rows, first + digits] = 1
        first += len(known)
    return pd.DataFrame(encoded, columns=columns_of(categories), index=data.index)


def cells_of(data: pd.DataFrame, categories: Categories) -> NDArray[np.int64]:
    """Return the cell of each row, [N], as `function.cells.Cells` numbers them.

    Every value must be a category.
    """
    known = {name: pd.Index(getattr(categories, name)) for name in FEATURES}
    return Cells(categories).number([known[name].get_indexer(data[name]) for name in FEATURES])


def every_cell(categories: Categories, size: int = 1 << 14) -> Iterator[NDArray[np.int64]]:
    """Yield the cells of all possible flights in order, `size` at a time or fewer.

    Hour and weekday are given together or not at all, and the day so far with them or not at all,
    so Santiago has 23 x 2 x 12 x (1 + 24 x 7 x 9).
    """
    numbers = Cells(categories)
    number = int(np.prod(numbers.sizes))
    for start in range(0, number, size):
        cells = np.arange(start, min(start + size, number))
        *_, hour, weekday, day = numbers.digits(cells)
        possible = ((hour == 0) == (weekday == 0)) & ((day == 0) | (hour > 0))
        yield cells[possible]


def flights_of(cells: NDArray[np.int64], categories: Categories) -> pd.DataFrame:
    """Return the flights of cells, [N, 6], the inverse of `cells_of`."""
    digits = Cells(categories).digits(cells)
    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(digit, getattr(categories, name))
            for name, digit in zip(FEATURES, digits, strict=True)
        }
    )
