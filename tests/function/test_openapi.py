"""The description agrees with the function it describes."""

from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from functions_framework.aio import create_asgi_app
from hypothesis import settings
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from function.main import ROUTES
from function.openapi import OPERATIONS, Described
from tests.support.paths import ROOT

FLIGHT = {"OPERA": "Grupo LATAM", "TIPOVUELO": "I", "MES": 12}

# schemathesis knows no 413 by default, and a fault in a request is never a matter of time.
statuses = {"expected-statuses": [400, 413, 415]}
described = schemathesis.openapi.from_asgi(
    "/openapi.json",
    create_asgi_app("predict", str(ROOT / "function" / "main.py")),
    config=schemathesis.Config.from_dict({"checks": {"negative_data_rejection": statuses}}),
)


@described.parametrize()
@settings(max_examples=100, derandomize=True, deadline=None)
def test_the_function_answers_as_described(case: schemathesis.Case[Any]) -> None:
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
    routes = {path: {method.lower() for method in methods} for path, methods in ROUTES.items()}
    assert {path: set(methods) for path, methods in document["paths"].items()} == routes
    assert all(method in ROUTES[path] for method, path in OPERATIONS)


def test_every_example_is_answered_as_it_says(client: TestClient, document: Described) -> None:
    for path, methods in document["paths"].items():
        if not (operation := methods.get("post")):
            continue
        body = operation["requestBody"]["content"]["application/json"]["example"]
        examples = operation["responses"]["200"]["content"]["application/json"]["examples"]
        for flag, example in examples.items():
            query = {} if flag == "plain" else {flag: "true"}
            assert client.post(path, json=body, params=query).json() == example["value"]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"json": {"flights": [FLIGHT | {"MES": "12"}]}}),
        (413, {"json": {"flights": [FLIGHT] * 10_001}}),
        (415, {"content": "{}", "headers": {"Content-Type": "text/plain"}}),
    ],
    ids=lambda value: HTTPStatus(value).phrase if isinstance(value, int) else "",
)
@pytest.mark.parametrize("path", ["/", "/predict", "/explain"])
def test_every_fault_is_answered_as_its_example(
    client: TestClient, document: Described, path: str, status: int, request_: Described
) -> None:
    response = client.post(path, **request_)
    fault = document["paths"][path]["post"]["responses"][str(status)]
    assert response.status_code == status
    assert response.json() == fault["content"]["application/json"]["example"]


@pytest.mark.parametrize("feature", ["OPERA", "TIPOVUELO", "MES"])
def test_the_categories_are_those_of_the_model(
    client: TestClient, document: Described, feature: str
) -> None:
    known = client.get("/model").json()["categories"][feature]
    flight = document["components"]["schemas"]["Flight"]
    assert flight["properties"][feature]["enum"] == known
