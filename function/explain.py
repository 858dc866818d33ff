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

type Coalition = frozenset[str]  # features
type Cells = NDArray[np.int64]
type Floats = NDArray[np.float64]

# The rows that the model runs for the timed flights of a request. A prediction takes one row, an
# explanation some 8,500 for Santiago, and more where training saw more different flights.
MAX_ENCODED: Final = 1_000_000

_FLIGHT: Final = ("OPERA", "TIPOVUELO", "MES")
_TIME: Final = ("HORA", "DIANOM")
_SCHEDULE: Final = (*_FLIGHT, *_TIME)
_PART: Final = 1 << 13  # rows that run before other requests are served


class Contributions(msgspec.Struct, frozen=True, omit_defaults=True):
    """What each feature adds to the base rate; below zero, what it takes away."""

    OPERA: float
    TIPOVUELO: float
    MES: float
    HORA: float | msgspec.UnsetType = msgspec.UNSET
    DIANOM: float | msgspec.UnsetType = msgspec.UNSET
    HOY: float | msgspec.UnsetType = msgspec.UNSET


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

    The day so far is no player: `HOY` is what it adds to the probability of the same flight without
    it, so the contributions of the others are those that they have without it.
    """

    def __init__(self, model: Model, evidence: Evidence) -> None:
        self._model, self._evidence = model, evidence
        self._numbers = model.encoder.numbers
        self._backgrounds: dict[tuple[Coalition, bool], tuple[Cells, Floats]] = {}

    async def explain(self, cells: Cells) -> Explanation:
        """Explain the flights of these cells, [N], in order.

        Raise `TooManyError` where the flights with a time take more than `MAX_ENCODED` rows. Other
        requests are served meanwhile.
        """
        schedules, untimed = self._numbers.without_day(cells), self._numbers.without_time(cells)
        timed, with_day = schedules != untimed, cells != schedules
        if timed.any() and timed.sum() > (most := max(1, MAX_ENCODED // self._rows_per_flight)):
            message = f"Expected at most {most} flights with a time to explain, got {timed.sum()}"
            raise TooManyError(message, path="$.flights")
        prediction = self._model.predict(cells)
        adds = np.zeros((len(cells), len(_SCHEDULE)))
        adds[~timed, : len(_FLIGHT)] = await self._shapley(schedules[~timed], _FLIGHT)
        adds[timed] = await self._shapley(schedules[timed], _SCHEDULE)
        day = np.zeros(len(cells))
        day[with_day] = prediction.probability[with_day].astype(np.float64)
        day[with_day] -= self._model.predict(schedules[with_day]).probability
        (base_rate,) = (await self._values(frozenset(), np.zeros(1, np.int64))).tolist()
        contributions = map(
            _contributions, adds.tolist(), day.tolist(), timed.tolist(), with_day.tolist()
        )
        return Explanation(
            base_rate,
            [
                FlightExplanation(
                    delay,
                    probability,
                    of_flight,
                    seen,
                    seen_at_any_time if has_time else msgspec.UNSET,
                )
                for delay, probability, of_flight, seen, seen_at_any_time, has_time in zip(
                    prediction.delay.tolist(),
                    prediction.probability.tolist(),
                    contributions,
                    self._evidence.of(cells),
                    self._evidence.of(untimed),
                    timed.tolist(),
                    strict=True,
                )
            ],
        )

    async def _shapley(self, cells: Cells, players: Sequence[str]) -> Floats:
        """Return the Shapley value of each player for each cell, [N, players]."""
        values = {present: await self._values(present, cells) for present in _coalitions(players)}
        adds = np.zeros((len(cells), len(players)))
        for without, value in values.items():
            for place, player in enumerate(players):
                if player not in without:
                    orders = factorial(len(without)) * factorial(len(players) - len(without) - 1)
                    gain = values[without | {player}] - value
                    adds[:, place] += orders / factorial(len(players)) * gain
        return adds

    @functools.cached_property
    def _rows_per_flight(self) -> int:
        """The most rows that a timed flight takes, over all coalitions."""
        everyone = _coalitions(_SCHEDULE)
        return sum(len(self._background(present)[0]) for present in everyone)

    async def _values(self, present: Coalition, asked: Cells) -> Floats:
        """Return the value of a coalition for each cell, [N]."""
        own, inverse = np.unique(self._numbers.keep(asked, present), return_inverse=True)
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

    def _background(self, present: Coalition) -> tuple[Cells, Floats]:
        """Return the different values of the absent features, and the share of their flights."""
        with_time = len(present & {*_TIME}) == 1  # the absent one of hour and weekday has a value
        absent = frozenset(_SCHEDULE) - present
        if (found := self._backgrounds.get((absent, with_time))) is None:
            cells, flights, _ = self._evidence.timed if with_time else self._evidence.untimed
            others, inverse = np.unique(self._numbers.keep(cells, absent), return_inverse=True)
            share = np.bincount(inverse, flights / flights.sum(), len(others))
            found = self._backgrounds[absent, with_time] = others, share
        return found


def _contributions(
    of_schedule: list[float],
    of_day: float,
    has_time: bool,  # noqa: FBT001  # mapped over
    has_day: bool,  # noqa: FBT001
) -> Contributions:
    given = of_schedule if has_time else of_schedule[: len(_FLIGHT)]
    return Contributions(*given, **({"HOY": of_day} if has_day else {}))


def _coalitions(players: Sequence[str]) -> list[Coalition]:
    """Return all sets of players, the empty one first."""
    sizes = range(len(players) + 1)
    return [frozenset(each) for n in sizes for each in itertools.combinations(players, n)]
