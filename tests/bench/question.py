"""What contenders are asked, and what XGBoost itself answers."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pandas as pd

from function.flights import Flight
from tests.support.paths import ROOT
from training.export.parity import requests_of
from training.flights.features import every_cell, flights_of
from training.flights.reading import read
from training.model import DelayModel
from training.project import ARTIFACTS

SEED = 1
DRAWN = 10_000


class Question(NamedTuple):
    """The body of a request and of its one right answer."""

    body: bytes
    answer: bytes


class Questions:
    """Requests with flights that are answered by the trained booster.

    Single flights are all possible ones without a time. Batches are drawn from the real flights,
    with their times: of 10,000 about half differ.
    """

    def __init__(self) -> None:
        oracle = DelayModel(columns=None, store=ARTIFACTS / "booster.ubj")
        cells = np.concatenate(list(every_cell(oracle.categories)))
        possible = flights_of(cells, oracle.categories)
        single = possible[possible["HORA"] < 0]
        counts = read(ROOT / "data" / "scl_2017.csv").table
        drawn = counts.sample(DRAWN, replace=True, weights="flights", random_state=SEED)
        flights = pd.concat([single, drawn], ignore_index=True)
        self._single = len(single)
        self._flights: list[Flight] = requests_of(flights)
        self._delays = oracle.predict(oracle.preprocess(flights))

    def each(self) -> list[Question]:
        """Return every possible flight without a time as a request of its own."""
        return [self._ask([place]) for place in range(self._single)]

    def batch(self, size: int) -> Question:
        """Return a request of `size` real flights, at most `DRAWN`."""
        return self._ask(range(self._single, self._single + size))

    def _ask(self, places: Sequence[int]) -> Question:
        body = {"flights": [_sent(self._flights[place]) for place in places]}
        answer = {"predict": [self._delays[place] for place in places]}
        return Question(msgspec.json.encode(body), msgspec.json.encode(answer))


def _sent(flight: Flight) -> dict[str, object]:
    """Return a flight as it is sent: without a time where it has none."""
    fields: dict[str, object] = msgspec.to_builtins(flight)
    return {name: value for name, value in fields.items() if value is not None}
