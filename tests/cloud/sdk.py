"""The Cloud SDK's own judgement, offline: its loader of build files and its linter of commands."""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GCLOUD = shutil.which("gcloud")
SDK = Path(GCLOUD or "/").resolve().parents[1] if GCLOUD else None

needs_sdk = pytest.mark.skipif(SDK is None, reason="the Google Cloud SDK is not installed")


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a Cloud SDK that keeps its settings in `folder` and asks no one."""
    return {
        **os.environ,
        "CLOUDSDK_CONFIG": str(folder / "cloudsdk"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
    }


def fault(gcloud: str, line: str, folder: Path) -> str | None:
    """Return what the linter of the Cloud SDK finds wrong in a gcloud command line, if anything.

    A verdict is kept in `folder`, as the linter takes a second to start.
    """
    kept = folder / hashlib.sha256(line.encode()).hexdigest()
    if not kept.exists():
        linter = [gcloud, "meta", "lint-gcloud-commands", f"--command-string={line}"]
        ended = subprocess.run(
            linter, env=environment(folder), check=False, capture_output=True, text=True
        )
        # It ends with 0 whatever it finds, and without an answer at some bad values.
        (verdict,) = json.loads(ended.stdout or "[{}]")
        found = None if verdict.get("success") else verdict.get("error_message") or ended.stderr
        kept.write_text(json.dumps(found))
    answer: str | None = json.loads(kept.read_text())
    return answer


@functools.cache
def import_sdk() -> None:
    """Put the packages of the Cloud SDK on the path, behind those of this environment."""
    if SDK is None:
        raise RuntimeError("the Google Cloud SDK is not installed")
    sys.path += [str(SDK / "lib"), str(SDK / "lib" / "third_party")]
