"""The trained model: the only place that knows ONNX Runtime."""

import hashlib
import os
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from .encoder import FEW, Encoder
from .errors import ModelError
from .metadata import Metadata

# Before the import: the wheels for Linux start a telemetry thread with it, and a worker that
# gunicorn forks off afterwards aborts when it ends.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

RUN_ROWS: Final = 2048  # the most one-hot rows of one run


class Outputs(NamedTuple):
    """The decision and the calibrated probability of a delay, for each of N flights."""

    delay: NDArray[np.int64]  # [N], 0 or 1
    probability: NDArray[np.float32]  # [N]


class Model:
    """An audited ONNX graph, with the encoder in front of it and the metadata from training.

    `graph` holds the bytes of the file at `path` where they are read already. Raise `ModelError`
    for a file that is missing, broken, or not of this format.
    """

    def __init__(self, path: Path, graph: bytes | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # threads would not survive gunicorn's fork,
        options.inter_op_num_threads = 1  # and they change the last bits of the sums
        options.log_severity_level = 4  # ModelError says what is wrong with a file
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
        self.encoder = Encoder(self.metadata.categories)
        nodes = [*self._session.get_inputs(), *self._session.get_outputs()]
        signature = [(node.name, node.type, node.shape) for node in nodes]
        expected = [
            ("one_hot", "tensor(float)", ["N", self.metadata.categories.width]),
            ("delay", "tensor(int64)", ["N"]),
            ("probability", "tensor(float)", ["N"]),
        ]
        if signature != expected:
            reason = f"its graph has {signature}, but its metadata fits {expected}"
            raise ModelError(path, reason)

    @classmethod
    def verified(cls, path: Path) -> Self:
        """Load the model at `path` after verifying its SHA-256 against `<path>.sha256`.

        A corrupted file may still be a valid graph with wrong answers.
        """
        digest = path.with_name(f"{path.name}.sha256")
        try:
            expected, graph = digest.read_text("utf-8", "replace"), path.read_bytes()
        except OSError as error:
            raise ModelError(Path(error.filename), f"{error.strerror}") from error
        if expected != f"{hashlib.sha256(graph).hexdigest()}  {path.name}\n":
            raise ModelError(path, f"its SHA-256 is not the one in {digest.name}")
        return cls(path, graph)

    def predict(self, cells: NDArray[np.int64]) -> Outputs:
        """Predict the flights of these cells, [N], as `Encoder` numbers them.

        Each different cell runs once, however often it occurs.
        """
        if len(cells) == 1:
            return self._run(cells)
        different, inverse = _distinct(cells)
        delay, probability = self._run(different)
        return Outputs(delay[inverse], probability[inverse])

    def _run(self, cells: NDArray[np.int64]) -> Outputs:
        if len(cells) > RUN_ROWS:  # in parts, so that memory stays small
            starts = range(0, len(cells), RUN_ROWS)
            parts = [self._run(cells[start : start + RUN_ROWS]) for start in starts]
            return Outputs(*map(np.concatenate, zip(*parts, strict=True)))
        rows = self.encoder.one_hot(cells)
        return Outputs(*self._session.run(Outputs._fields, {"one_hot": rows}))


def _distinct(cells: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different cells, and the place among them of each cell."""
    if len(cells) > FEW:
        return np.unique(cells, return_inverse=True)
    numbers = cells.tolist()
    places = {cell: place for place, cell in enumerate(dict.fromkeys(numbers))}
    return np.array([*places], np.int64), np.array([places[cell] for cell in numbers], np.int64)
