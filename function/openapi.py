"""The interface, described in OpenAPI 3.1 from its routes and the types that decode requests."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from .explain import Explanation
from .flights import MAX_FLIGHTS, Flight, Payload
from .handlers import Handler
from .metadata import Metadata

type Described = dict[str, Any]
type Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Prediction(msgspec.Struct):
    """For each flight, in order, 1 for a delay and 0 for none; its probability when asked for."""

    predict: list[Literal[0, 1]]
    probability: list[Share] | msgspec.UnsetType = msgspec.UNSET


class Health(msgspec.Struct):
    """The function answers."""

    status: Literal["OK"]


class Fault(msgspec.Struct):
    """What the caller did wrong, and its place in the request where it has one."""

    error: str
    path: str | msgspec.UnsetType = msgspec.UNSET


class Calls(msgspec.Struct):
    """What BigQuery sends: OPERA, TIPOVUELO and MES of each row; a null is answered by null."""

    calls: list[list[str | int | None]]
    userDefinedContext: dict[str, str] = {}  # noqa: N815  # BigQuery's name


class Replies(msgspec.Struct):
    """For each call, in order, the probability, or the delay where the context asks for it."""

    replies: list[Share | None]


class CallFault(msgspec.Struct):
    """What BigQuery shows its user."""

    errorMessage: str  # noqa: N815  # BigQuery's name


class Operation(NamedTuple):
    """What a path does: `answer` is the type of its JSON, `flags` are its query parameters."""

    name: str
    summary: str
    answer: Any
    flags: Mapping[str, str] = {}
    payload: Any = Payload
    fault: Any = None  # of a 400, where it is no `Fault`


_FLAGS = {"probability": "Answer the calibrated probabilities too"}
OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/"): Operation("page", "Show the page for people, whatever is accepted", None),
    ("POST", "/"): Operation("predictAtRoot", "Predict, as /predict does", Prediction, _FLAGS),
    ("POST", "/predict"): Operation("predict", "Predict delays", Prediction, _FLAGS),
    ("POST", "/explain"): Operation("explain", "Predict, and give the reasons", Explanation),
    ("POST", "/bigquery"): Operation(
        "bigquery",
        "Predict as a remote function of BigQuery",
        Replies,
        payload=Calls,
        fault=CallFault("Expected an integer, got true - at `$.calls[0][2]`"),
    ),
    ("GET", "/health"): Operation("health", "Tell that the function answers", Health),
    ("GET", "/model"): Operation("model", "Show what training says of the model", Metadata),
    ("GET", "/openapi.json"): Operation("openapi", "Show this description", dict[str, Any]),
}
FAULTS: Mapping[int, Fault] = {
    400: Fault("Expected an integer, got a string - at `$.flights[0].MES`", "$.flights[0].MES"),
    408: Fault("Expected a whole body within 10 seconds, got a part of it"),
    413: Fault(f"Expected at most {MAX_FLIGHTS} flights, got 10001 - at `$.flights`", "$.flights"),
    415: Fault("Expected the content type application/json, got text/plain"),
    503: Fault("Expected fewer bytes in flight from all callers, got too many: try again"),
}
_FLAG = {"type": "boolean", "default": False}
_HEADERS = {"X-Model-Version": {"schema": {"type": "string"}, "required": True}}
_INFO = {
    "title": "Puntual",
    "summary": "Will a flight at Santiago airport (SCL) leave more than 15 minutes late?",
    "description": "Any other path is answered with 404, and any other method with 405 and "
    "`Allow`: both with a `Fault`.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


class _Describer(NamedTuple):
    """What the descriptions of all operations share."""

    references: Mapping[Any, Described]  # from a type to the reference of its schema
    payloads: Mapping[Any, Described]  # of the examples

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
        payload = self.payloads[operation.payload]
        body = msgspec.json.encode(payload)
        faults: dict[int, Any] = {**FAULTS, 400: operation.fault or FAULTS[400]}
        queries: dict[str, dict[str, str]] = {"plain": {}} | {
            flag: {flag: "true"} for flag in operation.flags
        }
        examples = {
            name: {"value": msgspec.to_builtins(await handler(body, query))}
            for name, query in queries.items()
        }
        answer = self._json(operation.answer, examples=examples)
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


def _calls(known: Mapping[str, list[str | int]]) -> Described:
    airline, kind, month = ({"enum": values} for values in known.values())
    months = {"anyOf": [month, {"enum": [str(value) for value in known["MES"]]}]}
    call = {
        "type": "array",
        "minItems": len(known),
        "maxItems": len(known),
        "anyOf": [{"prefixItems": [airline, kind, months]}, {"contains": {"type": "null"}}],
    }
    context = {
        "type": "object",
        "properties": {"answer": {"enum": ["probability", "delay"]}},
        "additionalProperties": {"type": "string"},
    }
    return {
        "calls": {"type": "array", "maxItems": MAX_FLIGHTS, "items": call},
        "userDefinedContext": context,
    }


async def describe(routes: Mapping[str, Mapping[str, Handler]], metadata: Metadata) -> Described:
    """Return the document of these routes, with this model's categories and answers."""
    answers = (operation.answer for operation in OPERATIONS.values())
    types = [Payload, Fault, Calls, CallFault, *dict.fromkeys(filter(None, answers))]
    found, schemas = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    for name, schema in schemas.items():
        if name not in (
            Payload.__name__,
            Flight.__name__,
            Calls.__name__,
        ):  # requests may hold more, answers not
            schema["additionalProperties"] = False
    known = msgspec.to_builtins(metadata.categories)
    for field, schema in schemas[Flight.__name__]["properties"].items():
        schema["enum"] = known[field]
    schemas[Payload.__name__]["properties"]["flights"]["maxItems"] = MAX_FLIGHTS
    payload = {"flights": [{field: values[0] for field, values in known.items()}]}
    schemas[Calls.__name__]["properties"] |= _calls(known)
    calls: Described = {"calls": [[values[0] for values in known.values()]]}
    payloads: dict[Any, Described] = {Payload: payload, Calls: calls}
    describer = _Describer(dict(zip(types, found, strict=True)), payloads)
    return {
        "openapi": "3.1.0",
        "info": _INFO | {"version": metadata.model_version},
        "servers": [{"url": "/"}],
        "paths": {
            path: {m.lower(): await describer.operation(m, path, h) for m, h in methods.items()}
            for path, methods in routes.items()
        },
        "components": {"schemas": schemas},
    }
