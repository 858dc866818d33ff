"""The packaged function, on a free port of this machine."""

import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.support.servers import command, end, free_port

STARTED_WITHIN = 30.0  # seconds


def start(
    framework: Path, package: Path, environment: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], str]:
    """Serve a package and return its process and address; raise `OSError` if it does not start.

    Its log goes to `package`/log, and its process leads a group of its own.
    """
    port = free_port()
    with (package / "log").open("wb") as log:
        process = subprocess.Popen(
            command(package, port, framework),
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
    end(process)
    raise OSError((package / "log").read_text())
