"""Bodies as they come in: how long, how slow, and how many at once they may be."""

import asyncio
from collections.abc import AsyncIterable

from .errors import RequestError

# A body up to here is taken even when others fill the rest: the server holds as much of every
# connection anyway, and a single flight needs a hundredth of it.
SMALL_BODY = 64 * 1024


class Intake:
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

    async def gather(self, chunks: AsyncIterable[bytes]) -> bytes:
        """Return the whole body, or raise `RequestError` as soon as it exceeds a bound."""
        body = bytearray()
        try:
            async with asyncio.timeout(self.seconds):
                async for chunk in chunks:
                    body += chunk
                    self.held += len(chunk)
                    self.check(len(body))
                    self._check_held(len(body))
        except TimeoutError:
            message = f"Expected a whole body within {self.seconds:g} seconds, got a part of it"
            raise RequestError(message, status=408, headers={"Connection": "close"}) from None
        finally:
            self.held -= len(body)
        return bytes(body)

    def _check_held(self, length: int) -> None:
        if self.held > self.most and length > SMALL_BODY:
            message = "Expected fewer bytes in flight from all callers, got too many: try again"
            headers = {"Connection": "close", "Retry-After": "1"}
            raise RequestError(message, status=503, headers=headers)
