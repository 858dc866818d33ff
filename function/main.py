"""The HTTP function: all that knows HTTP is here, and all that is shared is loaded once."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import functions_framework.aio
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .start import started  # isort: skip  # before all that is heavy
from .encoder import Encoder
from .errors import RequestError
from .flights import decode
from .model import Model, ModelError

MAX_BODY: Final = 4 * 1024 * 1024  # bytes: 10,000 flights as whole rows of the challenge's table

type Query = dict[str, str]
type Handler = Callable[[bytes, Query], object]

try:
    model = Model(Path(__file__).with_name("model.onnx"))
except ModelError as error:
    sys.exit(str(error))
encoder = Encoder(model.metadata.categories)


def _predict(body: bytes, query: Query) -> object:
    prediction = model.predict(encoder.one_hot, encoder.cells(decode(body)))
    answer = {"predict": prediction.delay.tolist()}
    if _flag(query, "probability"):
        answer["probability"] = prediction.probability.tolist()
    return answer


def _health(_body: bytes, _query: Query) -> object:
    return {"status": "OK"}


def _model(_body: bytes, _query: Query) -> object:
    return model.metadata


ROUTES: Final[dict[str, dict[str, Handler]]] = {
    "/": {"POST": _predict},
    "/predict": {"POST": _predict},
    "/health": {"GET": _health, "HEAD": _health},
    "/model": {"GET": _model, "HEAD": _model},
}
# Encoded once: doing it anew costs an answer a tenth of its time.
HEADERS: Final = [
    (b"x-model-version", model.metadata.model_version.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]


started()


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer one request; what is not a `RequestError` is a bug, and crashes."""
    try:
        handler = _route(request)
        body = await _body(request) if request.method == "POST" else b""
        return _response(200, handler(body, _query(request)))
    except RequestError as error:
        answer = {"error": str(error)} | ({"path": error.path} if error.path else {})
        return _response(error.status, answer, error.headers)


def _response(status: int, answer: object, headers: dict[str, str] | None = None) -> Response:
    response = Response(msgspec.json.encode(answer), status, headers, "application/json")
    response.raw_headers += HEADERS
    return response


def _route(request: Request) -> Handler:
    path, method = request.scope["path"], request.method
    if (methods := ROUTES.get(path)) is None:
        raise RequestError(f"Expected one of the paths {', '.join(ROUTES)}, got {path}", status=404)
    if (handler := methods.get(method)) is None:
        allow = ", ".join(methods)
        message = f"Expected {allow} for {path}, got {method}"
        raise RequestError(message, status=405, headers={"Allow": allow})
    return handler


async def _body(request: Request) -> bytes:
    content_type = request.headers.get("content-type", "none")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        message = f"Expected the content type application/json, got {content_type}"
        raise RequestError(message, status=415)
    body = bytearray()
    more = True
    while more:  # as `request.stream()` does, without a generator
        part = await request.receive()
        if part["type"] == "http.disconnect":
            raise RequestError("Expected a whole body, got a part of it")
        body += part.get("body", b"")
        more = part.get("more_body", False)
        if len(body) > MAX_BODY:
            message = f"Expected a body of at most {MAX_BODY} bytes, got a longer one"
            raise RequestError(message, status=413, headers={"Connection": "close"})
    return bytes(body)


def _query(request: Request) -> Query:
    query = request.scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"))) if query else {}


def _flag(query: Query, name: str) -> bool:
    match query.get(name, "false"):
        case "true":
            return True
        case "false":
            return False
        case value:
            raise RequestError(f"Expected true or false, got {value}", path=f"?{name}")
