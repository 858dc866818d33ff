"""One-hot features of flights, as the function encodes them and as graphs begin."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.metadata import DAYS, HOURS, Categories
from training.errors import DataError

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer

FLIGHT: Final = ["OPERA", "TIPOVUELO", "MES"]
TIME: Final = ["HORA", "DIANOM"]
FEATURES: Final = [*FLIGHT, *TIME]
NOT_GIVEN: Final = {"HORA": HOURS[0], "DIANOM": DAYS[0]}

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

    Hours and weekdays are all of them, or only "not given" where no flight has a time. Raise
    `DataError` for more than `MAX_AIRLINES` airlines, and for zero bytes in names.
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
    timed = "HORA" in data and bool((data["HORA"] != NOT_GIVEN["HORA"]).any())
    return Categories(*known, *((HOURS, DAYS) if timed else ()))


def without_time(data: pd.DataFrame) -> pd.DataFrame:
    """Return `data` as it is asked without times."""
    return data.assign(**NOT_GIVEN)


def columns_of(categories: Categories) -> list[str]:
    """Return the names of the one-hot columns, [K], such as `MES_7`."""
    return [f"{name}_{category}" for name in FEATURES for category in getattr(categories, name)]


def encoder_of(categories: Categories) -> "ColumnTransformer":
    """Return the scikit-learn encoder of the five features to K one-hot columns, fitted."""
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
    """Return the one-hot columns of `data`, float32 [N, K]; raise `ValueError` at an unknown."""
    for name in FEATURES:
        unknown = data.loc[~data[name].isin(getattr(categories, name)), name].tolist()
        if unknown:
            raise ValueError(
                f"Expected a known category, got {unknown[0]!r} in the column `{name}`."
            )
    columns = columns_of(categories)
    if data.empty:  # which scikit-learn refuses
        return pd.DataFrame(np.empty((0, len(columns)), np.float32), columns=columns)
    encoded = encoder_of(categories).transform(data[FEATURES])
    return pd.DataFrame(encoded, columns=columns, index=data.index)


def cells_of(data: pd.DataFrame, categories: Categories) -> NDArray[np.int64]:
    """Return the cell of each row, [N], as `function.encoder.Encoder` numbers them.

    Every value must be a category.
    """
    cells = np.zeros(len(data), np.int64)
    for name in FEATURES:
        known = pd.Index(getattr(categories, name))
        cells = cells * len(known) + known.get_indexer(data[name])
    return cells


def every_cell(categories: Categories, size: int = 1 << 14) -> Iterator[NDArray[np.int64]]:
    """Yield the cells of all possible flights in order, `size` at a time.

    Hour and weekday are given together or not at all, so Santiago has 23 x 2 x 12 x (1 + 24 x 7).
    """
    hours, weekdays = len(categories.HORA), len(categories.DIANOM)
    number = len(categories.OPERA) * len(categories.TIPOVUELO) * len(categories.MES)
    for start in range(0, number * hours * weekdays, size):
        cells = np.arange(start, min(start + size, number * hours * weekdays))
        hour, weekday = cells // weekdays % hours, cells % weekdays
        yield cells[(hour == 0) == (weekday == 0)]


def flights_of(cells: NDArray[np.int64], categories: Categories) -> pd.DataFrame:
    """Return the flights of cells, [N, 5], the inverse of `cells_of`."""
    sizes = [len(getattr(categories, name)) for name in FEATURES]
    digits = np.unravel_index(cells, sizes)
    return pd.DataFrame(
        {
            name: pd.Index(getattr(categories, name))[digit]
            for name, digit in zip(FEATURES, digits, strict=True)
        }
    )
