"""The packaged function over a socket: requests byte by byte, and the answers to them."""

import json
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import h11

from tests.support.at_hand import FLIGHT
from tests.support.servers import PACKAGE, command, free_port, launch

BODY = json.dumps({"flights": [FLIGHT]}).encode()


class DidNotServeError(Exception):
    """A server that did not come up, and what it printed."""


@dataclass(frozen=True)
class Answer:
    """What came back on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # it is whatever was answered
        return json.loads(self.body)


class Usage(NamedTuple):
    """What a function holds: its share of memory, its threads and open files."""

    pss_kib: int
    threads: int
    files: int


@dataclass(frozen=True)
class Served:
    """A running function: its process, its port, and what it printed to stderr."""

    process: subprocess.Popen[bytes]
    port: int
    printed: IO[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, seconds: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def send(self, request: bytes) -> list[Answer]:
        """Send bytes as they are, and return all answers until the function closes."""
        with self.connect() as sock:
            with suppress(ConnectionError):  # refused before it was all sent, and answered
                sock.sendall(request)
            return read_answers(sock)

    def ask(self) -> Answer:
        """Send one good request."""
        (answer,) = self.send(post(BODY, close=True))
        return answer

    def output(self) -> str:
        self.printed.seek(0)
        return self.printed.read().decode()

    def processes(self) -> list[int]:
        """Return the ids of the master and its worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split())]

    def usage(self) -> "Usage":
        """Return what the processes hold now, as Linux counts it."""
        folders = [Path(f"/proc/{process}") for process in self.processes()]
        return Usage(
            sum(_kib(folder / "smaps_rollup", "Pss:") for folder in folders),
            sum(len(list((folder / "task").iterdir())) for folder in folders),
            sum(len(list((folder / "fd").iterdir())) for folder in folders),
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def post(body: bytes, *headers: str, path: str = "/predict", close: bool = False) -> bytes:
    """Return a request with a JSON body, byte by byte."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: puntual",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
        *(["Connection: close"] if close else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_answers(sock: socket.socket) -> list[Answer]:
    """Read answers until the other side closes the connection."""
    received = bytearray()
    with suppress(ConnectionError):  # it was closed while we were still sending
        while chunk := sock.recv(65536):
            received += chunk
    return list(parse(bytes(received)))


def parse(received: bytes, method: str = "POST") -> Iterator[Answer]:
    """Yield the answers in bytes; raise `h11.RemoteProtocolError` where one is cut or malformed."""
    while received:
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "puntual")]))
        parser.send(h11.EndOfMessage())
        parser.receive_data(received)
        parser.receive_data(b"")
        head, body = None, bytearray()
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.InformationalResponse):
                yield _answer(event, b"")
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
        assert head is not None
        yield _answer(head, bytes(body))
        received, _closed = parser.trailing_data


def _answer(head: h11.Response | h11.InformationalResponse, body: bytes) -> Answer:
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    return Answer(head.status_code, headers, body)


@contextmanager
def serve(
    package: Path = PACKAGE,
    *,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    port: int | None = None,
    stdout: int | IO[bytes] = subprocess.DEVNULL,  # the request log
) -> Iterator[Served]:
    """Serve a package until the block ends; `prefix` is a command that starts the server's."""
    port = port or free_port()
    started = [*prefix, *command(package, port)]
    with serving(started, port, environment=environment, stdout=stdout) as served:
        yield served


@contextmanager
def serving(
    command: Sequence[str],
    port: int,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator[Served]:
    """Run a command that serves the function, from its first answer until the block ends.

    Raise `DidNotServeError` if it ends before, or does not answer.
    """
    with (
        tempfile.TemporaryFile() as printed,
        launch(
            command, environment=environment, folder=folder, stdout=stdout, stderr=printed
        ) as process,
    ):
        served = Served(process, port, printed)
        _await_ready(served)
        yield served


def _kib(path: Path, field: str) -> int:
    (line,) = (line for line in path.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def _await_ready(served: Served) -> None:
    deadline = time.monotonic() + 60
    while served.process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionError):
            # No answer at all is one of a predecessor on this port that is just being killed.
            if [answer.status for answer in served.send(post(BODY, close=True))] == [200]:
                return
        time.sleep(0.02)
    raise DidNotServeError(f"exit status {served.process.poll()}: {served.output()}")
