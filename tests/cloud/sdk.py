"""The Cloud SDK's own judgement of a gcloud command line, offline."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

GCLOUD = shutil.which("gcloud")


def gcloud(folder: Path, *words: str, program: str | None = GCLOUD) -> str:
    """Return what the Cloud SDK prints; it keeps its settings in `folder` and has no account."""
    if program is None:
        raise RuntimeError("the Google Cloud SDK is not installed")
    settings = {
        "CLOUDSDK_CONFIG": str(folder / "cloudsdk"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }
    ended = subprocess.run(
        [program, *words], env=os.environ | settings, check=False, capture_output=True, text=True
    )
    return ended.stdout


def faults(
    lines: Iterable[str], folder: Path, program: str | None = GCLOUD
) -> dict[str, str | None]:
    """Return what the Cloud SDK's linter finds wrong in each gcloud command line, if anything.

    Verdicts are kept in `folder`, as the linter takes a second to start.
    """
    kept = {line: folder / _key(line) for line in lines}
    if new := [line for line, verdict in kept.items() if not verdict.exists()]:
        commands = folder / "commands.json"
        commands.write_text(json.dumps([{"command_string": line} for line in new]))
        linter = ("meta", "lint-gcloud-commands", f"--commands-file={commands}")
        # It ends with 0 whatever it finds.
        verdicts = json.loads(gcloud(folder, *linter, program=program))
        for line, verdict in zip(new, verdicts, strict=True):
            found = None if verdict["success"] else verdict["error_message"]
            kept[line].write_text(json.dumps(found))
    return {line: json.loads(verdict.read_text()) for line, verdict in kept.items()}


def _key(line: str) -> str:
    """Return a name for the words of a line, however they are quoted."""
    return hashlib.sha256("\0".join(shlex.split(line)).encode()).hexdigest()
