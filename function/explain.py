"""Why the model answers as it does: what each feature of a flight adds to its probability."""

import asyncio
import functools
import itertools
from collections.abc import Sequence
from math import factorial
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from .errors import TooManyError
from .evidence import Evidence, TrainingFlights
from .model import Model

type Features = frozenset[int]  # by their places in a cell: OPERA 0 ... DIANOM 4
type Cells = NDArray[np.int64]
type Floats = NDArray[np.float64]

# The rows that the model runs for the timed flights of a request. A prediction takes one row, an
# explanation some 8,500 for Santiago, and more where training saw more different flights.
MAX_ROWS: Final = 1_000_000

_NAMES: Final = ("OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM")
_HOUR, _WEEKDAY = 3, 4
_TIME: Final = frozenset({_HOUR, _WEEKDAY})
_PART: Final = 1 << 13  # rows that run before other requests are served


class Contributions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What each feature adds to the base rate; below zero, what it takes away."""

    OPERA: float
    TIPOVUELO: float
    MES: float
    HORA: float | msgspec.UnsetType = msgspec.UNSET
    DIANOM: float | msgspec.UnsetType = msgspec.UNSET


class FlightExplanation(msgspec.Struct, frozen=True):
    """One prediction, the sum behind it, and the training flights of its cell.

    A flight with its time also has the training flights of its airline, type and month at any time.
    """

    predict: int
    probability: float
    adds: Contributions
    training: TrainingFlights
    training_without_time: TrainingFlights | msgspec.UnsetType = msgspec.UNSET


class Explanation(msgspec.Struct, frozen=True):
    """For each flight, `base_rate` and its `adds` sum up to its `probability`."""

    base_rate: float
    explanations: list[FlightExplanation]


class Explainer:
    """Exact Shapley values of the probability, against the training flights.

    The game is the *interventional* one (Janzing, Minorics and Blöbaum, "Feature relevance
    quantification in explainable AI", AISTATS 2020): the value of a coalition of features is the
    mean probability over all training flights, each with these features set to those of the flight
    explained; the others keep their joint distribution. A coalition with neither hour nor weekday
    asks without the time. So the base rate, the value of the empty coalition, is the mean
    prediction without times, for flights with and without a time alike.
    """

    def __init__(self, model: Model, evidence: Evidence) -> None:
        self._model, self._evidence = model, evidence
        self._sizes = model.encoder.sizes
        self._strides = [int(np.prod(self._sizes[i + 1 :])) for i in range(len(self._sizes))]
        self._backgrounds: dict[tuple[Features, bool], tuple[Cells, Floats]] = {}

    async def explain(self, cells: Cells) -> Explanation:
        """Explain the flights of these cells, [N], in order.

        Raise `TooManyError` where the flights with a time take more than `MAX_ROWS` rows. Other
        requests are served meanwhile.
        """
        timed = cells != self._evidence.without_time(cells)
        if timed.any() and timed.sum() > (most := max(1, MAX_ROWS // self._rows_per_flight)):
            message = f"Expected at most {most} flights with a time to explain, got {timed.sum()}"
            raise TooManyError(message, path="$.flights")
        prediction = self._model.predict(cells)
        adds = np.zeros((len(cells), len(_NAMES)))
        adds[~timed, :_HOUR] = await self._shapley(cells[~timed], range(_HOUR))
        adds[timed] = await self._shapley(cells[timed], range(len(_NAMES)))
        (base_rate,) = (await self._values(frozenset(), np.zeros(1, np.int64))).tolist()
        return Explanation(
            base_rate,
            [
                FlightExplanation(
                    delay,
                    probability,
                    Contributions(*(values if has_time else values[:_HOUR])),
                    seen,
                    seen_at_any_time if has_time else msgspec.UNSET,
                )
                for delay, probability, values, has_time, seen, seen_at_any_time in zip(
                    prediction.delay.tolist(),
                    prediction.probability.tolist(),
                    adds.tolist(),
                    timed.tolist(),
                    self._evidence.of(cells),
                    self._evidence.of(self._evidence.without_time(cells)),
                    strict=True,
                )
            ],
        )

    async def _shapley(self, cells: Cells, players: Sequence[int]) -> Floats:
        """Return the Shapley value of each player for each cell, [N, players]."""
        values = {present: await self._values(present, cells) for present in _coalitions(players)}
        adds = np.zeros((len(cells), len(players)))
        for without, value in values.items():
            for player in set(players) - without:
                orders = factorial(len(without)) * factorial(len(players) - len(without) - 1)
                gain = values[without | {player}] - value
                adds[:, player] += orders / factorial(len(players)) * gain
        return adds

    @functools.cached_property
    def _rows_per_flight(self) -> int:
        """The most rows that a timed flight takes, over all coalitions."""
        everyone = _coalitions(range(len(_NAMES)))
        return sum(len(self._background(present)[0]) for present in everyone)

    async def _values(self, present: Features, asked: Cells) -> Floats:
        """Return the value of a coalition for each cell, [N]."""
        own, inverse = np.unique(self._keep(asked, present), return_inverse=True)
        others, weights = self._background(present)
        step = max(1, _PART // len(others))
        means = [np.empty(0)]
        for start in range(0, len(own), step):
            cells = own[start : start + step, None] + others
            probability = self._model.predict(cells.ravel()).probability.reshape(cells.shape)
            # Not a matrix product: its last bits would depend on the other flights.
            means.append((probability * weights).sum(axis=1))
            await asyncio.sleep(0)
        return np.concatenate(means)[inverse]

    def _background(self, present: Features) -> tuple[Cells, Floats]:
        """Return the different values of the absent features, and the share of their flights."""
        with_time = len(present & _TIME) == 1  # the absent one of hour and weekday has a value
        absent = frozenset(range(len(_NAMES))) - present
        if (found := self._backgrounds.get((absent, with_time))) is None:
            cells, flights, _ = self._evidence.timed if with_time else self._evidence.untimed
            others, inverse = np.unique(self._keep(cells, absent), return_inverse=True)
            share = np.bincount(inverse, flights / flights.sum(), len(others))
            found = self._backgrounds[absent, with_time] = others, share
        return found

    def _keep(self, cells: Cells, features: Features) -> Cells:
        """Return the cells with the digits of all other features set to the first category."""
        kept = np.zeros_like(cells)
        for feature in features:
            stride = self._strides[feature]
            kept += cells // stride % self._sizes[feature] * stride
        return kept


def _coalitions(players: Sequence[int]) -> list[Features]:
    """Return all sets of players, the empty one first."""
    sizes = range(len(players) + 1)
    return [frozenset(each) for n in sizes for each in itertools.combinations(players, n)]
