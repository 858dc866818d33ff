"""The packaged function, on a free port of this machine."""

import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

STARTED_WITHIN = 30.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    framework: Path, package: Path, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], str]:
    """Serve a package and return its process and address; raise `OSError` if it does not start.

    Its log goes to `package`/log, and its process leads a group of its own.
    """
    port = free_port()
    command = [str(framework), "--target", "predict", "--source", str(package / "main.py")]
    with (package / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"http://127.0.0.1:{port}"
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise OSError((package / "log").read_text())
