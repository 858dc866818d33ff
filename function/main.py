"""The HTTP function: all that knows HTTP is here, and all that is shared is loaded once."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import functions_framework.aio
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from .bigquery import reply
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


def _bigquery(body: bytes, _query: Query) -> object:
    return reply(body, encoder, model)


def _health(_body: bytes, _query: Query) -> object:
    return {"status": "OK"}


def _model(_body: bytes, _query: Query) -> object:
    return model.metadata


ROUTES: Final[dict[str, dict[str, Handler]]] = {
    "/": {"POST": _predict},
    "/predict": {"POST": _predict},
    "/bigquery": {"POST": _bigquery},
    "/health": {"GET": _health, "HEAD": _health},
    "/model": {"GET": _model, "HEAD": _model},
}
HEADERS: Final = {
    "X-Model-Version": model.metadata.model_version,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer one request; what is not a `RequestError` is a bug, and crashes."""
    try:
        handler = _route(request)
        body = await _body(request) if request.method == "POST" else b""
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
        return _response(200, handler(body, query))
    except RequestError as error:
        return _response(error.status, error.answer(), error.headers)
    except ClientDisconnect:
        return _response(400, {"error": "Expected a whole body, got a part of it"})


def _response(status: int, answer: object, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(answer), status, HEADERS | (headers or {}), "application/json"
    )


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
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            message = f"Expected a body of at most {MAX_BODY} bytes, got a longer one"
            raise RequestError(message, status=413, headers={"Connection": "close"})
    return bytes(body)


def _flag(query: Query, name: str) -> bool:
    match query.get(name, "false"):
        case "true":
            return True
        case "false":
            return False
        case value:
            raise RequestError(f"Expected true or false, got {value}", path=f"?{name}")
