"""The trained model: the only place that knows ONNX Runtime."""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError
from .metadata import Metadata

# Before the import: the wheels for Linux start a telemetry thread with it, and a worker that
# gunicorn forks off afterwards aborts when it ends.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort


class Prediction(NamedTuple):
    """The decision and the calibrated probability of a delay, for each of N flights."""

    delay: NDArray[np.int64]  # [N], 0 or 1
    probability: NDArray[np.float32]  # [N]


class Model:
    """An audited ONNX graph from one-hot rows to delays, with what training says of it.

    `graph` are the bytes of the file at `path`, where they are read already. Raise `ModelError` for
    a file that is missing, broken, or not of this format.
    """

    def __init__(self, path: Path, graph: bytes | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # threads would not survive gunicorn's fork,
        options.inter_op_num_threads = 1  # and they change the last bits of the sums
        options.log_severity_level = 4  # what is wrong with a file, ModelError says
        try:
            graph = path.read_bytes() if graph is None else graph
            self._session = ort.InferenceSession(graph, options)
        except OSError as error:
            raise ModelError(path, f"{error.strerror}") from error
        except Exception as error:  # ONNX Runtime's errors share no narrower base
            raise ModelError(path, f"it is no ONNX model ({type(error).__name__})") from error
        try:
            properties = self._session.get_modelmeta().custom_metadata_map
            self.metadata = Metadata.from_properties(properties)
        except ValueError as error:
            raise ModelError(path, str(error)) from error
        nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
        signature = [(node.name, node.type, node.shape) for node in nodes]
        expected = [
            ("one_hot", "tensor(float)", ["N", len(self.metadata.categories)]),
            ("delay", "tensor(int64)", ["N"]),
            ("probability", "tensor(float)", ["N"]),
        ]
        if signature != expected:
            reason = f"its graph has {signature}, but its metadata fits {expected}"
            raise ModelError(path, reason)

    @classmethod
    def verified(cls, path: Path) -> Self:
        """Load the model for which the digest beside it, in `sha256sum`'s format, vouches.

        A file of which a bit was turned may well be a graph, which answers something else.
        """
        vouching = path.with_name(f"{path.name}.sha256")
        try:
            expected, graph = vouching.read_text("utf-8", "replace"), path.read_bytes()
        except OSError as error:
            raise ModelError(Path(error.filename), f"{error.strerror}") from error
        if expected != f"{hashlib.sha256(graph).hexdigest()}  {path.name}\n":
            raise ModelError(path, f"it is not the file that {vouching.name} vouches for")
        return cls(path, graph)

    def predict(self, one_hot: NDArray[np.float32], cells: NDArray[np.intp]) -> Prediction:
        """Predict the flights whose one-hot rows are `one_hot[cells]`, each different one once.

        A batch never costs more than one run over the C rows of `one_hot`, however long it is.
        """
        if len(cells) == 1:  # telling what differs costs half as much as its run
            return self._run(one_hot[cells])
        different = np.flatnonzero(np.bincount(cells, minlength=len(one_hot)))
        place = np.empty(len(one_hot), np.intp)
        place[different] = np.arange(len(different))
        inverse = place[cells]
        delay, probability = self._run(one_hot[different])
        return Prediction(delay[inverse], probability[inverse])

    def _run(self, rows: NDArray[np.float32]) -> Prediction:
        return Prediction(*self._session.run(Prediction._fields, {"one_hot": rows}))
