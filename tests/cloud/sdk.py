"""The Cloud SDK on this machine: its linter, and a gcloud that is loaded once."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import succeed
from tests.support.servers import launch

GCLOUD: Final = shutil.which("gcloud") or ""
CLIENT: Final = """#!{python} -SE
import json, os, socket, sys
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(server.recv(1)[0])
"""
# Of gcloud in tests: it reports nothing, and asks nothing.
QUIET: Final = {
    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
    "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
}

needs_sdk = pytest.mark.skipif(not GCLOUD, reason="the Google Cloud SDK is not installed")


def gcloud(folder: Path, *words: str) -> str:
    """Return what the Cloud SDK prints; it keeps its settings in `folder` and has no account."""
    settings = QUIET | {"CLOUDSDK_CONFIG": str(folder / "cloudsdk")}
    return succeed(GCLOUD, *words, environment=os.environ | settings).stdout


@contextmanager
def loaded_gcloud(folder: Path) -> Iterator[str]:
    """Load the Cloud SDK once, and give a program that does what gcloud does, ten times faster."""
    address = folder / "sdk"
    where = "--format=value(basic.python_location,installation.sdk_root)"
    python, root = gcloud(folder, "info", where).rstrip("\n").split("\t")
    library = f"{root}/lib:{root}/lib/third_party"
    # -P: the folder of the script has a `google` of its own.
    command = [python, "-P", str(Path(__file__).with_name("gcloud.py")), str(address)]
    with launch(command, environment={"PYTHONPATH": library}) as process:
        while not address.exists() and process.poll() is None:
            time.sleep(0.02)
        yield CLIENT.format(python=sys.executable, address=str(address))


def faults(lines: Iterable[str], folder: Path) -> dict[str, str]:
    """Return what the Cloud SDK's linter finds wrong, by gcloud command line."""
    distinct = sorted({*lines})
    commands = folder / "commands.json"
    commands.write_text(json.dumps([{"command_string": line} for line in distinct]))
    # It ends with 0 whatever it finds.
    printed = gcloud(folder, "meta", "lint-gcloud-commands", f"--commands-file={commands}")
    verdicts = zip(distinct, json.loads(printed), strict=True)
    return {line: each["error_message"] for line, each in verdicts if not each["success"]}
