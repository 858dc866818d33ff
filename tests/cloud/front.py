"""The way to the Google of a rehearsal: an HTTP proxy for gcloud, curl and the smoke test."""

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit

from tests.cloud import builds, services
from tests.cloud.google import PROJECT, Call, Google, RefusalError
from tests.support.servers import listening

type Json = Any
type Reply = tuple[int, dict[str, str], bytes]

JSON: Final = {"Content-Type": "application/json"}
KEPT: Final = ("Content-Type", "X-Model-Version")
SERVICES: Final = f"{PROJECT}/locations/southamerica-west1/services"


class Front:
    """Answers API calls with Google's state, and others by the revisions that run."""

    def __init__(self, google: Google) -> None:
        self.google, self.servers = google, ExitStack()
        self._lock = threading.Lock()
        self._requests = 0

    def reply(self, method: str, url: str, token: str, body: bytes) -> Reply:
        host = urlsplit(url).netloc
        try:
            if host.endswith(services.DOMAIN):
                return self._served(method, url, token, body)
            with self._lock:
                answer = self._called(method, url, token, body)
        except RefusalError as error:
            shown = {"code": error.status, "message": error.message, "status": "REFUSED"}
            return error.status, JSON, json.dumps({"error": shown}).encode()
        return 200, JSON, json.dumps(answer).encode()

    def _called(self, method: str, url: str, token: str, body: bytes) -> Json:
        """Answer a call of an API; its token is the name of an account."""
        parts = urlsplit(url)
        api = parts.netloc.partition(".")[0].rpartition("-")[2]
        query = dict(parse_qsl(parts.query))
        call = Call(api, method, parts.path, query, body, token)
        google = self.google
        google.allow(call)
        if (of_build := builds.answer(google, call)) is not None:
            return of_build
        if api == "run" and method in {"POST", "PUT"} and "/namespaces/" in parts.path:
            return services.shown(services.put(google, call, self.servers))
        answer = google.answer(call)
        if call.name.startswith(SERVICES) and method == "GET" and call.verb == "GET":
            answer = services.shown(answer)
        return answer

    def _served(self, method: str, url: str, token: str, body: bytes) -> Reply:
        """Let a caller with a token for the service through to a revision, as Cloud Run does."""
        parts = urlsplit(url)
        name = parts.netloc.partition(".")[0].rpartition("---")[2]
        service = self.google.resources[f"{SERVICES}/{name}"]
        policy = f"{SERVICES}/{name}"
        if not self.google.is_bound("", policy):
            if not token:
                raise RefusalError(403, "The request was not authenticated")
            claims = _claims(token)
            if claims.get("aud") != service["status"]["url"]:
                raise RefusalError(401, f"The audience {claims.get('aud')} is not this service")
            self.google.demand(claims["email"], policy)
        self._requests += 1
        address = services.route(service, parts.netloc, self._requests)
        if address is None:
            return 200, {"Content-Type": "text/html"}, b"Congratulations"
        path = url.partition(parts.netloc)[2]
        headers = {"Content-Type": "application/json"} if body else {}
        address += path
        request = urllib.request.Request(address, body or None, headers, method=method)  # noqa: S310  # ours
        try:
            answer = urllib.request.urlopen(request, timeout=60)  # noqa: S310  # the same
        except HTTPError as error:
            answer = error
        with answer:
            kept = {name: answer.headers[name] for name in KEPT if name in answer.headers}
            return answer.status, kept, answer.read()


@contextmanager
def proxy(front: Front) -> Iterator[str]:
    """Be the proxy of other processes until the block ends; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, headers, content = front.reply(self.command, self.path, token, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _reply  # noqa: N815  # its names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with listening(Handler) as url:
        yield url


def _claims(token: str) -> dict[str, str]:
    """Return the claims of a JSON Web Token, none of what is no such token."""
    with suppress(ValueError, IndexError):
        claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return claims
    return {}
