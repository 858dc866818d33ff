"""The HTTP face of the function, as the framework serves it."""

import sys
from types import ModuleType

import httpx2
import msgspec
import numpy as np
import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from tests.support.at_hand import (
    ANSWER,
    CATEGORIES,
    FLIGHT,
    MODEL,
    MONTH,
    TIMED,
    TODAY,
    possible_flights,
)
from tests.support.paths import ROOT
from training.export.parity import Pipeline, by_oracle, requests_of
from training.flights.features import every_cell, flights_of
from training.model import DelayModel
from training.project import ARTIFACTS

JSON = {"content-type": "application/json"}


@pytest.mark.slow
def test_every_possible_flight_is_answered_as_trained(
    client: TestClient, oracle: DelayModel
) -> None:
    graph, asked = Pipeline(ARTIFACTS / "pipeline.onnx"), 0
    for cells in every_cell(oracle.categories, 8192):
        flights = flights_of(cells, oracle.categories)
        body = msgspec.json.encode({"flights": requests_of(flights)})
        answer = client.post("/predict?probability=true", content=body, headers=JSON).json()
        assert answer["predict"] == by_oracle(oracle, oracle.encode(flights)).delay.tolist()
        probability = np.array(answer["probability"], np.float32)
        assert probability.tobytes() == graph.answer(flights)[0].probability.tobytes()
        asked += len(flights)
    assert asked == possible_flights()


@pytest.mark.santiago
def test_what_tests_ask_and_expect_is_this_for_santiago() -> None:
    assert FLIGHT == {"OPERA": "Aerolineas Argentinas", "TIPOVUELO": "N", "MES": 3}
    assert ANSWER == b'{"predict":[0]}'
    assert [*CATEGORIES.MES] == [*range(1, 13)]
    assert (len(CATEGORIES.OPERA), MODEL.encoder.width) == (23, 79)
    assert possible_flights() == 552 * (1 + 24 * 7 * 9)


@pytest.mark.parametrize("path", ["/", "/predict", "/predict?probability=false&x=1"])
def test_the_answer_is_the_challenges(client: TestClient, path: str) -> None:
    answer = client.post(path, json={"flights": [FLIGHT, TIMED]})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["predict"]
    assert len(answer.json()["predict"]) == 2


def test_no_flights_get_an_empty_answer(client: TestClient) -> None:
    answer = client.post("/predict?probability=true", json={"flights": []})
    assert answer.json() == {"predict": [], "probability": []}


def test_a_whole_row_of_the_challenges_table_is_a_flight_with_its_time(client: TestClient) -> None:
    row = TIMED | {"DIA": 3, "SIGLADES": "Arica", "Vlo-O": None}
    timed = FLIGHT | {"Fecha-I": f"2017-{MONTH:02}-03T19:00"}
    whole, short, untimed = (
        client.post("/predict?probability=true", json={"flights": [flight]}).json()
        for flight in (row, timed, FLIGHT | {"Fecha-I": None})
    )
    assert whole == short
    assert (whole == untimed) is (len(CATEGORIES.HORA) == 1)
    assert untimed == client.post("/predict?probability=true", json={"flights": [FLIGHT]}).json()


@pytest.mark.parametrize("path", ["/", "/predict"])
def test_the_day_so_far_may_be_given(client: TestClient, path: str) -> None:
    def ask(flight: dict[str, object]) -> dict[str, object]:
        answer = client.post(f"{path}?probability=true&training=true", json={"flights": [flight]})
        assert answer.status_code == 200
        answered: dict[str, object] = answer.json()
        return answered

    without = ask({**TIMED})
    assert ask({**TIMED, "HOY": None}) == without
    days = [ask({**TIMED, "HOY": share}) for share in (0, 0.35, 1)]
    assert all(day["training"] == without["training"] for day in days)
    different = len({str(each["probability"]) for each in (without, *days)})
    assert different == (4 if CATEGORIES.knows_day else 1)


@pytest.mark.parametrize("path", ["/", "/predict", "/explain", "/bigquery"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"HOY": "0.4"}, "Expected a number from 0 to 1, or null", id="text"),
        pytest.param({"HOY": 40}, "such as 0.4 for 40 %, got 40", id="percentage"),
        pytest.param({"HOY": True}, "or null, got a boolean", id="boolean"),
        pytest.param({"HOY": -0.1}, "from 0 to 1, such as 0.4 for 40 %, got -0.1", id="negative"),
        pytest.param({"Fecha-I": None}, "Expected `Fecha-I` beside `HOY`", id="without a time"),
    ],
)
def test_a_wrong_day_so_far_is_a_400_with_its_place(
    client: TestClient, path: str, change: dict[str, object], message: str
) -> None:
    flights: list[dict[str, object]] = [{**TODAY}, {**TODAY, **change}]
    calls = [[*flight.values()] for flight in flights]
    answer = client.post(path, json={"flights": flights, "calls": calls})
    place = "$.calls[1][4]" if path == "/bigquery" else "$.flights[1].HOY"
    error = answer.json()["errorMessage" if path == "/bigquery" else "error"]
    assert answer.status_code == 400
    assert message in error
    assert error.endswith(f" - at `{place}`")


def test_health_is_ok(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
    assert client.head("/health").status_code == 200


def test_the_model_says_what_it_is(client: TestClient) -> None:
    answer = client.get("/model").json()
    published = msgspec.json.decode((ARTIFACTS / "metrics.json").read_bytes())
    assert answer["model_version"] == published["model_version"]
    assert answer["metrics"] == published["unseen"]["untimed"]
    assert answer["day_metrics"] == published["unseen"]["day"]
    assert answer["categories"]["MES"] == list(CATEGORIES.MES)


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
        pytest.param(FLIGHT | {"OPERA": "Sky"}, "$.flights[1].OPERA", id="airline"),
        pytest.param(FLIGHT | {"MES": 13}, "$.flights[1].MES", id="month"),
        pytest.param(FLIGHT | {"MES": True}, "$.flights[1].MES", id="boolean"),
        pytest.param(
            {"OPERA": FLIGHT["OPERA"], "MES": MONTH}, "$.flights[1].TIPOVUELO", id="missing"
        ),
    ],
)
def test_a_wrong_flight_is_a_400_with_its_place(
    client: TestClient, flight: dict[str, object], path: str
) -> None:
    answer = client.post("/predict", json={"flights": [FLIGHT, flight]})
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
    body = msgspec.json.encode({"flights": [FLIGHT]})
    answer = client.post("/predict", content=body, headers={"content-type": content_type})
    assert answer.status_code == status


def test_a_body_above_the_bound_is_a_413(client: TestClient) -> None:
    def post(size: int) -> httpx2.Response:
        body = msgspec.json.encode({"flights": [FLIGHT]}).ljust(size)
        return client.post("/predict", content=body, headers={"content-type": "application/json"})

    assert post(4 * 1024 * 1024).status_code == 200
    assert post(4 * 1024 * 1024 + 1).status_code == 413


def test_more_flights_than_the_bound_are_a_413(client: TestClient) -> None:
    assert client.post("/predict", json={"flights": [FLIGHT] * 10_000}).status_code == 200
    answer = client.post("/predict", json={"flights": [FLIGHT] * 10_001})
    assert (answer.status_code, answer.json()["path"]) == (413, "$.flights")


@pytest.mark.parametrize("flag", ["probability", "training"])
def test_a_flag_is_true_or_false(client: TestClient, flag: str) -> None:
    asked = {
        value: client.post(f"/predict?{flag}={value}", json={"flights": [FLIGHT]})
        for value in ("true", "false", "yes", "")
    }
    assert [answer.status_code for answer in asked.values()] == [200, 200, 400, 400]
    assert [flag in asked[value].json() for value in ("true", "false")] == [True, False]
    assert asked["yes"].json() == {
        "error": f"Expected true or false, got yes - at `?{flag}`",
        "path": f"?{flag}",
    }


@pytest.mark.parametrize(
    ("path", "word"),
    [("/", "error"), ("/predict", "error"), ("/explain", "error"), ("/bigquery", "errorMessage")],
)
def test_an_error_is_answered_with_its_status_and_its_headers(
    client: TestClient, main: ModuleType, monkeypatch: pytest.MonkeyPatch, path: str, word: str
) -> None:
    async def refuse(_receive: object) -> bytes:
        raise main.RequestError("Expected it", status=418, headers=((b"retry-after", b"1"),))

    monkeypatch.setattr(main.bodies, "read", refuse)
    answer = client.post(path, json={})
    assert answer.json() == {word: "Expected it"}
    assert (answer.status_code, answer.headers["retry-after"]) == (418, "1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"content-type": "text/plain"}, 415), ({"content-encoding": "br"}, 415)],
)
def test_bigquery_reads_why_a_request_is_refused_before_its_body(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/bigquery", content=b"{}", headers=JSON | headers)
    assert answer.status_code == status
    assert list(answer.json()) == ["errorMessage"]
    assert list(client.get("/bigquery").json()) == ["errorMessage"]


def test_a_bug_is_a_500_and_its_traceback_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))

    def crash(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(sys.modules["main"].handlers.model, "predict", crash)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post("/predict", json={"flights": [FLIGHT]})
    assert answer.status_code == 500
    assert "a bug" not in answer.text
    assert "ZeroDivisionError: a bug" in caplog.text
