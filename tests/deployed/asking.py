"""Asking a deployed function, with an identity token where it wants one."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple

TIMEOUT = 60  # seconds: a cold start on a small machine, and a smoke test is no benchmark


class Answer(NamedTuple):
    """An answer in JSON, of any status."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Deployed:
    """The function at `url`, asked with an identity token where one is given."""

    def __init__(self, url: str, token: str | None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"Expected the address of a function, got {url!r}")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, path: str, payload: object = None) -> Answer:
        """Return the answer to a GET, or to a POST of the payload."""
        body = None if payload is None else json.dumps(payload).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310  # the address is checked above
            self._url + path, body, self._headers | kind
        )
        try:
            answer = urllib.request.urlopen(request, timeout=TIMEOUT)  # noqa: S310  # the same
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers, json.load(answer))
