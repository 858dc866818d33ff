"""Load from wrk, which compares every answer while it measures."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from .question import Question

WRK: Final = "wrk"
SCRIPT: Final = Path(__file__).with_name("check.lua")


class Void(Exception):  # noqa: N818  # a run is void; it is no error of the bench
    """A run that counts for nothing: an answer was wrong, or there was none."""


class Load(msgspec.Struct):
    """What wrk saw of one run."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    wrong: int
    failed: int


def find_wrk() -> str:
    """Return the path of wrk, or end with how to get it."""
    path = shutil.which(WRK)
    if path is None:
        raise SystemExit("Cannot measure: wrk is missing. Install it: `apt-get install wrk`.")
    return path


def load(port: int, questions: Sequence[Question], *, connections: int, seconds: float) -> Load:
    """Ask each question over its share of `connections`; raise `Void` at a single wrong answer."""
    with TemporaryDirectory() as folder:
        files = []
        for number, texts in enumerate(questions):
            for name, text in texts._asdict().items():
                files.append(Path(folder, f"{name}{number}"))
                files[-1].write_bytes(text)
        how = [f"-t{len(questions)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
        url = f"http://127.0.0.1:{port}/predict"
        done = subprocess.run(
            [find_wrk(), *how, "-s", SCRIPT, url, "--", *files],
            check=True,
            capture_output=True,
            timeout=seconds + 60,
        )
    seen = msgspec.json.decode(done.stderr, type=Load)
    if seen.wrong or seen.failed or not seen.requests:
        raise Void(
            f"{seen.wrong} wrong and {seen.failed} missing answers among {seen.requests} requests"
        )
    return seen
