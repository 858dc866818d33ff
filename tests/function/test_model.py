"""A model that must not be served stops the start with one line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from function.errors import ModelError
from function.metadata import FORMAT_VERSION, Metadata
from function.model import Model
from tests.support.at_hand import CELLS, MODEL
from training.flights.counts import Counts
from training.project import ARTIFACTS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a copy of the model."""
    return Path(shutil.copy(ARTIFACTS / "model.onnx", tmp_path))


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as raised:
        Model(path)
    message = str(raised.value)
    assert message.startswith(f"Cannot load {path}: ")
    assert message.endswith("Run `make train` and package it again.")
    assert "\n" not in message
    return message


def edited(path: Path, edit: Callable[[dict[str, str]], object]) -> Path:
    """Change the metadata of the model at `path`."""
    graph = onnx.load(path)
    properties = {each.key: each.value for each in graph.metadata_props}
    edit(properties)
    onnx.helper.set_model_props(graph, properties)
    onnx.save(graph, path)
    return path


@pytest.mark.santiago
def test_a_model_says_what_training_wrote_into_it(path: Path, santiago: Counts) -> None:
    model = Model(path)
    assert model.metadata.categories == santiago.categories
    assert Metadata.from_properties(model.metadata.to_properties()) == model.metadata


@pytest.mark.parametrize("rows", [7, 10_000], ids=["in many runs", "in one run"])
def test_each_flight_of_a_batch_gets_its_own_answer(
    path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    model = Model(path)
    monkeypatch.setattr("function.model.RUN_ROWS", rows)
    cells = np.random.default_rng(0).integers(0, CELLS, 1000)
    cells = np.concatenate([cells, cells[::-3]])
    together = model.predict(cells)
    alone = [model.predict(np.array([cell])) for cell in cells]
    delay, probability = map(np.concatenate, zip(*alone, strict=True))
    assert np.array_equal(delay, together.delay)
    assert np.array_equal(probability, together.probability)
    assert len(set(together.probability.tolist())) > 100


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(tmp_path / "model.onnx")


@pytest.mark.parametrize("size", [0, 1, 1000, -1])
def test_a_file_cut_short_is_refused(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    refusal(path)


def test_another_format_version_is_refused(path: Path) -> None:
    edited(path, lambda properties: properties.update(format_version="1"))
    assert f"its format version is 1, expected {FORMAT_VERSION}" in refusal(path)


def test_a_graph_without_metadata_is_refused(path: Path) -> None:
    edited(path, dict.clear)
    assert f"its format version is None, expected {FORMAT_VERSION}" in refusal(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("categories", '{"OPERA":["A"]}'), ("threshold", '"high"'), ("model_version", "x")],
)
def test_metadata_of_another_shape_is_refused(path: Path, key: str, value: str) -> None:
    edited(path, lambda properties: properties.update({key: value}))
    refusal(path)


def test_metadata_that_lacks_a_key_is_refused(path: Path) -> None:
    edited(path, lambda properties: properties.pop("threshold"))
    assert "missing required field `threshold`" in refusal(path)


def test_metadata_that_does_not_fit_the_graph_is_refused(path: Path) -> None:
    categories = '{"OPERA":["A"],"TIPOVUELO":["N"],"MES":[1]}'
    edited(path, lambda properties: properties.update(categories=categories))
    assert (
        f"its graph has [('one_hot', 'tensor(float)', ['N', {MODEL.encoder.width}]), "
        in refusal(path)
    )


def test_the_other_graph_is_no_model_of_the_function(path: Path) -> None:
    shutil.copy(ARTIFACTS / "pipeline.onnx", path)
    assert "OPERA" in refusal(path)


def test_a_graph_that_answers_less_is_refused(path: Path) -> None:
    graph = onnx.load(path)
    graph.graph.output.pop()
    onnx.save(graph, path)
    assert "but its metadata fits" in refusal(path)


@pytest.mark.parametrize("value", ['"fair"', "fair", ""], ids=["JSON", "text", "empty"])
def test_a_key_that_is_not_ours_is_ignored(path: Path, value: str) -> None:
    assert Model(edited(path, lambda properties: properties.update(weather=value)))


def test_the_counts_of_timed_cells_are_not_public(path: Path) -> None:
    public = Model(path).metadata.public()
    assert "timed_training_counts" not in public
    assert len(msgspec.json.encode(public)) < 20_000


def test_each_different_cell_runs_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = Model(path), []
    one_hot = model.encoder.one_hot

    def counted(cells: NDArray[np.int64]) -> NDArray[np.float32]:
        asked.append(len(cells))
        return one_hot(cells)

    monkeypatch.setattr(model.encoder, "one_hot", counted)
    model.predict(np.array([3, 5, 3, 3, 5]))
    assert asked == [2]
