"""Request bodies, and the limits on their size, their time and their sum."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from .errors import RequestError

type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]  # ASGI's

# Bodies up to this size are accepted even when the shared budget is used up: the server buffers as
# much for every connection anyway, and a single flight needs a hundredth of it.
SMALL_BODY: Final = 64 * 1024

CLOSE: Final = (b"connection", b"close")  # the rest of the body is not read


class BodyReader:
    """Read bodies of at most `max_bytes`, each within `seconds`.

    The bodies of all callers that are being received share a `budget` of bytes. What is held for
    them stays below it plus `SMALL_BODY` for each caller.
    """

    def __init__(self, *, max_bytes: int, seconds: float, budget: int) -> None:
        self.max_bytes, self.seconds, self.budget = max_bytes, seconds, budget
        self.held = 0

    def check(self, length: int) -> None:
        """Raise a `RequestError` for a length, declared or received, beyond the limit."""
        if length > self.max_bytes:
            message = f"Expected a body of at most {self.max_bytes} bytes, got a longer one"
            raise RequestError(message, status=413, headers=(CLOSE,))

    async def read(self, receive: Receive) -> bytes:
        """Return the whole body, or raise a `RequestError` as soon as it exceeds a limit."""
        loop = asyncio.get_running_loop()
        reading = asyncio.Task(self._gather(receive), loop=loop, eager_start=True)
        try:
            if reading.done():  # most bodies are there already, and a timer costs more than they do
                return reading.result()
            async with asyncio.timeout(self.seconds):
                return await reading
        except TimeoutError:
            message = f"Expected a whole body within {self.seconds:g} seconds, got a part of it"
            raise RequestError(message, status=408, headers=(CLOSE,)) from None
        finally:
            del reading  # it would form a cycle with an error and this frame, and keep the body

    async def _gather(self, receive: Receive) -> bytes:
        chunks, length, more = [], 0, True
        try:
            while more:
                part = await receive()
                if part["type"] == "http.disconnect":
                    raise RequestError("Expected a whole body, got a part of it")
                chunk, more = part.get("body", b""), part.get("more_body", False)
                chunks.append(chunk)
                length += len(chunk)
                self.held += len(chunk)
                self.check(length)
                self._check_budget(length)
        finally:
            self.held -= length
        return b"".join(chunks)

    def _check_budget(self, length: int) -> None:
        if self.held > self.budget and length > SMALL_BODY:
            message = "Expected fewer bytes in flight from all callers, got too many: try again"
            raise RequestError(message, status=503, headers=(CLOSE, (b"retry-after", b"1")))
