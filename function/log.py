"""One line for each request: JSON that Cloud Logging understands, or text on a terminal."""

import os
import re
import select
import sys
import time
from collections.abc import Container, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple

import msgspec

LEVELS = {"info": 100, "warning": 400, "error": 500, "off": 1000}  # the lowest status to log

_STDOUT = 1
_SEVERITIES = ["INFO"] * 4 + ["WARNING", "ERROR"]  # by the first digit of the status
# W3C Trace Context, and the header of Google that came before it, whose span is decimal.
_TRACEPARENT = re.compile(
    "[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_CLOUD_TRACE = re.compile(
    r"(?P<trace>[0-9a-f]{32})(?:/(?P<span>[0-9]{1,19}))?(?:;o=(?P<sampled>[01]))?"
)

_TRACE_HEADERS = {b"traceparent", b"x-cloud-trace-context"}

_predicted: ContextVar[tuple[int, int] | None] = ContextVar("predicted", default=None)


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """One request, without its body, its caller or any path that is not ours."""

    severity: str
    message: str
    method: str
    path: str
    status: int
    latency_ms: float  # of the function, without the framework
    model_version: str
    flights: int | None = None
    delays: int | None = None
    trace: str | None = msgspec.field(default=None, name="logging.googleapis.com/trace")
    span: str | None = msgspec.field(default=None, name="logging.googleapis.com/spanId")
    sampled: bool | None = msgspec.field(default=None, name="logging.googleapis.com/trace_sampled")


class Trace(NamedTuple):
    """The trace that a request is part of, in the words of Cloud Logging."""

    name: str | None = None
    span: str | None = None
    sampled: bool | None = None


_NO_TRACE = Trace()


def predicted(flights: int, delays: int) -> None:
    """Note how many flights the current request asked for, and how many are delayed."""
    _predicted.set((flights, delays))


class RequestLog:
    """Write a line to standard output as each request ends.

    `PUNTUAL_LOG` says which: `info`, the default, for all; `warning` for those with a status of
    400 or more; `error` for crashes; `off` for none. A line is one write, with nothing kept back:
    an instance is throttled between requests, and may end at any time. What stands in the way of
    the log, such as a reader that stopped reading, costs lines and never an answer.
    """

    def __init__(self, model_version: str, paths: Container[str]) -> None:
        level = os.environ.get("PUNTUAL_LOG", "info")
        if level not in LEVELS:
            sys.exit(f"Cannot log: PUNTUAL_LOG is {level!r}. Set it to one of {', '.join(LEVELS)}.")
        self._lowest = LEVELS[level]
        self._model_version = model_version
        self._paths = paths
        project = os.environ.get("GOOGLE_CLOUD_PROJECT")
        self._traces = f"projects/{project}/traces/" if project else ""
        self._text = "K_SERVICE" not in os.environ and os.isatty(_STDOUT)
        self._room = select.poll()
        self._room.register(_STDOUT, select.POLLOUT)
        self._encode = msgspec.json.Encoder().encode

    def write(self, scope: Mapping[str, Any], status: int, begun_ns: int) -> None:
        """Write the line of a request, ASGI's `scope`, that now ends.

        `begun_ns` is what `time.perf_counter_ns` said as it began.
        """
        if status < self._lowest:
            return
        microseconds = (time.perf_counter_ns() - begun_ns) // 1000
        latency = microseconds / 1000
        method, path = scope["method"], scope["path"]
        path = path if path in self._paths else "?"  # what callers make up may name persons
        flights, delays = _predicted.get() or (None, None)
        message = f"{method} {path} {status} in {latency:.2f} ms"
        if flights is not None:
            message += f": {delays} of {flights} flights delayed"
        if self._text:
            line = f"{time.strftime('%H:%M:%S')} {message}".encode()
        else:
            fields = Line(
                _SEVERITIES[status // 100],
                message,
                method,
                path,
                status,
                latency,
                self._model_version,
                flights,
                delays,
                *_trace(scope["headers"], self._traces),
            )
            line = self._encode(fields)
        # A pipe with room takes a line of less than 4096 bytes as a whole, and at once.
        if self._room.poll(0) == [(_STDOUT, select.POLLOUT)]:
            try:  # noqa: SIM105  # a context manager costs more than the write
                os.write(_STDOUT, line + b"\n")
            except BrokenPipeError:
                pass


def _trace(headers: Iterable[tuple[bytes, bytes]], prefix: str) -> Trace:
    # In one pass over the bytes: `Headers.get` decodes them all, at a third of a line's cost.
    given = {name: value for name, value in headers if name in _TRACE_HEADERS}
    if not given:
        return _NO_TRACE
    if found := _TRACEPARENT.match(given.get(b"traceparent", b"").decode("latin-1")):
        sampled = int(found["flags"], 16) & 1 == 1
        return Trace(prefix + found["trace"], found["span"], sampled)
    if found := _CLOUD_TRACE.match(given.get(b"x-cloud-trace-context", b"").decode("latin-1")):
        span = found["span"] and f"{int(found['span']):016x}"
        return Trace(prefix + found["trace"], span, found["sampled"] == "1")
    return _NO_TRACE
