"""What can be wrong with a request, in the caller's words, and with a model file."""

from pathlib import Path
from typing import Final

type Headers = tuple[tuple[bytes, bytes], ...]

MAX_SHOWN: Final = 60  # the most characters of a caller's text that an error repeats


def shown(text: str) -> str:
    """Return a caller's text as an error repeats it: cut short where it is long."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


class RequestError(Exception):
    """A request that is refused, with the status and the headers of its answer.

    `path` is the place in the request, such as `$.flights[2].MES`.
    """

    def __init__(
        self, message: str, *, path: str | None = None, status: int = 400, headers: Headers = ()
    ) -> None:
        super().__init__(message if path is None else f"{message} - at `{path}`")
        self.path, self.status, self.headers = path, status, headers


class InputError(RequestError):
    """Flights, or the JSON around them, that cannot be answered."""


class TooManyError(InputError):
    """More flights than a request may hold."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message, path=path, status=413)


class ModelError(Exception):
    """A model file that must not be served."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot load {path}: {reason}. Run `make train` and package it again.")
