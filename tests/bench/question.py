"""What contenders are asked, and what XGBoost itself answers."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from training.flights.features import every_flight
from training.model import DelayModel
from training.project import ARTIFACTS


class Question(NamedTuple):
    """The body of a request and of its one right answer."""

    body: bytes
    answer: bytes


class Questions:
    """Requests over all the possible flights, answered by the trained booster."""

    def __init__(self) -> None:
        oracle = DelayModel(columns=None, store=ARTIFACTS / "booster.ubj")
        flights = every_flight(oracle.categories)
        self._flights = flights.to_dict("records")
        self._delays = oracle.predict(oracle.preprocess(flights))

    def each(self) -> list[Question]:
        """Return every possible flight as a request of its own."""
        return [self._ask([cell]) for cell in range(len(self._flights))]

    def batch(self, size: int) -> Question:
        """Return a request of `size` flights, spread evenly over all the possible ones."""
        cells = [index % len(self._flights) for index in range(size)]
        random.Random(size).shuffle(cells)  # noqa: S311  # the same order in every run
        return self._ask(cells)

    def _ask(self, cells: Sequence[int]) -> Question:
        body = {"flights": [self._flights[cell] for cell in cells]}
        answer = {"predict": [self._delays[cell] for cell in cells]}
        return Question(msgspec.json.encode(body), msgspec.json.encode(answer))
