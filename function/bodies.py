"""Request bodies: how long, how slow, and how many at once they may be."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from .errors import BodyIncompleteError, BodyTooLongError, BodyTooSlowError, TooManyBodiesError

type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]  # ASGI's

# Bodies up to this size are accepted even when the shared budget is used up: the server buffers as
# much for every connection anyway, and a single flight needs a hundredth of it.
SMALL_BODY: Final = 64 * 1024


class BodyReader:
    """Read bodies of at most `longest` bytes within `seconds`, and at most `most` bytes at once.

    The bytes held for all callers stay below `most` plus `SMALL_BODY` for each of them.
    """

    def __init__(self, *, longest: int, seconds: float, most: int) -> None:
        self.longest, self.seconds, self.most = longest, seconds, most
        self.held = 0

    def check(self, length: int) -> None:
        """Raise `BodyTooLongError` for a length, declared or received, beyond the longest."""
        if length > self.longest:
            message = f"Expected a body of at most {self.longest} bytes, got a longer one"
            raise BodyTooLongError(message)

    async def read(self, receive: Receive) -> bytes:
        """Return the whole body, or raise a `RequestError` as soon as it exceeds a bound."""
        loop = asyncio.get_running_loop()
        reading = asyncio.Task(self._gather(receive), loop=loop, eager_start=True)
        try:
            if reading.done():  # most bodies are there at once, and a timer costs more than they do
                return reading.result()
            async with asyncio.timeout(self.seconds):
                return await reading
        except TimeoutError:
            message = f"Expected a whole body within {self.seconds:g} seconds, got a part of it"
            raise BodyTooSlowError(message) from None
        finally:
            del reading  # it would form a cycle with an error and this frame, and keep the body

    async def _gather(self, receive: Receive) -> bytes:
        chunks, length, more = [], 0, True
        try:
            while more:
                part = await receive()
                if part["type"] == "http.disconnect":
                    raise BodyIncompleteError("Expected a whole body, got a part of it")
                chunk, more = part.get("body", b""), part.get("more_body", False)
                chunks.append(chunk)
                length += len(chunk)
                self.held += len(chunk)
                self.check(length)
                self._check_held(length)
        finally:
            self.held -= length
        return b"".join(chunks)

    def _check_held(self, length: int) -> None:
        if self.held > self.most and length > SMALL_BODY:
            message = "Expected fewer bytes in flight from all callers, got too many: try again"
            raise TooManyBodiesError(message)
