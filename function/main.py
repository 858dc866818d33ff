"""The HTTP function: everything about HTTP is here, and what requests share is loaded once."""

import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import functions_framework.aio
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .startup import finish  # isort: skip  # before the imports that take long
from . import errors, protocol
from .bodies import BodyReader
from .errors import ModelError, RequestError, shown
from .handlers import Answer, Handler, Handlers, Query
from .log import RequestLog
from .model import Model

type Scope = MutableMapping[str, Any]  # ASGI's
type Headers = tuple[tuple[bytes, bytes], ...]

MAX_BODY: Final = 4 * 1024 * 1024  # bytes: 10,000 flights as whole rows of the challenge's table
MAX_BODIES: Final = 16 * 1024 * 1024  # bytes of all bodies that are being received
MAX_SECONDS: Final = 10  # to receive a body: what Cloud Run grants after SIGTERM

JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
CLOSE: Final = (b"connection", b"close")  # the rest of the body is not read


class HttpError(RequestError):
    """A request that HTTP alone is enough to refuse."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


# How HTTP says what is wrong with a flight or a body.
STATUSES: Final[dict[type[RequestError], tuple[int, Headers]]] = {
    errors.InputError: (400, ()),
    errors.TooManyError: (413, ()),
    errors.BodyIncompleteError: (400, ()),
    errors.BodyTooLongError: (413, (CLOSE,)),
    errors.BodyTooSlowError: (408, (CLOSE,)),
    errors.TooManyBodiesError: (503, (CLOSE, (b"retry-after", b"1"))),
}

try:
    handlers = Handlers(Model.verified(Path(__file__).with_name("model.onnx")))
except ModelError as error:
    sys.exit(str(error))
metadata = handlers.model.metadata
bodies = BodyReader(longest=MAX_BODY, seconds=MAX_SECONDS, most=MAX_BODIES)
HEADERS: Final[Headers] = (
    (b"x-model-version", metadata.model_version.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


class RawResponse(Response):
    """A response whose headers are encoded already, which takes a tenth of the time."""

    def __init__(
        self, status: int, body: bytes, content_type: tuple[bytes, bytes], headers: Headers = ()
    ) -> None:
        self.status_code, self.body, self.background = status, body, None
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [length, content_type, *HEADERS, *headers]


async def _page(_body: bytes, _query: Query) -> Answer:
    from .page import page  # noqa: PLC0415  # keeps cold starts short

    html, headers = page()
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return Answer(RawResponse(200, html, HTML, raw))


async def _openapi(_body: bytes, _query: Query) -> Answer:
    from .openapi import document  # noqa: PLC0415  # keeps cold starts short

    return Answer(await document(ROUTES, metadata))


ROUTES: Final[dict[str, dict[str, Handler]]] = {
    "/": {"GET": _page, "HEAD": _page, "POST": handlers.predict},
    "/predict": {"POST": handlers.predict},
    "/explain": {"POST": handlers.explain},
    "/bigquery": {"POST": handlers.bigquery},
    "/health": {"GET": handlers.health, "HEAD": handlers.health},
    "/model": {"GET": handlers.describe_model, "HEAD": handlers.describe_model},
    "/openapi.json": {"GET": _openapi, "HEAD": _openapi},
}

log = RequestLog(metadata.model_version, ROUTES)
protocol.install()
finish()


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer one request. Any exception but a `RequestError` is a bug, and becomes a 500."""
    start_ns, scope, status, answer = time.perf_counter_ns(), request.scope, 500, None
    try:
        handler = _route(scope)
        body = await _body(request) if scope["method"] == "POST" else b""
        handled = await handler(body, _query(scope))
        response = _response(handled)
        status, answer = 200, handled
    except RequestError as error:
        response = _error_response(error, scope["path"])
        status = response.status_code
    finally:
        log.write(scope, status, start_ns, answer)
    return response


def _response(answer: Answer) -> Response:
    if isinstance(answer.content, Response):  # the page
        return answer.content
    return RawResponse(200, msgspec.json.encode(answer.content), JSON)


def _error_response(error: RequestError, path: str) -> Response:
    if isinstance(error, HttpError):
        status, headers = error.status, error.headers
    else:
        status, headers = STATUSES[type(error)]
    content = {"error": str(error)} | ({"path": error.path} if error.path else {})
    if path == "/bigquery":
        content = {"errorMessage": str(error)}  # what BigQuery shows its user
    return RawResponse(status, msgspec.json.encode(content), JSON, headers)


def _route(scope: Scope) -> Handler:
    path, method = scope["path"], scope["method"]
    if (methods := ROUTES.get(path)) is None:
        raise HttpError(404, f"Expected one of the paths {', '.join(ROUTES)}, got {shown(path)}")
    if (handler := methods.get(method)) is None:
        allow = ", ".join(methods)
        message = f"Expected {allow} for {path}, got {method}"
        raise HttpError(405, message, ((b"allow", allow.encode()),))
    return handler


async def _body(request: Request) -> bytes:
    headers = dict(request.scope["headers"])  # `request.headers` decodes them all each time
    content_type = headers.get(b"content-type", b"none")
    if content_type != b"application/json" and not _is_json(content_type):
        got = shown(content_type.decode("latin-1"))
        raise HttpError(415, f"Expected the content type application/json, got {got}")
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.lower() != b"identity":
        message = f"Expected no content encoding, got {shown(encoding.decode('latin-1'))}"
        raise HttpError(415, message, ((b"accept-encoding", b"identity"),))
    bodies.check(int(headers.get(b"content-length", 0)))  # the server lets only digits through
    return await bodies.read(request.receive)


def _is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def _query(scope: Scope) -> Query:
    query = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {}
