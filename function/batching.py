"""Concurrent requests share one run of the model."""

import asyncio
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .model import Model, Outputs

MAX_IMMEDIATE: Final = 31  # requests that run immediately before one waits for others again
MIN_BATCH: Final = 1_000  # flights from which on a request is a batch
BATCH_WAIT: Final = 8  # iterations of the event loop that a batch waits for another one
MAX_WAITING: Final = 50_000  # flights of waiting batches, which then wait no longer

type Waiting = list[tuple[NDArray[np.int64], asyncio.Future[Outputs]]]


class Batcher:
    """Run the model once for all requests of one iteration of the event loop.

    Isolated runs find cold CPU caches: a run then takes 50 us instead of 14, and each further
    flight half a microsecond. Under load, sharing makes a request a quarter cheaper. But a request
    that waits for others takes an iteration longer. So when one has waited and no other came, the
    next request runs immediately, and the one after it waits again. Each time that no other comes,
    more requests run immediately: 3, then 7, and so on up to `MAX_IMMEDIATE`.

    Batches share runs of their own, as the model runs once for equal flights: 40,000 flights of
    Santiago are some 8,000 different ones, and 10,000 are 5,200. It takes many iterations to
    receive a batch, so batches wait until no other has come for `BATCH_WAIT` iterations, or until
    `MAX_WAITING` flights wait. That makes concurrent batches of 10,000 flights a fifth cheaper.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._immediate = 0  # requests that run immediately after the last one that waited
        self._immediate_left = 0  # of them, those to come
        self._waiting: Waiting = []
        self._batches: Waiting = []

    async def predict(self, cells: NDArray[np.int64]) -> Outputs:
        """Return what `Model.predict` does for these cells, [N]."""
        if len(cells) >= MIN_BATCH:
            if not self._batches:
                asyncio.get_running_loop().call_soon(self._run_batches, 1, BATCH_WAIT)
            return await _enqueue(self._batches, cells)
        if self._immediate_left:  # then nobody waits
            self._immediate_left -= 1
            return self._model.predict(cells)
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)  # after all requests that are ready now
        return await _enqueue(self._waiting, cells)

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        alone = len(waiting) == 1
        self._immediate = min(2 * self._immediate + 1, MAX_IMMEDIATE) if alone else 0
        self._immediate_left = self._immediate
        self._answer(waiting)

    def _run_batches(self, seen: int, iterations: int) -> None:
        batches = self._batches
        if len(batches) > seen:
            iterations = BATCH_WAIT
        if iterations and sum(len(cells) for cells, _ in batches) < MAX_WAITING:
            asyncio.get_running_loop().call_soon(self._run_batches, len(batches), iterations - 1)
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
                prediction.set_result(Outputs(delay[start:end], probability[start:end]))


def _enqueue(waiting: Waiting, cells: NDArray[np.int64]) -> asyncio.Future[Outputs]:
    prediction: asyncio.Future[Outputs] = asyncio.get_running_loop().create_future()
    waiting.append((cells, prediction))
    return prediction
