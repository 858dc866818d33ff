"""The description agrees with the function it describes."""

import asyncio
import re
from http import HTTPStatus
from types import ModuleType
from typing import Any

import msgspec
import pytest
import schemathesis
from functions_framework.aio import create_asgi_app
from hypothesis import settings
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from function.main import handlers, routes
from function.openapi import describe
from function.schemas import TIME_PATTERN, Described
from tests.support.at_hand import CATEGORIES, FLIGHT
from tests.support.paths import ROOT

JSON = "application/json"

# schemathesis knows no 413 by default, and a fault in a request is never a matter of time.
statuses = {"expected-statuses": [400, 413, 415]}
described = schemathesis.openapi.from_asgi(
    "/openapi.json",
    create_asgi_app("predict", str(ROOT / "function" / "main.py")),
    config=schemathesis.Config.from_dict({"checks": {"negative_data_rejection": statuses}}),
)

MOST = 100  # flights with a time that can be explained at once; JSON Schema cannot tell


def put_times_in_their_months(body: object) -> None:
    """Give valid times the month of their flight, which JSON Schema cannot tell them."""
    match body:
        case {"flights": [*flights]}:
            for flight in flights:
                match flight:
                    case {"MES": month, "Fecha-I": time}:
                        flight["Fecha-I"] = in_month(time, month)
        case {"calls": [*calls]}:
            for call in calls:
                match call:
                    case [_, _, month, time, *_]:
                        call[3] = in_month(time, month)


def in_month(time: object, month: object) -> object:
    if (
        isinstance(time, str)
        and re.search(TIME_PATTERN, time)
        and re.fullmatch("[1-9]|1[0-2]", f"{month}")
    ):
        return f"{time[:5]}{int(f'{month}'):02}-{min(time[8:10], '28')}{time[10:]}"
    return time


@pytest.mark.slow
@described.parametrize()
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_function_answers_as_described(case: schemathesis.Case[Any]) -> None:
    put_times_in_their_months(case.body)
    if case.path == "/explain" and case.meta and case.meta.generation.mode.is_positive:
        match case.body:
            case {"flights": list() as flights}:
                del flights[MOST:]
    case.call_and_validate()


@pytest.fixture(scope="module")
def document(client: TestClient) -> Described:
    described: Described = client.get("/openapi.json").json()
    return described


def test_a_flag_without_a_value_is_refused_as_described(client: TestClient) -> None:
    response = client.post("/predict?probability=", json={"flights": [FLIGHT]})
    assert response.status_code == 400
    assert response.json()["path"] == "?probability"


def test_the_document_is_openapi_3_1(document: Described) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_the_document_has_every_route_and_no_other(document: Described) -> None:
    expected = {path: {method.lower() for method in methods} for path, methods in routes.items()}
    assert {path: set(methods) for path, methods in document["paths"].items()} == expected


def test_every_example_is_answered_as_it_says(client: TestClient, document: Described) -> None:
    for path, methods in document["paths"].items():
        if not (operation := methods.get("post")):
            continue
        body = operation["requestBody"]["content"]["application/json"]["example"]
        examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
        for flag, example in examples.items():
            query = {} if flag == "plain" else {flag: "true"}
            assert client.post(path, json=body, params=query).json() == example["value"]


def big(text: str) -> dict[str, Any]:
    return {"content": text.encode().rjust(100_000), "headers": {"Content-Type": JSON}}


FLIGHTS = {
    400: {"json": {"flights": [FLIGHT | {"MES": "12"}]}},
    408: big("stalls"),
    413: {"json": {"flights": [FLIGHT] * 10_001}},
    415: {"content": "{}", "headers": {"Content-Type": "text/plain"}},
    503: big("{}"),
}
CALLS = FLIGHTS | {
    400: {"json": {"calls": [[*(FLIGHT | {"MES": True}).values()]]}},
    413: {"json": {"calls": [[*FLIGHT.values()]] * 10_001}},
}


@pytest.mark.parametrize("status", FLIGHTS, ids=lambda status: HTTPStatus(status).phrase)
@pytest.mark.parametrize(
    ("path", "requests"),
    [("/", FLIGHTS), ("/predict", FLIGHTS), ("/explain", FLIGHTS), ("/bigquery", CALLS)],
)
def test_every_fault_is_answered_as_its_example(  # noqa: PLR0913, PLR0917  # fixtures and a row
    client: TestClient,
    main: ModuleType,
    document: Described,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    requests: dict[int, dict[str, Any]],
    status: int,
) -> None:
    bodies = main.bodies
    if status == 408:
        monkeypatch.setattr(bodies, "_gather", lambda _receive: asyncio.sleep(60))
        monkeypatch.setattr(asyncio, "timeout", lambda _seconds: asyncio.timeout_at(0))
    if status == 503:
        monkeypatch.setattr(bodies, "held", bodies.budget)
    response = client.post(path, **requests[status])
    described = document["paths"][path]["post"]["responses"]
    assert response.status_code == status
    assert response.json() == described[str(status)]["content"]["application/json"]["example"]
    assert described.keys() == {"200", *map(str, requests)}


@pytest.mark.parametrize("feature", ["OPERA", "TIPOVUELO", "MES"])
def test_the_categories_are_those_of_the_model(
    client: TestClient, document: Described, feature: str
) -> None:
    known = client.get("/model").json()["categories"][feature]
    flight = document["components"]["schemas"]["Flight"]
    assert flight["properties"][feature]["enum"] == known


def test_the_examples_ask_in_each_way(document: Described) -> None:
    def examples(path: str) -> tuple[Any, dict[str, Any]]:
        post = document["paths"][path]["post"]
        answers = post["responses"]["200"]["content"]["application/json"]["examples"]
        asked = post["requestBody"]["content"]["application/json"]["example"]
        return asked, {name: example["value"] for name, example in answers.items()}

    asked, answered = examples("/explain")
    assert ["Fecha-I" in flight for flight in asked["flights"]] == [False, True, True]
    assert ["HOY" in flight for flight in asked["flights"]] == [False, False, True]
    adds = [list(each["adds"]) for each in answered["plain"]["explanations"]]
    timed = ["OPERA", "TIPOVUELO", "MES", "HORA", "DIANOM"]
    assert adds == [timed[:3], timed, [*timed, "HOY"]]
    asked, _ = examples("/bigquery")
    assert [len(call) for call in asked["calls"]] == [3, 4, 5]
    _, answered = examples("/predict")
    assert len(answered["training"]["training"]) == 3


def test_the_document_is_built_once(
    client: TestClient, main: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/openapi.json").content

    def crash(*_: object) -> None:
        raise AssertionError("it is built anew")

    monkeypatch.setattr(main.handlers.model, "predict", crash)
    assert client.get("/openapi.json").content == first


@pytest.mark.parametrize(
    ("place", "period", "title", "summary"),
    [
        (
            "ELS",
            "2019",
            "Puntual, ELS",
            "Will a flight at ELS leave more than 15 minutes late? Trained on the flights of 2019.",
        ),
        (None, None, "Puntual", "Will a flight leave more than 15 minutes late?"),
    ],
    ids=["told", "not told"],
)
def test_place_and_period_are_those_of_the_model(
    place: str | None, period: str | None, title: str, summary: str
) -> None:
    metadata = msgspec.structs.replace(handlers.model.metadata, place=place, period=period)
    described = asyncio.run(describe(routes, metadata))
    info = described["info"]
    assert (info["title"], info["summary"]) == (title, summary)
    assert "Santiago" not in str(described)


def test_the_document_of_a_large_airport_lists_no_airlines() -> None:
    categories = msgspec.structs.replace(
        handlers.model.metadata.categories,
        OPERA=(CATEGORIES.OPERA[0], *(f"Airline {i}" for i in range(999))),
    )
    metadata = msgspec.structs.replace(handlers.model.metadata, categories=categories)
    encoded = msgspec.json.encode(asyncio.run(describe(routes, metadata)))
    assert len(encoded) < 40_000
    assert b"Airline 7" not in encoded
    described = msgspec.json.decode(encoded)
    (airline, months) = (
        described["components"]["schemas"]["Flight"]["properties"][field]
        for field in ("OPERA", "MES")
    )
    assert airline == {
        "type": "string",
        "description": "One of the 1000 values that `/model` lists",
    }
    assert months["enum"] == list(CATEGORIES.MES)
    validate(described)


def test_the_model_is_described_as_it_is_shown(client: TestClient, document: Described) -> None:
    described = document["components"]["schemas"]["Metadata"]
    assert described["properties"].keys() == client.get("/model").json().keys()
    assert set(described["required"]) == described["properties"].keys()
