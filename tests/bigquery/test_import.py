"""BigQuery can import the graph: the ONNX Runtime that it documents gives the same bits."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest

from function.metadata import Metadata
from tests.support.paths import ROOT
from training.export.parity import Pipeline
from training.flights.features import FEATURES, every_cell, flights_of

PYTHON = ROOT / ".build/bigquery/bin/python"
GRAPH = ROOT / "artifacts/pipeline.onnx"
LARGEST = 450 * 1024 * 1024  # bytes that BigQuery imports

pytestmark = pytest.mark.skipif(
    not (ROOT / ".build/bigquery/ready").exists(),
    reason="`make .build/bigquery/ready` was not run: it needs Python 3.10",
)


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """Return every possible flight."""
    properties = {each.key: each.value for each in onnx.load(GRAPH).metadata_props}
    categories = Metadata.from_properties(properties).categories
    return pd.concat([flights_of(cells, categories) for cells in every_cell(categories)])


def test_its_onnx_runtime_gives_the_same_bits_for_every_flight(
    flights: pd.DataFrame, tmp_path: Path
) -> None:
    assert GRAPH.stat().st_size < LARGEST
    inputs: dict[str, Any] = {name: flights[[name]].to_numpy() for name in FEATURES}
    np.savez(tmp_path / "flights.npz", **inputs)
    files = [str(GRAPH), str(tmp_path / "flights.npz"), str(tmp_path / "answers.npz")]
    subprocess.run([PYTHON, str(ROOT / "tests/bigquery/answers.py"), *files], check=True)
    expected, _ = Pipeline(GRAPH).answer(flights)

    with np.load(tmp_path / "answers.npz") as answers:
        assert answers["delay"].tobytes() == expected.delay.tobytes()
        assert answers["probability"].tobytes() == expected.probability.tobytes()


def test_it_is_the_runtime_that_bigquery_documents() -> None:
    words = "import onnxruntime; print(onnxruntime.__version__)"
    ended = subprocess.run([PYTHON, "-c", words], check=True, capture_output=True, text=True)

    assert ended.stdout == "1.12.0\n"
