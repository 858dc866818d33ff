"""The proof that graphs answer what was trained, for every possible flight."""

import functools
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray

# Before ONNX Runtime: the function's model switches its telemetry off.
from function.flights import Flight
from function.metadata import HOURS, RANGES, SHARES, WEEKDAYS
from function.model import Model, Outputs

import onnxruntime as ort  # isort: skip

from training.flights.features import FEATURES, FLIGHT, TIME, every_cell, flights_of
from training.model import DelayModel

THREADS: Final = 2  # XGBoost and ONNX Runtime let others work while they compute
TOLERANCE_ULP: Final = 1  # of float32, between the graph's probability and the formula's


class ParityError(Exception):
    """A graph that does not answer what was trained. It must not be published."""


class Pipeline:
    """The graph that takes strings, with its margins as a third output."""

    def __init__(self, path: Path) -> None:
        graph = onnx.load(path)
        margin = onnx.helper.make_tensor_value_info("margin", onnx.TensorProto.FLOAT, ["N"])
        graph.graph.output.append(margin)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(graph.SerializeToString(), options)

    def answer(self, flights: pd.DataFrame) -> tuple[Outputs, NDArray[np.float32]]:
        """Return the prediction and the raw margin of each flight, [N]."""
        integers = {"MES", "HORA", "HOY"}
        inputs = {
            name: flights[[name]].to_numpy(np.int64 if name in integers else object)
            for name in FEATURES
        }
        delay, probability, margins = self._session.run(["delay", "probability", "margin"], inputs)
        return Outputs(delay, probability), margins


def by_oracle(
    oracle: DelayModel, features: pd.DataFrame, margin: NDArray[np.float32] | None = None
) -> Outputs:
    """Answer with XGBoost's own prediction, and with the formula on XGBoost's own margin.

    The margin is computed unless it is given.
    """
    margin = oracle.margin(features) if margin is None else margin
    probability = oracle.calibrated(margin).astype(np.float32)
    return Outputs(np.array(oracle.predict(features), np.int64), probability)


def by_function(model: Model, flights: pd.DataFrame) -> Outputs:
    """Answer on the function's own path: from structs to cells to one-hot rows to the graph."""
    return model.predict(model.encoder.cells(requests_of(flights)))


def requests_of(flights: pd.DataFrame) -> list[Flight]:
    """Return the flights as the function decodes them: a scheduled time, and a share of flights."""
    columns = {name: flights[name].to_numpy(object).tolist() for name in FEATURES}
    times = map(scheduled_time, *(columns[name] for name in ("MES", *TIME)))
    shares = map(share_of, columns["HOY"])
    return [*map(Flight, *(columns[name] for name in FLIGHT), times, shares)]


@functools.cache
def share_of(number: int) -> float | None:
    """Return the lowest share of a range of the day so far, or None where it is not given."""
    return None if number == RANGES[0] else (0.0, *SHARES)[number]


@functools.cache
def scheduled_time(month: int, hour: int, weekday: str) -> datetime | None:
    """Return a time of this month, hour and weekday, or None where it is not given."""
    if hour == HOURS[0]:
        return None
    first = date(2017, month, 1).weekday()
    day = 1 + (WEEKDAYS.index(weekday) - first) % 7
    return datetime(2017, month, day, hour)  # noqa: DTZ001  # a local time


def ulp_apart(left: NDArray[np.float32], right: NDArray[np.float32]) -> int:
    """Return the most representable float32 steps between two arrays of positive numbers."""
    steps = left.view(np.int32).astype(np.int64) - right.view(np.int32)
    return int(np.abs(steps).max(initial=0))


def prove(oracle: DelayModel, pipeline: Path, model: Path) -> int:
    """Raise `ParityError` unless both graphs answer every possible flight as XGBoost does.

    Return the number of flights. They are compared in parts, two at a time, so memory does not grow
    with it.
    """
    proof, proven = _Proof(oracle, Pipeline(pipeline), Model(model)), 0
    with ThreadPoolExecutor(THREADS) as pool:
        for parts in itertools.batched(every_cell(oracle.categories), THREADS):
            proven += sum(pool.map(proof.compare, parts))
    return proven


@dataclass(frozen=True)
class _Proof:
    """XGBoost's model, and the two graphs made of it."""

    oracle: DelayModel
    strings: Pipeline
    function: Model

    def compare(self, cells: NDArray[np.int64]) -> int:
        """Compare the answers to the flights of cells, and return how many these are."""
        flights = flights_of(cells, self.oracle.categories)
        features = self.oracle.encode(flights)
        margin = self.oracle.margin(features)
        expected = by_oracle(self.oracle, features, margin)
        by_strings, margins = self.strings.answer(flights)
        by_one_hot = by_function(self.function, flights)
        for name, answer in (("pipeline.onnx", by_strings), ("model.onnx", by_one_hot)):
            _compare(name, answer, expected)
        if ulp_apart(by_strings.probability, by_one_hot.probability):
            raise ParityError("The two graphs give different probabilities.")
        # Equal numbers have equal bits, but for zeros of another sign, which add up alike.
        if not np.array_equal(margins, margin):
            raise ParityError("pipeline.onnx gives margins unlike XGBoost's.")
        return len(flights)


def _compare(name: str, answer: Outputs, expected: Outputs) -> None:
    if differing := int((answer.delay != expected.delay).sum()):
        raise ParityError(f"{name} decides {differing} flights unlike XGBoost.")
    if (apart := ulp_apart(answer.probability, expected.probability)) > TOLERANCE_ULP:
        raise ParityError(f"{name} gives probabilities {apart} ULP from the formula.")
