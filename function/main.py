"""The HTTP function: all that knows HTTP is here, and all that is shared is loaded once."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import functions_framework.aio
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .startup import finish  # isort: skip  # before all that is heavy
from .bodies import BodyReader
from .errors import InputError, ModelError, RequestError, TooManyError, shown
from .handlers import Handler, Handlers, Query
from .log import RequestLog
from .model import Model

MAX_BODY: Final = 4 * 1024 * 1024  # bytes: 10,000 flights as whole rows of the challenge's table
MAX_BODIES: Final = 16 * 1024 * 1024  # bytes of all bodies that are still coming in
MAX_SECONDS: Final = 10  # for a body to come in: what Cloud Run grants after SIGTERM

# As the server sends them: encoding them anew costs an answer a tenth of its time.
JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")

try:
    handlers = Handlers(Model.verified(Path(__file__).with_name("model.onnx")))
except ModelError as error:
    sys.exit(str(error))
metadata = handlers.model.metadata
bodies = BodyReader(longest=MAX_BODY, seconds=MAX_SECONDS, most=MAX_BODIES)


class Answer(Response):
    """One body and its headers, as they are sent; Starlette's own would encode them first."""

    def __init__(
        self, status: int, body: bytes, kind: tuple[bytes, bytes], headers: Mapping[str, str]
    ) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), kind, *HEADERS]
        for name, value in headers.items():
            self.raw_headers.append((name.lower().encode(), value.encode()))


async def _page(_body: bytes, _query: Query) -> Answer:
    from .page import page  # noqa: PLC0415  # the first prediction does not wait for it

    html, headers = page()
    return Answer(200, html, HTML, headers)


async def _openapi(_body: bytes, _query: Query) -> object:
    from .openapi import describe  # noqa: PLC0415  # nor for this

    # In a task, which has a context of its own: its examples are no flights of this request.
    return await asyncio.create_task(describe(ROUTES, metadata))


ROUTES: Final[dict[str, dict[str, Handler]]] = {
    "/": {"GET": _page, "HEAD": _page, "POST": handlers.predict},
    "/predict": {"POST": handlers.predict},
    "/explain": {"POST": handlers.explain},
    "/bigquery": {"POST": handlers.bigquery},
    "/health": {"GET": handlers.health, "HEAD": handlers.health},
    "/model": {"GET": handlers.describe_model, "HEAD": handlers.describe_model},
    "/openapi.json": {"GET": _openapi, "HEAD": _openapi},
}
HEADERS: Final = (
    (b"x-model-version", metadata.model_version.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)

log = RequestLog(metadata.model_version, ROUTES)
finish()


@functions_framework.aio.http
async def predict(request: Request) -> Response:
    """Answer one request; what is not a `RequestError` is a bug, and crashes."""
    begun_ns, status = time.perf_counter_ns(), 500
    try:
        handler = _route(request)
        body = await _body(request) if request.method == "POST" else b""
        answer = _answer(200, await handler(body, _query(request)), {})
        status = 200
    except InputError as bad:
        if not isinstance(bad, RequestError):
            error = RequestError(str(bad), status=413 if isinstance(bad, TooManyError) else 400)
            error.path, bad = bad.path, error
        answer = _answer(bad.status, bad.answer(), bad.headers)
        status = bad.status
    finally:
        log.write(request.scope, status, begun_ns)
    return answer


def _answer(status: int, content: object, headers: Mapping[str, str]) -> Answer:
    if isinstance(content, Answer):  # as the page is
        return content
    return Answer(status, msgspec.json.encode(content), JSON, headers)


def _route(request: Request) -> Handler:
    path, method = request.scope["path"], request.method
    if (methods := ROUTES.get(path)) is None:
        raise RequestError(
            f"Expected one of the paths {', '.join(ROUTES)}, got {shown(path)}", status=404
        )
    if (handler := methods.get(method)) is None:
        allow = ", ".join(methods)
        message = f"Expected {allow} for {path}, got {method}"
        raise RequestError(message, status=405, headers={"Allow": allow})
    return handler


async def _body(request: Request) -> bytes:
    headers = dict(request.scope["headers"])  # `request.headers` would decode them all each time
    content_type = headers.get(b"content-type", b"none")
    if content_type.partition(b";")[0].strip().lower() != b"application/json":
        got = shown(content_type.decode("latin-1"))
        message = f"Expected the content type application/json, got {got}"
        raise RequestError(message, status=415)
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.lower() != b"identity":
        message = f"Expected no content encoding, got {shown(encoding.decode('latin-1'))}"
        raise RequestError(message, status=415, headers={"Accept-Encoding": "identity"})
    bodies.check(int(headers.get(b"content-length", 0)))  # the server lets digits alone through
    return await bodies.read(request.receive)


def _query(request: Request) -> Query:
    query = request.scope["query_string"]
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {}
