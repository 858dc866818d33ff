"""Command lines: printed on standard error, and run unless it is a dry run."""

import os
import shlex
import subprocess
import sys

from settings import DRY_RUN, PROJECT


class CloudError(Exception):
    """What stops a command, in the operator's words."""


def say(text: str) -> None:
    """Print a line for the operator; standard output is for answers."""
    print(text, file=sys.stderr, flush=True)


def gcloud(command: str, *arguments: str) -> list[str]:
    """Return a command line of the Cloud SDK that works in PROJECT."""
    if not PROJECT:
        raise CloudError("Say in which project: PROJECT=...")
    return ["gcloud", *command.split(), *arguments, f"--project={PROJECT}"]


def run(*words: str, **environment: str) -> None:
    """Run a command; raise `CalledProcessError` if it fails."""
    say(shlex.join(words))
    if not DRY_RUN:
        subprocess.run(words, check=True, env=os.environ | environment)


def read(*words: str, in_dry_run: str) -> str:
    """Return what a command prints, or in a dry run what to assume."""
    say(shlex.join(words))
    if DRY_RUN:
        return in_dry_run
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def succeeds(*words: str) -> bool:
    """Return whether a command succeeds, whose output is hidden; none does in a dry run."""
    say(shlex.join(words))
    return not DRY_RUN and subprocess.run(words, check=False, capture_output=True).returncode == 0
