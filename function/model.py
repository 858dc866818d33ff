"""The trained model: the only place that knows ONNX Runtime."""

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from .metadata import Metadata

# Before the import: the wheels for Linux start a telemetry thread with it, and a worker that
# gunicorn forks off afterwards aborts when it ends.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort


class ModelError(Exception):
    """A model file that must not be served."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot load {path}: {reason}. Run `make train` and package it again.")


class Prediction(NamedTuple):
    """The decision and the calibrated probability of a delay, for each of N flights."""

    delay: NDArray[np.int64]  # [N], 0 or 1
    probability: NDArray[np.float32]  # [N]


class Model:
    """An audited ONNX graph from one-hot rows to delays, with what training says of it.

    Raise `ModelError` for a file that is missing, broken, or not of this format.
    """

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1  # threads would not survive gunicorn's fork,
        options.inter_op_num_threads = 1  # and they change the last bits of the sums
        options.log_severity_level = 4  # what is wrong with a file, ModelError says
        try:
            self._session = ort.InferenceSession(path.read_bytes(), options)
        except OSError as error:
            raise ModelError(path, f"{error.strerror}") from error
        except Exception as error:  # ONNX Runtime's errors share no narrower base
            raise ModelError(path, f"it is no ONNX model ({type(error).__name__})") from error
        try:
            properties = self._session.get_modelmeta().custom_metadata_map
            self.metadata = Metadata.from_properties(properties)
        except ValueError as error:
            raise ModelError(path, str(error)) from error
        signature = [(n.name, n.type, n.shape) for n in self._session.get_inputs()]
        expected = [("one_hot", "tensor(float)", ["N", len(self.metadata.categories)])]
        if signature != expected:
            reason = f"its graph takes {signature}, but its metadata fits {expected}"
            raise ModelError(path, reason)

    @classmethod
    def vouched(cls, path: Path) -> Self:
        """Load the model for which the digest beside it, in `sha256sum`'s format, vouches.

        A file of which a bit was turned may well be a graph, which answers something else.
        """
        vouching = path.with_name(f"{path.name}.sha256")
        try:
            expected = vouching.read_text("utf-8", "replace")
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(Path(error.filename), f"{error.strerror}") from error
        if expected != f"{digest}  {path.name}\n":
            raise ModelError(path, f"it is not the file that {vouching.name} vouches for")
        return cls(path)

    def predict(self, one_hot: NDArray[np.float32], cells: NDArray[np.intp]) -> Prediction:
        """Predict the flights whose one-hot rows are `one_hot[cells]`, each different one once.

        A batch never costs more than one run over the C rows of `one_hot`, however long it is.
        """
        return Prediction(*self._run(["delay", "probability"], one_hot, cells))

    def delay(self, one_hot: NDArray[np.float32], cells: NDArray[np.intp]) -> NDArray[np.int64]:
        """Predict the decision alone: an output less saves a single flight a twentieth."""
        (delay,) = self._run(["delay"], one_hot, cells)
        return delay

    def _run(
        self, outputs: list[str], one_hot: NDArray[np.float32], cells: NDArray[np.intp]
    ) -> list[NDArray[Any]]:
        if len(cells) == 1:
            row = one_hot[cells[0] :][:1]  # a view, which costs less than to index
            alone: list[NDArray[Any]] = self._session.run(outputs, {"one_hot": row})
            return alone
        different = np.flatnonzero(np.bincount(cells, minlength=len(one_hot)))
        place = np.empty(len(one_hot), np.intp)
        place[different] = np.arange(len(different))
        inverse = place[cells]
        found = self._session.run(outputs, {"one_hot": one_hot[different]})
        return [output[inverse] for output in found]
