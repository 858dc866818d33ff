"""What can be wrong with a request, in the caller's words, and with a model file.

Nothing here knows HTTP: `main` turns these errors into statuses.
"""

from pathlib import Path
from typing import Final

SHOWN: Final = 60  # the most characters of a caller's text that an error repeats


def shown(text: str) -> str:
    """Return a caller's text as an error repeats it: cut short where it is long."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class RequestError(Exception):
    """A request that cannot be answered, for a reason the caller can mend.

    `path` is the place in the request, such as `$.flights[2].MES`.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message if path is None else f"{message} - at `{path}`")
        self.path = path


class InputError(RequestError):
    """Flights, or the JSON around them, that cannot be answered."""


class TooManyError(InputError):
    """More flights than a request may hold."""


class BodyTooLongError(RequestError):
    """A body that exceeds the longest one allowed."""


class BodyTooSlowError(RequestError):
    """A body that was not received in time."""


class BodyIncompleteError(RequestError):
    """A body whose caller left before its end."""


class TooManyBodiesError(RequestError):
    """A body for which there is no room now, beside those of other callers."""


class ModelError(Exception):
    """A model file that must not be served."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot load {path}: {reason}. Run `make train` and package it again.")
