"""The trace that a request is part of, from its headers, in the terms of Cloud Logging."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

TRACEPARENT: Final = b"traceparent"  # W3C Trace Context
CLOUD_TRACE: Final = b"x-cloud-trace-context"  # Google's older header, whose span is decimal

# Version 00 ends after the flags, and `ff` is none; other versions may go on after a dash.
# https://www.w3.org/TR/trace-context/#versioning-of-traceparent
_TRACEPARENT: Final = (
    rb"(?:00|(?P<later>(?!00|ff)[0-9a-f]{2}))-(?P<trace>(?!0{32})[0-9a-f]{32})"
    rb"-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?(later)(?:-.*)?)"
)
_CLOUD_TRACE: Final = (
    rb"(?P<trace>(?!0{32})[0-9a-f]{32})(?:/(?P<span>[0-9]{0,20}))?(?:;o=(?P<sampled>[01]?))?"
)
_SPANS: Final = 1 << 64


class Trace(NamedTuple):
    """A trace, the span in it that sent the request, and whether it is sampled."""

    trace: str | None = None
    span: str | None = None
    sampled: bool | None = None


NO_TRACE: Final = Trace()


def read_trace(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """Return the trace of a request, or `NO_TRACE` where no header holds a valid one."""
    # One pass over the bytes: `Headers.get` decodes them all, at a third of a log line's cost.
    given = [(name, value) for name, value in headers if name in {TRACEPARENT, CLOUD_TRACE}]
    if not given:
        return NO_TRACE
    # `re` compiles the patterns at the first traced request, and keeps them.
    parents = [value.strip(b" \t") for name, value in given if name == TRACEPARENT]
    if len(parents) == 1 and (found := re.fullmatch(_TRACEPARENT, parents[0], re.DOTALL)):
        sampled = int(found["flags"], 16) & 1 == 1
        return Trace(found["trace"].decode(), found["span"].decode(), sampled)
    contexts = [value.strip(b" \t") for name, value in given if name == CLOUD_TRACE]
    if len(contexts) == 1 and (found := re.fullmatch(_CLOUD_TRACE, contexts[0])):
        span = int(found["span"] or 0)  # 0 stands for no span
        if span < _SPANS:
            hexadecimal = f"{span:016x}" if span else None
            return Trace(found["trace"].decode(), hexadecimal, found["sampled"] == b"1")
    return NO_TRACE
