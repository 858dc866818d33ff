"""Servers as processes of their own: how every one is started here, and ended."""

import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Final

from tests.support.paths import ROOT

PACKAGE: Final = ROOT / ".build" / "function"
RUNTIME: Final = ROOT / ".build" / "runtime" / "bin"
# Below those that Linux gives to outgoing connections, of which other tests make many.
PORTS: Final = range(20_000, 32_768)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


def command(package: Path, port: int) -> list[str]:
    """Return the command that serves a package as `make serve` does."""
    framework = str(RUNTIME / "functions-framework")
    source = ["--target", "predict", "--source", str(package / "main.py")]
    return [framework, *source, "--host", "127.0.0.1", "--port", str(port)]


@contextmanager
def launch(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in an environment of its own, and at the end see it and its children gone."""
    with tempfile.TemporaryDirectory(prefix="puntual-") as own:
        Path(own).chmod(0o777)  # the server may run as another user
        # gunicorn's control socket: in HOME each server would take it from the others.
        basic = {"PATH": os.environ["PATH"], "FUNCTION_USE_ASGI": "1", "XDG_RUNTIME_DIR": own}
        with subprocess.Popen(
            command,
            cwd=folder,
            env=basic | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                end(process)


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer HTTP in threads of this process until the block ends; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a server and its children to end, and kill what is left of them."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
