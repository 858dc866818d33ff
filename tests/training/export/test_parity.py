"""The graphs answer what was trained, for every possible flight and on every path."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest

from function.model import Model
from tests.support.at_hand import possible_flights
from training.export.graph import model_graph, pipeline_graph
from training.export.parity import (
    ParityError,
    Pipeline,
    by_function,
    by_oracle,
    prove,
    requests_of,
    ulp_apart,
)
from training.flights.counts import Counts
from training.flights.features import every_cell, flights_of
from training.model import DelayModel
from training.project import ARTIFACTS
from training.release.publish import publish

MODELS = [
    "published",
    "elsewhere",
    "elsewhere_timed",
    pytest.param("top10", marks=pytest.mark.slow),
]
EPSILON = 2.0**-23  # a step of float32 above 1


@pytest.fixture(scope="module", params=MODELS)
def artifacts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, santiago: Counts
) -> Path:
    """Return the artifacts of one model: the committed, the ten columns', another airport's."""
    if request.param == "published":
        return ARTIFACTS
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "top10":
        publish(santiago, "top10", folder)
    else:
        publish(request.getfixturevalue(request.param), "all", folder)
    return folder


@pytest.fixture(scope="module")
def model(artifacts: Path) -> DelayModel:
    """Return XGBoost's own model of the artifacts."""
    # The columns are those it was fitted on: ten for the challenge's, else all.
    booster = DelayModel(None, store=artifacts / "booster.ubj")
    columns = booster.booster.num_features()
    return DelayModel(store=booster.store) if columns == 10 else booster


@pytest.fixture(scope="module")
def pipeline(artifacts: Path) -> Pipeline:
    return Pipeline(artifacts / "pipeline.onnx")


@pytest.fixture(scope="module")
def function(artifacts: Path) -> Model:
    return Model(artifacts / "model.onnx")


def parts(model: DelayModel) -> Iterator[pd.DataFrame]:
    """Yield every possible flight in parts."""
    for cells in every_cell(model.categories):
        yield flights_of(cells, model.categories)


@pytest.mark.santiago
def test_santiago_has_835176_possible_flights(oracle: DelayModel) -> None:
    cells = np.concatenate([*every_cell(oracle.categories)])
    assert len(np.unique(cells)) == len(cells) == 23 * 2 * 12 * (1 + 24 * 7 * 9) == 835_176
    flights = flights_of(cells, oracle.categories)
    months = flights.groupby(["OPERA", "TIPOVUELO", "MES"], observed=True).size()
    assert months.to_list() == [1 + 24 * 7 * 9] * (23 * 2 * 12)
    timed, with_day = flights["HORA"] != -1, flights["HOY"] != -1
    assert (timed == (flights["DIANOM"] != "")).all()
    assert timed[with_day].all()


def test_every_possible_flight_is_answered_as_xgboost_does(
    model: DelayModel, pipeline: Pipeline, function: Model
) -> None:
    answers = set[float]()
    for flights in parts(model):
        features = model.encode(flights)
        margin = model.margin(features)
        strings, margins = pipeline.answer(flights)
        one_hot = by_function(function, flights)
        assert margins.tobytes() == margin.tobytes()
        assert one_hot.delay.tolist() == strings.delay.tolist() == model.predict(features)
        assert one_hot.probability.dtype == strings.probability.dtype == np.float32
        assert one_hot.probability.tobytes() == strings.probability.tobytes()
        # The formula from its definition: p' / (p' + s (1 - p')), s = negatives / positives.
        balanced = 1 / (1 + np.exp(-margin.astype(np.float64)))
        s = (1 - model.delay_rate) / model.delay_rate
        formula = (balanced / (balanced + s * (1 - balanced))).astype(np.float32)
        assert ulp_apart(one_hot.probability, formula) <= 1
        answers |= {*one_hot.probability.tolist()}
    late = {answer > model.delay_rate for answer in answers}
    assert late == {False, True}
    assert len(answers) > 10


@pytest.mark.parametrize("size", [0, 1, 2, 10_000])
def test_batches_of_any_size_are_answered_alike(
    model: DelayModel, pipeline: Pipeline, function: Model, size: int
) -> None:
    cells = np.concatenate([*every_cell(model.categories)])
    drawn = np.random.default_rng(size).choice(cells, size)
    flights = flights_of(drawn, model.categories)
    features = model.preprocess(flights)  # as the challenge's users do
    strings, margins = pipeline.answer(flights)
    assert margins.tobytes() == model.margin(features).tobytes()
    assert strings.delay.tolist() == model.predict(features)
    answered = function.predict(drawn)
    assert answered.delay.tolist() == strings.delay.tolist()
    assert answered.probability.tobytes() == strings.probability.tobytes()


@pytest.mark.slow
@pytest.mark.santiago
def test_a_graph_of_another_model_is_not_published(
    tmp_path: Path, oracle: DelayModel, santiago: Counts
) -> None:
    other = DelayModel(store=tmp_path / "booster.ubj")
    other.fit_counts(santiago.part("train"), santiago.categories)
    metadata = Model(ARTIFACTS / "model.onnx").metadata
    for name, graph in (("pipeline", pipeline_graph), ("model", model_graph)):
        made = graph(other, metadata).SerializeToString()
        (tmp_path / f"{name}.onnx").write_bytes(made)
    with pytest.raises(ParityError, match=r"pipeline\.onnx decides \d+ flights unlike XGBoost"):
        prove(oracle, tmp_path / "pipeline.onnx", ARTIFACTS / "model.onnx")
    with pytest.raises(ParityError, match=r"model\.onnx decides \d+ flights unlike XGBoost"):
        prove(oracle, ARTIFACTS / "pipeline.onnx", tmp_path / "model.onnx")


def altered(folder: Path, name: str, tensor: str, factor: float) -> Path:
    """Write a published graph that multiplies one tensor, and does all else as before."""
    model = onnx.load(ARTIFACTS / name)
    for node in model.graph.node:
        for names in (node.input, node.output):
            for place, each in enumerate(names):
                names[place] = "before" if each == tensor else each
    model.graph.node.append(onnx.helper.make_node("Mul", ["before", "factor"], [tensor]))
    initializer = onnx.numpy_helper.from_array(np.array(factor, np.float32), "factor")
    model.graph.initializer.append(initializer)
    onnx.save(model, folder / name)
    return folder / name


@pytest.mark.parametrize(
    ("name", "tensor", "steps", "fault"),
    [
        ("pipeline.onnx", "margin", 1, r"pipeline\.onnx gives margins unlike XGBoost's\."),
        ("pipeline.onnx", "probability", 4, r"pipeline\.onnx gives probabilities \d ULP from the"),
        ("model.onnx", "probability", 4, r"model\.onnx gives probabilities \d ULP from the"),
    ],
)
def test_a_graph_that_decides_alike_is_not_published_with_other_numbers(  # noqa: PLR0913, PLR0917  # fixtures and a row
    tmp_path: Path, oracle: DelayModel, name: str, tensor: str, steps: int, fault: str
) -> None:
    graphs = {each: ARTIFACTS / each for each in ("pipeline.onnx", "model.onnx")}
    graphs[name] = altered(tmp_path, name, tensor, 1 + steps * EPSILON)
    with pytest.raises(ParityError, match=rf"^{fault}"):
        prove(oracle, *graphs.values())


def test_graphs_that_differ_within_the_tolerance_are_not_published(
    tmp_path: Path, oracle: DelayModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = altered(tmp_path, "model.onnx", "probability", 1 + EPSILON)
    monkeypatch.setattr("training.export.parity.TOLERANCE_ULP", 4)
    with pytest.raises(ParityError, match=r"^The two graphs give different probabilities\.$"):
        prove(oracle, ARTIFACTS / "pipeline.onnx", model)


@pytest.mark.slow
def test_the_proof_counts_every_possible_flight(oracle: DelayModel) -> None:
    proven = prove(oracle, ARTIFACTS / "pipeline.onnx", ARTIFACTS / "model.onnx")
    assert proven == possible_flights()


def test_trees_without_a_split_are_a_model_too(tmp_path: Path) -> None:
    rows = [("A", "N", 1, "train", 3, 1), ("A", "N", 1, "validation", 3, 1)]
    columns = ["OPERA", "TIPOVUELO", "MES", "split", "flights", "delayed"]
    metrics = publish(Counts.from_table(pd.DataFrame(rows, columns=columns)), "all", tmp_path)
    assert metrics.proven == 1
    answer = Model(tmp_path / "model.onnx").predict(np.array([0]))
    assert answer.probability.tolist() == pytest.approx([1 / 3], abs=1e-6)


def test_steps_between_floats_are_counted() -> None:
    one = np.array([1], np.float32)
    assert ulp_apart(one, np.nextafter(one, np.float32(2))) == 1
    assert ulp_apart(one, one) == 0


def test_requests_carry_the_hour_and_weekday_of_their_flight(oracle: DelayModel) -> None:
    cells = next(every_cell(oracle.categories, 2400))
    encoder = Model(ARTIFACTS / "model.onnx").encoder
    flights = flights_of(cells, oracle.categories)
    assert encoder.cells(requests_of(flights)).tolist() == cells.tolist()


def test_the_oracle_is_xgboost_itself(oracle: DelayModel) -> None:
    flights = flights_of(next(every_cell(oracle.categories)), oracle.categories)
    features = oracle.preprocess(flights)
    balanced = oracle.booster.inplace_predict(features.to_numpy())
    assert by_oracle(oracle, features).delay.tolist() == (balanced > 0.5).astype(int).tolist()
