"""The packaged function, really served: what `make serve` does, on a free port."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / ".build" / "function"
RUNTIME = ROOT / ".build" / "runtime" / "bin" / "python"


class Served:
    """The packaged function, served by the framework's own command on a free port."""

    def __init__(self, source: Path, *, asgi: str = "1") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                *(RUNTIME.with_name("functions-framework"), "--target", "predict"),
                *("--source", source / "main.py"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
            ],
            cwd=source,
            # Nothing of the repository or of this environment is to be found.
            env={"PATH": os.defpath} | ({"FUNCTION_USE_ASGI": asgi} if asgi else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until it listens."""
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"the function ended: {self.process.communicate()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError("the function does not listen after 30 s")

    def __exit__(self, *_: object) -> None:
        """Kill it where the test has not ended it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def get(self, path: str, payload: object = None) -> object:
        """Return the decoded answer to a GET, or to a POST of the payload."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if payload is None else json.dumps(payload).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Return the exit code and what was written to the two streams."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err
