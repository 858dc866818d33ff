"""The graphs answer what was trained, for every possible flight and on every path."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.export.parity import (
    ParityError,
    by_function,
    by_oracle,
    by_pipeline,
    margins_of_pipeline,
    prove,
    ulp_apart,
)
from training.flights.counts import Counts
from training.flights.features import every_flight
from training.model import DelayModel
from training.project import ARTIFACTS
from training.release.publish import publish

MODELS = ["published", "top10", "elsewhere"]
BATCHES = [0, 1, 2, 552, 10_000]


@pytest.fixture(scope="module", params=MODELS)
def artifacts(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    santiago: Counts,
    elsewhere: Counts,
) -> Path:
    """Return the artifacts of one model: the committed, the ten columns', another airport's."""
    if request.param == "published":
        return ARTIFACTS
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "top10":
        publish(santiago, "top10", folder)
    else:
        publish(elsewhere, "all", folder)
    return folder


@pytest.fixture(scope="module")
def model(artifacts: Path) -> DelayModel:
    """Return XGBoost's own model of the artifacts."""
    # The columns are those it was fitted on: ten for the challenge's, else all.
    booster = DelayModel(None, store=artifacts / "booster.ubj")
    columns = booster.booster.num_features()
    return DelayModel(store=booster.store) if columns == 10 else booster


def batch(model: DelayModel, size: int) -> pd.DataFrame:
    """Return `size` flights; where they are as many as there are, every one, once."""
    flights = every_flight(model.categories)
    if size == 552:
        return flights
    drawn = np.random.default_rng(size).integers(0, len(flights), size)
    return flights.iloc[drawn].reset_index(drop=True)


def test_santiago_has_552_possible_flights(oracle: DelayModel) -> None:
    assert len(every_flight(oracle.categories).drop_duplicates()) == 552


@pytest.mark.parametrize("size", BATCHES)
def test_labels_are_those_of_xgboost(artifacts: Path, model: DelayModel, size: int) -> None:
    flights = batch(model, size)
    labels = model.predict(model.preprocess(flights))
    assert by_pipeline(artifacts / "pipeline.onnx", flights).delay.tolist() == labels
    assert by_function(artifacts / "model.onnx", flights).delay.tolist() == labels


@pytest.mark.parametrize("size", BATCHES)
def test_margins_are_those_of_xgboost_to_the_bit(
    artifacts: Path, model: DelayModel, size: int
) -> None:
    flights = batch(model, size)
    margins = model.margin(model.preprocess(flights))
    assert margins_of_pipeline(artifacts / "pipeline.onnx", flights).tobytes() == margins.tobytes()


@pytest.mark.parametrize("size", BATCHES)
def test_probabilities_are_within_one_ulp_of_the_formula(
    artifacts: Path, model: DelayModel, size: int
) -> None:
    flights = batch(model, size)
    # The formula once more, from its definition: p' / (p' + s (1 - p')), s = negatives/positives.
    balanced = 1 / (1 + np.exp(-model.margin(model.preprocess(flights)).astype(np.float64)))
    s = (1 - model.delay_rate) / model.delay_rate
    formula = (balanced / (balanced + s * (1 - balanced))).astype(np.float32)
    assert ulp_apart(by_function(artifacts / "model.onnx", flights).probability, formula) <= 1


@pytest.mark.parametrize("size", BATCHES)
def test_the_two_graphs_agree_to_the_bit(artifacts: Path, model: DelayModel, size: int) -> None:
    flights = batch(model, size)
    one_hot = by_function(artifacts / "model.onnx", flights)
    strings = by_pipeline(artifacts / "pipeline.onnx", flights)
    assert one_hot.probability.dtype == strings.probability.dtype == np.float32
    assert one_hot.probability.tobytes() == strings.probability.tobytes()
    assert one_hot.delay.tobytes() == strings.delay.tobytes()


def test_both_answers_occur(artifacts: Path, model: DelayModel) -> None:
    answer = by_function(artifacts / "model.onnx", every_flight(model.categories))
    assert set(answer.delay.tolist()) == {0, 1}
    assert len(set(answer.probability.tolist())) > 10


def test_a_graph_of_another_model_is_not_published(
    tmp_path: Path, oracle: DelayModel, santiago: Counts
) -> None:
    publish(santiago, "top10", tmp_path)
    with pytest.raises(ParityError, match=r"pipeline\.onnx decides \d+ flights unlike XGBoost"):
        prove(oracle, tmp_path / "pipeline.onnx", ARTIFACTS / "model.onnx")
    with pytest.raises(ParityError, match=r"model\.onnx decides \d+ flights unlike XGBoost"):
        prove(oracle, ARTIFACTS / "pipeline.onnx", tmp_path / "model.onnx")


def test_steps_between_floats_are_counted() -> None:
    one = np.array([1], np.float32)
    assert ulp_apart(one, np.nextafter(one, np.float32(2))) == 1
    assert ulp_apart(one, one) == 0


def test_the_oracle_is_xgboost_itself(oracle: DelayModel) -> None:
    flights = every_flight(oracle.categories)
    features = oracle.preprocess(flights).to_numpy()
    balanced = oracle.booster.inplace_predict(features)
    assert by_oracle(oracle, flights).delay.tolist() == (balanced > 0.5).astype(int).tolist()
