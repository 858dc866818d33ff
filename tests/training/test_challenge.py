"""What the delay challenge asks of model and API, on its own table and within its own bounds."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from starlette.testclient import TestClient

from training.flights.features import TOP10
from training.model import DelayModel


@pytest.fixture(scope="module")
def table(raw_flights: Path) -> pd.DataFrame:
    return pd.read_csv(raw_flights, low_memory=False)


def test_preprocess_for_training_gives_the_ten_features_and_the_target(table: pd.DataFrame) -> None:
    features, target = DelayModel().preprocess(data=table, target_column="delay")
    assert isinstance(features, pd.DataFrame)
    assert isinstance(target, pd.DataFrame)
    assert sorted(features.columns) == sorted(TOP10)
    assert list(target.columns) == ["delay"]
    assert len(features) == len(target) == len(table)


def test_preprocess_for_serving_gives_the_ten_features(table: pd.DataFrame) -> None:
    features = DelayModel().preprocess(data=table)
    assert isinstance(features, pd.DataFrame)
    assert sorted(features.columns) == sorted(TOP10)
    assert len(features) == len(table)


def test_the_fitted_estimator_predicts_a_frame_within_the_bounds(table: pd.DataFrame) -> None:
    model = DelayModel()
    features, target = model.preprocess(data=table, target_column="delay")
    _, asked, _, actual = train_test_split(features, target, test_size=0.33, random_state=42)
    model.fit(features=features, target=target)
    assert model._model is not None
    report: Any = classification_report(actual, model._model.predict(asked), output_dict=True)
    assert report["0"]["recall"] < 0.60
    assert report["0"]["f1-score"] < 0.70
    assert report["1"]["recall"] > 0.60
    assert report["1"]["f1-score"] > 0.30


def test_an_unfitted_model_predicts_a_list_of_integers(table: pd.DataFrame) -> None:
    model = DelayModel()
    features = model.preprocess(data=table)
    predicted = model.predict(features=features)
    assert isinstance(predicted, list)
    assert len(predicted) == len(features)
    assert {type(each) for each in predicted} == {int}
    assert np.unique(predicted).tolist() == [0, 1]


@pytest.mark.santiago
def test_the_api_predicts_a_flight(client: TestClient) -> None:
    flight = {"OPERA": "Aerolineas Argentinas", "TIPOVUELO": "N", "MES": 3}
    response = client.post("/predict", json={"flights": [flight]})
    assert (response.status_code, response.json()) == (200, {"predict": [0]})


@pytest.mark.parametrize(
    "wrong",
    [{"MES": 13}, {"TIPOVUELO": "O", "MES": 13}, {"OPERA": "Argentinas", "TIPOVUELO": "O"}],
    ids=["month", "type-and-month", "airline-and-type"],
)
def test_the_api_refuses_unknown_values(client: TestClient, wrong: dict[str, object]) -> None:
    flight = {"OPERA": "Aerolineas Argentinas", "TIPOVUELO": "N", "MES": 3} | wrong
    assert client.post("/predict", json={"flights": [flight]}).status_code == 400
