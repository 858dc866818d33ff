"""Run the stress test against `URL`, or a packaged function that is started for it."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.wire import serve

LOCUST = ROOT / ".build" / "stress" / "bin" / "locust"


def main() -> int:
    """Return Locust's exit code: 1 where a single request failed."""
    url = os.environ.get("URL")
    with ExitStack() as stack:
        if not url:
            url = stack.enter_context(serve()).url
        return subprocess.run(
            [
                *[str(LOCUST), "--locustfile", str(Path(__file__).with_name("locustfile.py"))],
                *["--headless", "--only-summary", "--host", url],
                *["--users", os.environ.get("USERS", "100"), "--spawn-rate", "100"],
                *["--run-time", f"{os.environ.get('SECONDS', '60')}s"],
                *["--html", str(ROOT / ".build" / "stress-test.html")],
            ],
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
