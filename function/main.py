"""The HTTP function: a request in, an answer out. What requests share is loaded at the import."""

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
from . import protocol
from .bodies import BodyReader
from .errors import Headers, ModelError, RequestError, shown
from .handlers import Handlers, Query
from .log import RequestLog
from .model import Model
from .routes import find, routes_of

type Scope = MutableMapping[str, Any]  # ASGI's

MAX_BODY: Final = 4 * 1024 * 1024  # bytes: 10,000 flights as whole rows of the challenge's table
MAX_BODIES: Final = 16 * 1024 * 1024  # bytes of all bodies that are being received
MAX_SECONDS: Final = 10  # to receive a body: what Cloud Run grants after SIGTERM

try:
    handlers = Handlers(Model.verified(Path(__file__).with_name("model.onnx")))
except ModelError as error:
    sys.exit(str(error))
metadata = handlers.model.metadata
bodies = BodyReader(max_bytes=MAX_BODY, seconds=MAX_SECONDS, budget=MAX_BODIES)
routes = routes_of(handlers)
HEADERS: Final[Headers] = (
    (b"x-model-version", metadata.model_version.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


class RawResponse(Response):
    """A response whose headers are encoded already, which takes a tenth of the time."""

    def __init__(self, status: int, content: object, content_type: bytes, headers: Headers) -> None:
        self.status_code, self.background = status, None
        self.body = msgspec.json.encode(content)
        length = (b"content-length", b"%d" % len(self.body))
        self.raw_headers = [length, (b"content-type", content_type), *HEADERS, *headers]


log = RequestLog(metadata.model_version, routes)
protocol.install()
finish()


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer one request. Any exception but a `RequestError` is a bug, and becomes a 500."""
    start_ns, scope, status, answer = time.perf_counter_ns(), request.scope, 500, None
    try:
        handler = find(routes, scope["path"], scope["method"])
        body = await _body(request) if scope["method"] == "POST" else b""
        handled = await handler(body, _query(scope))
        response = RawResponse(200, handled.content, handled.content_type, handled.headers)
        status, answer = 200, handled
    except RequestError as error:
        response = _refusal(error, scope["path"])
        status = error.status
    finally:
        log.write(scope, status, start_ns, answer)
    return response


def _refusal(error: RequestError, path: str) -> RawResponse:
    content = {"error": str(error)} | ({"path": error.path} if error.path else {})
    if path == "/bigquery":
        content = {"errorMessage": str(error)}  # what BigQuery shows its user
    return RawResponse(error.status, content, b"application/json", error.headers)


async def _body(request: Request) -> bytes:
    headers = dict(request.scope["headers"])  # `request.headers` decodes them all each time
    content_type = headers.get(b"content-type", b"none")
    if content_type != b"application/json" and not _is_json(content_type):
        got = shown(content_type.decode("latin-1"))
        message = f"Expected the content type application/json, got {got}"
        raise RequestError(message, status=415)
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.lower() != b"identity":
        message = f"Expected no content encoding, got {shown(encoding.decode('latin-1'))}"
        raise RequestError(message, status=415, headers=((b"accept-encoding", b"identity"),))
    bodies.check(int(headers.get(b"content-length", 0)))  # the server lets only digits through
    return await bodies.read(request.receive)


def _is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def _query(scope: Scope) -> Query:
    query = scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {}
