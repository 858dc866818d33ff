"""What can be wrong with a request, in the caller's words, and with a model file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SHOWN: Final = 60  # the most characters of a caller's text that an error repeats


def shown(text: str) -> str:
    """Return a caller's text as an error repeats it: cut short where it is long."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class InputError(Exception):
    """Flights or a body that cannot be answered, for a reason the caller can mend.

    `path` is the place in the request, such as `$.flights[2].MES`.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message if path is None else f"{message} - at `{path}`")
        self.path = path


class TooManyError(InputError):
    """More flights than a request may hold."""


class RequestError(InputError):
    """A request that cannot be answered, for a reason the caller can mend.

    `status` is a 4xx, or 503 where trying again will do; `path` is the place in the request, such
    as `$.flights[2].MES`.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, path=path)
        self.status = status
        self.headers = dict(headers or {})

    def answer(self) -> dict[str, str]:
        """Return the body of the answer."""
        return {"error": str(self)} | ({"path": self.path} if self.path else {})


class ModelError(Exception):
    """A model file that must not be served."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot load {path}: {reason}. Run `make train` and package it again.")
