"""The interface, described in OpenAPI 3.1 from its routes and the types of its JSON."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec

from .explain import Explanation
from .flights import MAX_FLIGHTS, SCHEDULED, Payload
from .handlers import Handler
from .metadata import Metadata
from .schemas import (
    CallFault,
    Calls,
    Described,
    Fault,
    Health,
    Prediction,
    Replies,
    schemas_of,
)

type Routes = Mapping[str, Mapping[str, Handler]]


class Operation(NamedTuple):
    """What a path does: `answer` is the type of its JSON, `flags` are its query parameters."""

    name: str
    summary: str
    answer: Any
    flags: Mapping[str, str] = {}
    payload: Any = Payload


_FLAGS: Final = {
    "probability": "Answer the calibrated probability of each flight too",
    "training": "Answer what training saw of each flight too",
}
OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("GET", "/"): Operation("page", "Show the page for people, whatever is accepted", None),
    ("POST", "/"): Operation("predictAtRoot", "Predict, as /predict does", Prediction, _FLAGS),
    ("POST", "/predict"): Operation("predict", "Predict delays", Prediction, _FLAGS),
    ("POST", "/explain"): Operation("explain", "Predict, and give the reasons", Explanation),
    ("POST", "/bigquery"): Operation(
        "bigquery", "Predict as a remote function of BigQuery", Replies, payload=Calls
    ),
    ("GET", "/health"): Operation("health", "Tell that the function answers", Health),
    ("GET", "/model"): Operation("model", "Show what training says of the model", Metadata),
    ("GET", "/openapi.json"): Operation("openapi", "Show this description", dict[str, Any]),
}
FAULTS: Final[Mapping[int, Fault]] = {
    400: Fault("Expected an integer, got a string - at `$.flights[0].MES`", "$.flights[0].MES"),
    408: Fault("Expected a whole body within 10 seconds, got a part of it"),
    413: Fault(f"Expected at most {MAX_FLIGHTS} flights, got 10001 - at `$.flights`", "$.flights"),
    415: Fault("Expected the content type application/json, got text/plain"),
    503: Fault("Expected fewer bytes in flight from all callers, got too many: try again"),
}
CALL_FAULTS: Final[Mapping[int, CallFault]] = {
    **{status: CallFault(fault.error) for status, fault in FAULTS.items()},
    400: CallFault("Expected an integer, got true - at `$.calls[0][2]`"),
    413: CallFault(f"Expected at most {MAX_FLIGHTS} calls, got 10001 - at `$.calls`"),
}
_FLAG: Final = {"type": "boolean", "default": False}
_HEADERS: Final = {"X-Model-Version": {"schema": {"type": "string"}, "required": True}}

# The version of this interface and of the project, as in pyproject.toml.
VERSION: Final = "0.2.0"

_documents: Final[dict[str, msgspec.Raw]] = {}  # by the version of the model


async def document(routes: Routes, metadata: Metadata) -> msgspec.Raw:
    """Return what `describe` does as JSON, built at the first call."""
    if (encoded := _documents.get(metadata.model_version)) is None:
        described = msgspec.json.encode(await describe(routes, metadata))
        encoded = _documents[metadata.model_version] = msgspec.Raw(described)
    return encoded


async def describe(routes: Routes, metadata: Metadata) -> Described:
    """Return the document of these routes, with this model's categories and answers."""
    answers = (operation.answer for operation in OPERATIONS.values())
    types = [Payload, Fault, Calls, CallFault, *dict.fromkeys(filter(None, answers))]
    references, schemas = schemas_of(types, metadata)
    describer = _Describer(references, _examples(metadata))
    return {
        "openapi": "3.1.0",
        "info": _info(metadata),
        "servers": [{"url": "/"}],
        "paths": {
            path: {m.lower(): await describer.operation(m, path, h) for m, h in methods.items()}
            for path, methods in routes.items()
        },
        "components": {"schemas": schemas},
    }


def _info(metadata: Metadata) -> Described:
    place = f" at {metadata.place}" if metadata.place else ""
    period = f" Trained on the flights of {metadata.period}." if metadata.period else ""
    return {
        "title": f"Puntual, {metadata.place}" if metadata.place else "Puntual",
        "summary": f"Will a flight{place} leave more than 15 minutes late?{period}",
        "description": "Any other path is answered with 404, and any other method with 405 and "
        "`Allow`: both with a `Fault`.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        "version": VERSION,
    }


def _examples(metadata: Metadata) -> dict[Any, Described]:
    """Return a request with a flight of each kind: without its time, and with it."""
    known = metadata.categories
    untimed = {"OPERA": known.OPERA[0], "TIPOVUELO": known.TIPOVUELO[0], "MES": known.MES[0]}
    timed = untimed | {SCHEDULED: f"2017-{known.MES[0]:02}-14T19:30:00"}
    flights = [untimed, timed]
    return {
        Payload: {"flights": flights},
        Calls: {"calls": [list(flight.values()) for flight in flights]},
    }


class _Describer(NamedTuple):
    """What the descriptions of all operations share."""

    references: Mapping[Any, Described]  # from a type to the reference of its schema
    examples: Mapping[Any, Described]  # from a type of requests to one of them

    async def operation(self, method: str, path: str, handler: Handler) -> Described:
        operation = OPERATIONS["GET" if method == "HEAD" else method, path]
        described = {"operationId": operation.name, "summary": operation.summary}
        if method == "HEAD":
            described["operationId"] += "Head"
            return described | {"responses": {"200": _response(200, None)}}
        if method == "GET":
            media = "application/json" if operation.answer else "text/html"
            schema = self.references.get(operation.answer, {"type": "string"})
            return described | {"responses": {"200": _response(200, {media: {"schema": schema}})}}
        return described | await self._exchange(operation, handler)

    async def _exchange(self, operation: Operation, handler: Handler) -> Described:
        payload = self.examples[operation.payload]
        body = msgspec.json.encode(payload)
        queries: dict[str, dict[str, str]] = {"plain": {}} | {
            flag: {flag: "true"} for flag in operation.flags
        }
        examples = {
            name: {"value": msgspec.to_builtins((await handler(body, query)).content)}
            for name, query in queries.items()
        }
        answer = self._json(operation.answer, examples=examples)
        faults = CALL_FAULTS if operation.payload is Calls else FAULTS
        return {
            "parameters": [
                {"name": flag, "in": "query", "description": text, "schema": _FLAG}
                for flag, text in operation.flags.items()
            ],
            "requestBody": {
                "required": True,
                "content": self._json(operation.payload, example=payload),
            },
            "responses": {"200": _response(200, answer)}
            | {
                str(status): _response(
                    status, self._json(type(fault), example=msgspec.to_builtins(fault))
                )
                for status, fault in faults.items()
            },
        }

    def _json(self, answer: object, **examples: object) -> Described:
        return {"application/json": {"schema": self.references[answer], **examples}}


def _response(status: int, content: Described | None) -> Described:
    response: Described = {"description": HTTPStatus(status).phrase, "headers": _HEADERS}
    return response | ({"content": content} if content else {})
