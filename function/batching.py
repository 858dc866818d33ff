"""Requests that come at the same time share one run of the model."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from .model import Model, Prediction


class Batcher:
    """Run a model once for all requests of one turn of the event loop, and wait for no more.

    Isolated runs find cold CPU caches: a run then takes 50 us instead of 14, and each further
    flight half a microsecond. Under load, sharing makes a request a quarter cheaper.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._waiting: list[tuple[NDArray[np.int64], asyncio.Future[Prediction]]] = []

    def predict(self, cells: NDArray[np.int64]) -> asyncio.Future[Prediction]:
        """Return what `Model.predict` will say of these cells, [N]."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._run)  # after all that are ready now, and before any answer
        prediction: asyncio.Future[Prediction] = loop.create_future()
        self._waiting.append((cells, prediction))
        return prediction

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
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
