"""Bodies as they come in: how long, how slow, and how many at once they may be."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .errors import RequestError

type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]  # ASGI's

# A body up to here is taken even when others fill the rest: the server holds as much of every
# connection anyway, and a single flight needs a hundredth of it.
SMALL_BODY = 64 * 1024


class BodyReader:
    """Gather bodies of at most `longest` bytes in `seconds`, and of all at once at most `most`.

    The bytes held for all callers stay below `most` and `SMALL_BODY` for each of them.
    """

    def __init__(self, *, longest: int, seconds: float, most: int) -> None:
        self.longest, self.seconds, self.most = longest, seconds, most
        self.held = 0

    def check(self, length: int) -> None:
        """Raise `RequestError` for a body that is, or is declared, longer than allowed."""
        if length > self.longest:
            message = f"Expected a body of at most {self.longest} bytes, got a longer one"
            raise RequestError(message, status=413, headers={"Connection": "close"})

    async def read(self, receive: Receive) -> bytes:
        """Return the whole body, or raise `RequestError` as soon as it exceeds a bound."""
        loop = asyncio.get_running_loop()
        reading = asyncio.Task(self._gather(receive), loop=loop, eager_start=True)
        try:
            if reading.done():  # as most are at once; a timer would cost more than the rest
                return reading.result()
            async with asyncio.timeout(self.seconds):
                return await reading
        except TimeoutError:
            message = f"Expected a whole body within {self.seconds:g} seconds, got a part of it"
            raise RequestError(message, status=408, headers={"Connection": "close"}) from None
        finally:
            del reading  # or an error, this frame and the body would hold each other

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
                self._check_held(length)
        finally:
            self.held -= length
        return b"".join(chunks)

    def _check_held(self, length: int) -> None:
        if self.held > self.most and length > SMALL_BODY:
            message = "Expected fewer bytes in flight from all callers, got too many: try again"
            headers = {"Connection": "close", "Retry-After": "1"}
            raise RequestError(message, status=503, headers=headers)
