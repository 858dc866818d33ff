"""The proof that graphs answer what was trained, for every possible flight."""

from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray

# Before ONNX Runtime: the function's model switches its telemetry off.
from function.encoder import Encoder
from function.flights import Flight
from function.model import Model, Prediction

import onnxruntime as ort  # isort: skip

from training.flights.features import FEATURES, every_flight
from training.model import DelayModel

TOLERANCE_ULP: Final = 1  # of float32, between the graph's probability and the formula's


class ParityError(Exception):
    """A graph that does not answer what was trained. It must not be published."""


def by_oracle(oracle: DelayModel, flights: pd.DataFrame) -> Prediction:
    """Answer with XGBoost's own prediction, and with the formula on XGBoost's own margin."""
    features = oracle.preprocess(flights)
    return Prediction(
        np.array(oracle.predict(features), np.int64),
        oracle.probability(features).astype(np.float32),
    )


def by_pipeline(path: Path, flights: pd.DataFrame) -> Prediction:
    """Answer with the graph that takes strings."""
    session = ort.InferenceSession(path, _one_thread())
    return Prediction(*session.run(["delay", "probability"], _strings(flights)))


def by_function(path: Path, flights: pd.DataFrame) -> Prediction:
    """Answer on the function's own way, from structs to cells to one-hot rows to the graph."""
    model = Model(path)
    encoder = Encoder(model.metadata.categories)
    structs = [Flight(*values) for values in flights[FEATURES].itertuples(index=False, name=None)]
    return model.predict(encoder.one_hot, encoder.cells(structs))


def margins_of_pipeline(path: Path, flights: pd.DataFrame) -> NDArray[np.float32]:
    """Return the raw margins inside the graph, [N]."""
    graph = onnx.load(path)
    margin = onnx.helper.make_tensor_value_info("margin", onnx.TensorProto.FLOAT, ["N"])
    graph.graph.output.append(margin)
    session = ort.InferenceSession(graph.SerializeToString(), _one_thread())
    (margins,) = session.run(["margin"], _strings(flights))
    return np.asarray(margins, np.float32)


def ulp_apart(left: NDArray[np.float32], right: NDArray[np.float32]) -> int:
    """Return the most representable float32 steps between two arrays of positive numbers."""
    steps = left.view(np.int32).astype(np.int64) - right.view(np.int32)
    return int(np.abs(steps).max(initial=0))


def prove(oracle: DelayModel, pipeline: Path, model: Path) -> None:
    """Raise `ParityError` unless both graphs answer every possible flight as XGBoost does."""
    flights = every_flight(oracle.categories)
    expected = by_oracle(oracle, flights)
    answers = {pipeline: by_pipeline(pipeline, flights), model: by_function(model, flights)}
    for path, answer in answers.items():
        if differing := int((answer.delay != expected.delay).sum()):
            raise ParityError(f"{path.name} decides {differing} flights unlike XGBoost.")
        if (apart := ulp_apart(answer.probability, expected.probability)) > TOLERANCE_ULP:
            raise ParityError(f"{path.name} gives probabilities {apart} ULP from the formula.")
    if ulp_apart(*(answer.probability for answer in answers.values())):
        raise ParityError("The two graphs give different probabilities.")
    margins = margins_of_pipeline(pipeline, flights)
    if margins.tobytes() != oracle.margin(oracle.preprocess(flights)).tobytes():
        raise ParityError(f"{pipeline.name} gives margins unlike XGBoost's.")


def _strings(flights: pd.DataFrame) -> dict[str, NDArray[np.generic]]:
    return {
        name: flights[[name]].to_numpy(np.int64 if name == "MES" else object) for name in FEATURES
    }


def _one_thread() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options
