"""The graphs answer what was trained, for every possible flight and on every path."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest

from function.model import Model
from tests.support.at_hand import possible_flights
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

MODELS = ["published", "top10", "elsewhere", "elsewhere_timed"]
BATCHES = [0, 1, 2, 10_000]
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


def batches(model: DelayModel) -> Iterator[pd.DataFrame]:
    """Yield every possible flight in parts, and batches of other sizes drawn from them."""
    cells = list(every_cell(model.categories))
    for part in cells:
        yield flights_of(part, model.categories)
    for size in BATCHES:
        drawn = np.random.default_rng(size).choice(np.concatenate(cells), size)
        yield flights_of(drawn, model.categories)


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


def test_labels_are_those_of_xgboost(
    model: DelayModel, pipeline: Pipeline, function: Model
) -> None:
    for flights in batches(model):
        labels = model.predict(model.preprocess(flights))
        assert pipeline.answer(flights)[0].delay.tolist() == labels
        assert by_function(function, flights).delay.tolist() == labels


def test_margins_are_those_of_xgboost_to_the_bit(model: DelayModel, pipeline: Pipeline) -> None:
    for flights in batches(model):
        margins = model.margin(model.preprocess(flights))
        assert pipeline.answer(flights)[1].tobytes() == margins.tobytes()


def test_probabilities_are_within_one_ulp_of_the_formula(
    model: DelayModel, function: Model
) -> None:
    for flights in batches(model):
        # The formula from its definition: p' / (p' + s (1 - p')), s = negatives / positives.
        balanced = 1 / (1 + np.exp(-model.margin(model.preprocess(flights)).astype(np.float64)))
        s = (1 - model.delay_rate) / model.delay_rate
        formula = (balanced / (balanced + s * (1 - balanced))).astype(np.float32)
        assert ulp_apart(by_function(function, flights).probability, formula) <= 1


def test_the_two_graphs_agree_to_the_bit(
    model: DelayModel, pipeline: Pipeline, function: Model
) -> None:
    for flights in batches(model):
        one_hot, strings = by_function(function, flights), pipeline.answer(flights)[0]
        assert one_hot.probability.dtype == strings.probability.dtype == np.float32
        assert one_hot.probability.tobytes() == strings.probability.tobytes()
        assert one_hot.delay.tobytes() == strings.delay.tobytes()


def test_both_answers_occur(model: DelayModel, function: Model) -> None:
    cells = np.concatenate(list(every_cell(model.categories)))
    answer = function.predict(cells)
    assert set(answer.delay.tolist()) == {0, 1}
    assert len(set(answer.probability.tolist())) > 10


@pytest.mark.santiago
def test_a_graph_of_another_model_is_not_published(
    tmp_path: Path, oracle: DelayModel, santiago: Counts
) -> None:
    publish(santiago, "top10", tmp_path)
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
