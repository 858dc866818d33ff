"""What a deployed function is asked over HTTP."""

import http.client
import urllib.request
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError

import msgspec

from training.errors import UserError

TIMEOUT: Final = 60  # seconds, for the cold start of a small machine


class Answer(NamedTuple):
    """An answer of any status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # it is whatever was answered
        """The body, as JSON."""
        return msgspec.json.decode(self.body)


class Client:
    """A deployed function, asked with an identity token where one is given."""

    def __init__(self, url: str, token: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UserError(f"Expected the address of a function, got {url!r}.")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, path: str, payload: object = None) -> Answer:
        """Return the answer to a GET, or to a POST of a payload."""
        body = None if payload is None else msgspec.json.encode(payload)
        headers = self._headers | ({} if body is None else {"Content-Type": "application/json"})
        request = urllib.request.Request(self.url + path, body, headers)  # noqa: S310  # checked
        try:
            try:
                answer = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310  # the same
            except HTTPError as error:
                answer = error  # an answer like any other
            with answer:
                return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise UserError(f"Cannot ask {self.url}{path}: {error}.") from error
