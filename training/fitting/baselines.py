"""Tables of delay rates: what anybody could make without a model."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.flights.features import FLIGHT

from .comparison import log_loss
from .errors import Floats
from .folds import flights_asked, holdouts, parts_of

type Levels = list[list[str]]

# What a table may look up, level by level; of several, the best on training weeks is taken.
LEVELS: Final[dict[str, list[Levels]]] = {
    "untimed": [[[*FLIGHT]]],
    "timed": [
        [["OPERA"], [*FLIGHT], [*FLIGHT, "HORA"], [*FLIGHT, "HORA", "DIANOM"]],
        [["HORA"], ["OPERA", "HORA"], [*FLIGHT, "HORA"]],
    ],
    "day": [
        [["OPERA"], [*FLIGHT], [*FLIGHT, "HORA"], [*FLIGHT, "HORA", "HOY"]],
        [["OPERA"], ["OPERA", "HOY"], [*FLIGHT, "HOY"], [*FLIGHT, "HORA", "HOY"]],
    ],
}
STRENGTHS: Final = (2, 5, 10, 20, 50, 100, 200)  # flights


def smoothed_rates(
    train: pd.DataFrame, cells: pd.DataFrame, levels: Levels, strengths: Sequence[float]
) -> Floats:
    """Return the delay rate of each cell in training, smoothed level by level, [strengths, cells].

    The rate of a level is drawn towards that of the level above by as many flights as the strength
    says, and the first level towards the delay rate of all flights.
    """
    strength = np.array(strengths, np.float64)[:, None]
    rate = np.full((len(strength), len(cells)), train["delayed"].sum() / train["flights"].sum())
    for level in levels:
        keys = _keys(train, cells, level)
        learned, asked_for = np.split(keys, [len(train)])
        flights, delayed = (
            np.bincount(learned, train[name], 1 + keys.max())[asked_for]
            for name in ("flights", "delayed")
        )
        rate = (delayed + strength * rate) / (flights + strength)
    return rate


def table_of_rates(train: pd.DataFrame, way: str) -> Callable[[pd.DataFrame], Floats]:
    """Return a function from cells to smoothed rates, by what a flight tells in one of `WAYS`.

    Levels and strength are the best on parts held out of the training flights.
    """
    forms = LEVELS[way]
    losses = np.zeros((len(forms), len(STRENGTHS)))
    parts = parts_of(flights_asked(train, way))
    for fitted, held_out in holdouts(parts) if len(parts) > 1 else ():
        for i, levels in enumerate(forms):
            for j, rate in enumerate(smoothed_rates(fitted, held_out, levels, STRENGTHS)):
                losses[i, j] += held_out["flights"].sum() * log_loss(held_out, rate)
    form, strength = np.unravel_index(losses.argmin(), losses.shape)
    best, learned = (forms[form], [STRENGTHS[strength]]), flights_asked(train, way)
    return lambda cells: smoothed_rates(learned, cells, *best)[0]


def _keys(train: pd.DataFrame, cells: pd.DataFrame, level: list[str]) -> NDArray[np.int64]:
    """Return the number of what each row has at a level, those of `train` first."""
    keys = np.zeros(len(train) + len(cells), np.int64)
    for name in level:
        codes, known = pd.factorize(pd.concat([train[name], cells[name]]))
        keys = pd.factorize(keys * len(known) + codes)[0]
    return keys
