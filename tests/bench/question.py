"""What contenders are asked, and what XGBoost itself answers."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.support.paths import ROOT
from training.export.parity import requests_of
from training.flights.features import cells_of, every_cell, flights_of, without_day, without_time
from training.flights.reading import read
from training.model import DelayModel
from training.project import ARTIFACTS

SEED: Final = 1  # the same flights in every run
BATCH: Final = 8192  # possible cells behind a request that asks for all flights in them


class Question(NamedTuple):
    """The body of a request and of its one right answer."""

    body: bytes
    answer: bytes


class Questions:
    """Requests of flights, answered by the trained booster.

    Flights of `single` and `batches` are drawn from those that Santiago saw, as often as it did.
    """

    def __init__(self) -> None:
        self._oracle = DelayModel(columns=None, store=ARTIFACTS / "booster.ubj")
        table = read(ROOT / "data" / "scl_2017.csv").table
        self._seen = table[table["HORA"] >= 0].reset_index(drop=True)
        self._share = self._seen["flights"] / self._seen["flights"].sum()

    def every(self) -> Iterator[Question]:
        """Yield requests that ask for each possible flight once, with its time and without."""
        categories = self._oracle.categories
        for cells in every_cell(categories, BATCH):
            yield self._ask(cells)

    def single(self, number: int, *, timed: bool = False) -> Question:
        """Return the request of one flight, another one for each number."""
        return self._ask(self._draw(1, SEED + number, timed=timed))

    def batches(self, size: int, number: int) -> list[Question]:
        """Return as many different requests of `size` flights with their times."""
        return [self._ask(self._draw(size, SEED + i, timed=True)) for i in range(number)]

    def _draw(self, size: int, seed: int, *, timed: bool) -> NDArray[np.int64]:
        rows = np.random.default_rng(seed).choice(len(self._seen), size, p=self._share)
        flights = self._seen.iloc[rows]
        if not timed:
            flights = without_time(flights)
        return cells_of(without_day(flights), self._oracle.categories)

    def _ask(self, cells: NDArray[np.int64]) -> Question:
        flights = flights_of(cells, self._oracle.categories)
        delays = self._oracle.predict(self._oracle.encode(flights))
        named = map(msgspec.to_builtins, requests_of(flights))
        body = {"flights": [{n: v for n, v in each.items() if v is not None} for each in named]}
        return Question(msgspec.json.encode(body), msgspec.json.encode({"predict": delays}))
