"""What all commands share of the variables that `cloud.mk` or `cloudbuild.yaml` sets."""

from os import environ
from pathlib import Path
from typing import Final

PROJECT: Final = environ["PROJECT"]
SERVICE: Final = environ["SERVICE"]
REGION: Final = environ["REGION"]
TAG: Final = environ["TAG"]
DRY_RUN: Final = bool(environ.get("DRY_RUN"))

IN_REGION: Final = f"--region={REGION}"
STATE: Final = Path(".build/release")  # what a step of a release leaves for the next ones


def account(name: str) -> str:
    """Return the address of a service account of the project."""
    return f"{name}@{PROJECT}.iam.gserviceaccount.com"
