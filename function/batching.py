"""Requests that come at the same time share one run of the model."""

import asyncio
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .model import Model, Prediction

ALONE: Final = 31  # the most requests in a row that run at once
LARGE: Final = 1_000  # a request of so many flights is a batch
ITERATIONS: Final = 8  # of the event loop, that a batch waits for another
MOST: Final = 50_000  # flights in waiting batches, which then run at once

type Waiting = list[tuple[NDArray[np.int64], asyncio.Future[Prediction]]]


class Batcher:
    """Run the model once for all requests of one iteration of the event loop.

    Isolated runs find cold CPU caches: a run then takes 50 us instead of 14, and each further
    flight half a microsecond. Under load, sharing makes a request a quarter cheaper. But to wait
    for others costs an iteration, so after a request that waited in vain the next ones run at once:
    1 of them, then 3, 7 and so on up to `ALONE`, and one waits again after each row.

    Large batches share runs of their own, as the model runs once for equal flights: 40,000 flights
    of Santiago are some 8,000 different ones, and 10,000 are 5,200. It takes many iterations to
    receive a batch, so batches wait until no other has come for `ITERATIONS`, or until `MOST`
    flights wait. That makes concurrent batches of 10,000 flights a fifth cheaper.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._row = 0  # how many requests run at once after the last one that waited
        self._left = 0  # of them
        self._waiting: Waiting = []
        self._batches: Waiting = []

    async def predict(self, cells: NDArray[np.int64]) -> Prediction:
        """Return what `Model.predict` does for these cells, [N]."""
        if len(cells) >= LARGE:
            if not self._batches:
                asyncio.get_running_loop().call_soon(self._run_batches, 1, ITERATIONS)
            return await _enqueue(self._batches, cells)
        if self._left:  # then nobody waits
            self._left -= 1
            return self._model.predict(cells)
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)  # after all requests that are ready now
        return await _enqueue(self._waiting, cells)

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._row = min(2 * self._row + 1, ALONE) if len(waiting) == 1 else 0
        self._left = self._row
        self._answer(waiting)

    def _run_batches(self, seen: int, left: int) -> None:
        batches = self._batches
        if len(batches) > seen:
            left = ITERATIONS
        if left and sum(len(cells) for cells, _ in batches) < MOST:
            asyncio.get_running_loop().call_soon(self._run_batches, len(batches), left - 1)
            return
        self._batches = []
        self._answer(batches)

    def _answer(self, waiting: Waiting) -> None:
        try:
            delay, probability = self._model.predict(
                np.concatenate([cells for cells, _ in waiting])
            )
        except Exception as bug:  # noqa: BLE001  # each request crashes with it, and not the loop
            for _, prediction in waiting:
                if not prediction.cancelled():
                    prediction.set_exception(bug)
            return
        end = 0
        for cells, prediction in waiting:
            start, end = end, end + len(cells)
            if not prediction.cancelled():
                prediction.set_result(Prediction(delay[start:end], probability[start:end]))


def _enqueue(waiting: Waiting, cells: NDArray[np.int64]) -> asyncio.Future[Prediction]:
    prediction: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
    waiting.append((cells, prediction))
    return prediction
