"""The steps of a release in `cloudbuild.yaml`.

A step that fails after a revision was deployed takes it back, and so does a build that is no longer
the newest. The smoke test runs in an image without the Cloud SDK, so it never stops the build
itself: it leaves a marker when it passes. The next step deletes the marker, or takes the revision
back if it is missing.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from typing import Final

from commands import CloudError, gcloud, read, say
from release import canary, deploy, gate, note_serving, promote, smoke, tidy, withdraw
from settings import STATE

MARKER: Final = STATE / "smoked"


def step(name: str) -> None:
    """Run a step, or nothing in a build that does not deploy."""
    if environ["DEPLOY"] != "true":
        say(f"{name}: this build does not deploy (_DEPLOY is {environ['DEPLOY']})")
    elif name == "serving":
        with _nothing_deployed(name):
            tidy()
            note_serving()
    elif name == "gate":
        with _nothing_deployed(name):
            gate()
    elif name == "deploy":
        with _nothing_deployed(name):
            check_newest()
        with _taken_back(name):
            deploy()
    elif name == "smoke":
        leave_marker()
    else:
        with _taken_back(f"the smoke test before {name}"):
            delete_marker()
        with _taken_back(name):
            check_newest()
            {"canary": canary, "promote": promote}[name]()


def check_newest() -> None:
    """Raise `CloudError` unless this is the newest build of its trigger that runs or has passed.

    Cloud Build does not serialize the builds of a trigger, so an older one must stop itself.
    """
    build, trigger = environ["BUILD_ID"], environ["TRIGGER"]
    if not trigger:
        return
    passing = "status=(QUEUED PENDING WORKING SUCCESS)"
    builds = gcloud(
        "builds list",
        f"--region={environ['LOCATION']}",
        f"--filter=createTime>-P1D AND substitutions.TRIGGER_NAME={trigger} AND {passing}",
        *("--sort-by=~createTime", "--limit=1", "--format=value(id)"),
    )
    newest = read(*builds, in_dry_run=build)
    if newest != build:
        raise CloudError(f"The build {newest} is newer than this one, {build}.")


def leave_marker() -> None:
    """Leave a marker if the smoke test passes; never fail."""
    try:
        smoke((STATE / "url").read_text())
        MARKER.touch()
    except Exception:  # noqa: BLE001  # whatever it is, the next step takes the revision back
        traceback.print_exc()
        say("The smoke test failed: the next step takes the revision back.")


def delete_marker() -> None:
    """Delete the marker; raise `CloudError` if it is missing."""
    if not MARKER.exists():
        raise CloudError("The smoke test did not pass.")
    MARKER.unlink()


@contextmanager
def _nothing_deployed(name: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        say(f"STOPPED at {name}: nothing was deployed.")
        raise


@contextmanager
def _taken_back(name: str) -> Iterator[None]:
    """Take the revision back if the block fails, whatever the reason."""
    try:
        yield
    except BaseException:
        outcome = ", and the traffic could not be put back: run `make withdraw`."
        try:
            withdraw()
            outcome = ": the revision that served before has all traffic."
        finally:
            say(f"STOPPED at {name}{outcome}")
        raise
