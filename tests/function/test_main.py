"""The HTTP face of the function, as the framework serves it."""

import sys

import httpx2
import msgspec
import numpy as np
import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from tests.support.paths import ROOT
from training.export.parity import by_pipeline
from training.flights.features import every_flight
from training.model import DelayModel
from training.project import ARTIFACTS

SKY = {"OPERA": "Sky Airline", "TIPOVUELO": "N", "MES": 3}


def test_every_possible_flight_is_answered_as_trained(
    client: TestClient, oracle: DelayModel
) -> None:
    flights = every_flight(oracle.categories)
    answer = client.post(
        "/predict?probability=true", json={"flights": flights.to_dict(orient="records")}
    ).json()
    assert answer["predict"] == oracle.predict(oracle.preprocess(flights))
    graph = by_pipeline(ARTIFACTS / "pipeline.onnx", flights).probability
    assert np.array(answer["probability"], np.float32).tobytes() == graph.tobytes()


@pytest.mark.parametrize("path", ["/", "/predict", "/predict?probability=false&x=1"])
def test_the_answer_is_the_challenges(client: TestClient, path: str) -> None:
    answer = client.post(path, json={"flights": [SKY, SKY | {"MES": 12}]})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["predict"]
    assert len(answer.json()["predict"]) == 2


def test_no_flights_get_an_empty_answer(client: TestClient) -> None:
    answer = client.post("/predict?probability=true", json={"flights": []})
    assert answer.json() == {"predict": [], "probability": []}


def test_a_whole_row_of_the_challenges_table_is_a_flight(client: TestClient) -> None:
    row = SKY | {"Fecha-I": "2017-03-01 10:00:00", "DIA": 1, "SIGLADES": "Arica", "Vlo-O": None}
    answer = client.post("/predict", json={"flights": [row]})
    assert answer.json() == client.post("/predict", json={"flights": [SKY]}).json()


def test_health_is_ok(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
    assert client.head("/health").status_code == 200


def test_the_model_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/model").json()
    published = msgspec.json.decode((ARTIFACTS / "metrics.json").read_bytes())
    assert answer["model_version"] == published["model_version"]
    assert answer["metrics"] == published["validation"]
    assert answer["categories"]["MES"] == list(range(1, 13))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/predict", 400),
        ("GET", "/health", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/predict", 405),
    ],
)
def test_every_answer_names_the_model_version_and_is_json(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path, headers={"content-type": "application/json"})
    published = msgspec.json.decode((ARTIFACTS / "metrics.json").read_bytes())
    assert answer.status_code == status
    assert answer.headers["x-model-version"] == published["model_version"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize(
    ("flight", "path"),
    [
        pytest.param(SKY | {"OPERA": "Sky"}, "$.flights[1].OPERA", id="airline"),
        pytest.param(SKY | {"MES": 13}, "$.flights[1].MES", id="month"),
        pytest.param(SKY | {"MES": True}, "$.flights[1].MES", id="boolean"),
        pytest.param({"OPERA": "Sky Airline", "MES": 3}, "$.flights[1].TIPOVUELO", id="missing"),
    ],
)
def test_a_wrong_flight_is_a_400_with_its_place(
    client: TestClient, flight: dict[str, object], path: str
) -> None:
    answer = client.post("/predict", json={"flights": [SKY, flight]})
    assert answer.status_code == 400
    assert answer.json()["path"] == path
    assert answer.json()["error"].startswith("Expected ")
    assert answer.json()["error"].endswith(f" - at `{path}`")


@pytest.mark.parametrize("path", ["/nowhere", "/predict/", "/Predict"])
def test_another_path_is_a_404_that_lists_the_paths(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "/predict" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/predict", "POST"),
        ("DELETE", "/", "GET, HEAD, POST"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
def test_another_method_is_a_405_that_says_which(
    client: TestClient, method: str, path: str, allow: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert method in answer.json()["error"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_another_content_type_is_a_415(client: TestClient, content_type: str, status: int) -> None:
    body = msgspec.json.encode({"flights": [SKY]})
    answer = client.post("/predict", content=body, headers={"content-type": content_type})
    assert answer.status_code == status


def test_a_body_above_the_bound_is_a_413(client: TestClient) -> None:
    def post(size: int) -> httpx2.Response:
        body = msgspec.json.encode({"flights": [SKY]}).ljust(size)
        return client.post("/predict", content=body, headers={"content-type": "application/json"})

    assert post(4 * 1024 * 1024).status_code == 200
    assert post(4 * 1024 * 1024 + 1).status_code == 413


def test_more_flights_than_the_bound_are_a_413(client: TestClient) -> None:
    assert client.post("/predict", json={"flights": [SKY] * 10_000}).status_code == 200
    answer = client.post("/predict", json={"flights": [SKY] * 10_001})
    assert (answer.status_code, answer.json()["path"]) == (413, "$.flights")


def test_a_flag_is_true_or_false(client: TestClient) -> None:
    answer = client.post("/predict?probability=yes", json={"flights": [SKY]})
    assert answer.status_code == 400
    assert answer.json()["path"] == "?probability"


def test_a_bug_is_a_500_and_its_traceback_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))

    def crash(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(sys.modules["main"].handlers.model, "predict", crash)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post("/predict", json={"flights": [SKY]})
    assert answer.status_code == 500
    assert "a bug" not in answer.text
    assert "ZeroDivisionError: a bug" in caplog.text
