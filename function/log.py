"""One line for each request: JSON that Cloud Logging understands, or text on a terminal."""

import os
import select
import sys
import time
from collections.abc import Container, Mapping
from typing import Any, Final

import msgspec

from .handlers import Answer
from .trace import read_trace

LEVELS: Final = {"info": 100, "warning": 400, "error": 500, "off": 1000}  # the lowest status to log

_STDOUT: Final = 1
_SEVERITIES: Final = ["INFO"] * 4 + ["WARNING", "ERROR"]  # by the first digit of the status


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


class RequestLog:
    """Write a line to standard output as each request ends.

    `PUNTUAL_LOG` says which: `info`, the default, for all; `warning` for those with a status of
    400 or more; `error` for crashes; `off` for none. Each line is one unbuffered write, because an
    instance may be throttled between requests. If standard output cannot be written, the line is
    dropped; the request is unaffected.
    """

    def __init__(self, model_version: str, paths: Container[str]) -> None:
        level = os.environ.get("PUNTUAL_LOG", "info")
        if level not in LEVELS:
            sys.exit(f"Cannot log: PUNTUAL_LOG is {level!r}. Set it to one of {', '.join(LEVELS)}.")
        # Without a standard output, its descriptor may be that of a caller's connection.
        self._lowest = LEVELS["off" if sys.__stdout__ is None else level]
        self._model_version = model_version
        self._paths = paths
        project = os.environ.get("GOOGLE_CLOUD_PROJECT")
        self._traces = f"projects/{project}/traces/" if project else ""
        self._text = "K_SERVICE" not in os.environ and os.isatty(_STDOUT)
        self._encode = msgspec.json.Encoder().encode

    def write(
        self, scope: Mapping[str, Any], status: int, start_ns: int, answer: Answer | None
    ) -> None:
        """Write the line of a request, ASGI's `scope`, that now ends.

        `start_ns` is what `time.perf_counter_ns` returned at its start. `answer` is None where the
        request failed.
        """
        if status < self._lowest:
            return
        latency = (time.perf_counter_ns() - start_ns) // 1000 / 1000
        method, path = scope["method"], scope["path"]
        path = path if path in self._paths else "?"  # callers' own paths may name persons
        flights, delays = (answer.flights, answer.delays) if answer else (None, None)
        message = f"{method} {path} {status} in {latency:.2f} ms"
        if flights is not None:
            message += f": {delays} of {flights} flights delayed"
        if self._text:
            self._print(f"{time.strftime('%H:%M:%S')} {message}\n".encode())
            return
        trace, span, sampled = read_trace(scope["headers"])
        line = Line(
            _SEVERITIES[status // 100],
            message,
            method,
            path,
            status,
            latency,
            self._model_version,
            flights,
            delays,
            trace and self._traces + trace,
            span,
            sampled,
        )
        self._print(self._encode(line) + b"\n")

    def _print(self, line: bytes) -> None:
        # A pipe with room takes a line of less than 4096 bytes as a whole, without blocking. Two
        # threads may not poll the same object.
        stdout = select.poll()
        stdout.register(_STDOUT, select.POLLOUT)
        if stdout.poll(0) == [(_STDOUT, select.POLLOUT)]:
            try:  # noqa: SIM105  # `contextlib.suppress` costs more than the write
                os.write(_STDOUT, line)
            except OSError:  # a full disk, a reader that just left: the line is lost
                pass
