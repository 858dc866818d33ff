"""Commands that run to their end: how each is run here, and what it printed."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.support.paths import ROOT

TIMEOUT: Final = 900  # seconds, for what would never end

type Ended = subprocess.CompletedProcess[str]


def run(
    *words: str | Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command, and return its exit status and what it printed."""
    return subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=TIMEOUT,
    )


def succeed(
    *words: str | Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run a command that must succeed."""
    ended = run(*words, folder=folder, environment=environment)
    assert ended.returncode == 0, f"{ended.args} failed:\n{ended.stdout}{ended.stderr}"
    return ended
