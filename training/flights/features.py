"""One-hot features of flights, as the function encodes them and as graphs begin."""

import itertools
from typing import Final

import msgspec
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder

from function.metadata import Categories

FEATURES: Final = ["OPERA", "TIPOVUELO", "MES"]

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
    """Return the categories that occur, sorted: the one-hot order."""
    return Categories(*(tuple(sorted(set(data[name].tolist()))) for name in FEATURES))


def columns_of(categories: Categories) -> list[str]:
    """Return the names of the one-hot columns, [K], such as `MES_7`."""
    return [f"{name}_{category}" for name in FEATURES for category in getattr(categories, name)]


def encoder_of(categories: Categories) -> ColumnTransformer:
    """Return the scikit-learn encoder of the three features to K one-hot columns, fitted."""
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


def every_flight(categories: Categories) -> pd.DataFrame:
    """Return every possible flight, [C, 3], in the order of the encoder's cells."""
    known = msgspec.structs.asdict(categories).values()
    return pd.DataFrame(list(itertools.product(*known)), columns=FEATURES)
