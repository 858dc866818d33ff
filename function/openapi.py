"""The interface, described in OpenAPI 3.1 from its routes and the types of its JSON."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from .flights import DAY_SO_FAR, MAX_FLIGHTS, SCHEDULED
from .handlers import Route, Routes
from .metadata import Metadata
from .schemas import REFERENCE, CallFault, Described, Fault, schemas_of

FAULTS: Final[Mapping[int, Fault]] = {
    400: Fault("Expected an integer, got a string - at `$.flights[0].MES`", "$.flights[0].MES"),
    408: Fault("Expected a whole body within 10 seconds, got a part of it"),
    413: Fault(f"Expected at most {MAX_FLIGHTS} flights, got 10001 - at `$.flights`", "$.flights"),
    415: Fault("Expected the content type application/json, got text/plain"),
    503: Fault("Expected fewer bytes in flight from all callers, got too many: try again"),
}
CALL_FAULTS: Final[Mapping[int, CallFault]] = {
    **{status: CallFault(fault.error) for status, fault in FAULTS.items()},
    400: CallFault("Expected an integer or null, got a boolean - at `$.calls[0][2]`"),
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
    examples = _examples(metadata)
    return {
        "openapi": "3.1.0",
        "info": _info(metadata),
        "servers": [{"url": "/"}],
        "paths": {
            path: {m.lower(): await _operation(m, r, examples) for m, r in methods.items()}
            for path, methods in routes.items()
        },
        "components": {"schemas": schemas_of(metadata)},
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


def _examples(metadata: Metadata) -> dict[str, Described]:
    """Return a payload of each schema: a flight without its time, with it, and with the day."""
    known = metadata.categories
    untimed = {"OPERA": known.OPERA[0], "TIPOVUELO": known.TIPOVUELO[0], "MES": known.MES[0]}
    timed = untimed | {SCHEDULED: f"2017-{known.MES[0]:02}-14T19:30:00"}
    flights = [untimed, timed, timed | {DAY_SO_FAR: 0.35}]
    return {
        "Payload": {"flights": flights},
        "Calls": {"calls": [list(flight.values()) for flight in flights]},
    }


async def _operation(method: str, route: Route, examples: Mapping[str, Described]) -> Described:
    described = {"operationId": route.name, "summary": route.summary}
    if method == "HEAD":
        described["operationId"] += "Head"
        return described | {"responses": {"200": _response(200, None)}}
    if method == "GET":
        html = {"text/html": {"schema": {"type": "string"}}}
        content = _json(route.answer) if route.answer else html
        return described | {"responses": {"200": _response(200, content)}}
    return described | await _exchange(route, examples[route.payload])


async def _exchange(route: Route, payload: Described) -> Described:
    body = msgspec.json.encode(payload)
    queries: dict[str, dict[str, str]] = {"plain": {}} | {
        flag: {flag: "true"} for flag in route.flags
    }
    examples = {
        name: {"value": msgspec.to_builtins((await route.handler(body, query)).content)}
        for name, query in queries.items()
    }
    faults = CALL_FAULTS if route.payload == "Calls" else FAULTS
    responses = {200: _json(str(route.answer), examples=examples)} | {
        status: _json(type(fault).__name__, example=msgspec.to_builtins(fault))
        for status, fault in faults.items()
    }
    return {
        "parameters": [
            {"name": flag, "in": "query", "description": text, "schema": _FLAG}
            for flag, text in route.flags.items()
        ],
        "requestBody": {"required": True, "content": _json(route.payload, example=payload)},
        "responses": {str(status): _response(status, json) for status, json in responses.items()},
    }


def _json(schema: str, **examples: object) -> Described:
    described = (
        {"type": "object"} if schema == "object" else {"$ref": REFERENCE.format(name=schema)}
    )
    return {"application/json": {"schema": described, **examples}}


def _response(status: int, content: Described | None) -> Described:
    response: Described = {"description": HTTPStatus(status).phrase, "headers": _HEADERS}
    return response | ({"content": content} if content else {})
