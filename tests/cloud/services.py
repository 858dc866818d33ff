"""Services as Cloud Run would have them after each command; revisions run on this machine.

What traffic becomes, the Cloud SDK's own code decides.
"""

import importlib
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.cloud.sdk import gcloud
from tests.deployed.packaged import start

REHEARSAL = Path(os.environ["REHEARSAL"])
PROGRAM = os.environ["REHEARSAL_GCLOUD"]
VERDICTS = Path(os.environ["REHEARSAL_VERDICTS"])
FRAMEWORK = Path(os.environ["REHEARSAL_FRAMEWORK"])
NOWHERE = "http://127.0.0.1:9"  # of the placeholder, which nothing here may ask


class CommandError(Exception):
    """What Google Cloud would refuse."""


@dataclass
class TrafficTarget:
    """One of the targets of a service, with the fields of the Cloud Run API."""

    revisionName: str | None = None  # noqa: N815  # the API's name
    percent: int | None = None
    tag: str | None = None
    latestRevision: bool | None = None  # noqa: N815  # the API's name


class Service:
    """A service of the remembered ones, with its traffic as the Cloud SDK handles it."""

    def __init__(self, record: dict[str, Any]) -> None:
        library = Path(PROGRAM).resolve().parents[1] / "lib"
        sys.path += [str(library), str(library / "third_party")]
        handled = importlib.import_module("googlecloudsdk.api_lib.run.traffic")
        self._record = record
        self._targets = [TrafficTarget(**target) for target in record["traffic"]]
        messages = SimpleNamespace(TrafficTarget=TrafficTarget)
        self.traffic: Any = handled.TrafficTargets(messages, self._targets)

    def keep(self) -> None:
        self._record["traffic"] = [asdict(target) for target in self._targets]

    def table(self) -> list[dict[str, Any]]:
        """Return the traffic as `status.traffic` of the API tells it."""
        revisions = self._record["revisions"]
        rows = []
        for target in self._targets:
            name = target.revisionName or self._record["latest"]
            url = revisions.get(name) if target.tag else None
            rows.append(asdict(target) | {"revisionName": name, "url": url})
        return rows

    def url(self) -> str:
        """Return the address of the revision with the most traffic, in place of a shared one."""
        most = max(self.table(), key=lambda row: row["percent"] or 0)
        url: str = self._record["revisions"][most["revisionName"]]
        return url


def pairs(flag: str) -> dict[str, str]:
    """Return `a=1,b=2` as a mapping."""
    return dict(pair.rsplit("=", 1) for pair in flag.split(",") if pair)


def deploy(state: dict[str, Any], name: str, flags: dict[str, str]) -> None:
    """Make a revision; without traffic only in a service that stands."""
    latest = asdict(TrafficTarget(percent=100, latestRevision=True))
    record = state["services"].setdefault(
        name, {"revisions": {}, "latest": None, "traffic": [latest]}
    )
    if "--no-traffic" in flags and not record["revisions"]:
        raise CommandError("--no-traffic not supported when creating a new service.")
    revision = f"{name}-{flags.get('--revision-suffix') or f'{len(record["revisions"]):05}'}"
    service = Service(record)
    if "--no-traffic" in flags:
        service.traffic.ZeroLatestTraffic(record["latest"])
    if "--tag" in flags:
        service.traffic.UpdateTags({flags["--tag"]: revision}, [], clear_others=False)
    service.keep()
    record["revisions"][revision] = NOWHERE
    if source := flags.get("--source"):
        record["revisions"][revision] = serve(state, revision, Path(source), flags)
    record["latest"] = revision


def serve(state: dict[str, Any], revision: str, source: Path, flags: dict[str, str]) -> str:
    """Serve what the Cloud SDK would upload of the source; return the address."""
    package = REHEARSAL / revision
    package.mkdir()
    listing = ("meta", "list-files-for-upload", str(source))
    for name in gcloud(VERDICTS, *listing, program=PROGRAM).split():
        shutil.copy2(source / name, package / name)
    try:
        process, url = start(FRAMEWORK, package, pairs(flags["--set-env-vars"]))
    except OSError as error:
        raise CommandError(
            f"The user-provided container failed to start and listen on the port: {error}"
        ) from error
    state["processes"].append(process.pid)
    return url


def update_traffic(record: dict[str, Any], flags: dict[str, str]) -> None:
    """Move traffic and tags, in the order in which the Cloud SDK does."""
    service = Service(record)
    update, remove = pairs(flags.get("--update-tags", "")), flags.get("--remove-tags", "")
    if update or remove:
        service.traffic.UpdateTags(update, remove.split(","), clear_others=False)
    if by_tag := pairs(flags.get("--to-tags", "")):
        keys = service.traffic.TagToKey()
        move = {keys[tag]: int(percent) for tag, percent in by_tag.items()}
    else:
        move = {name: int(part) for name, part in pairs(flags.get("--to-revisions", "")).items()}
    if unknown := {*move, *update.values()} - {*record["revisions"]}:
        raise CommandError(f"There is no revision {', '.join(unknown)}.")
    if move:
        service.traffic.UpdateTraffic(move)
    service.keep()


def describe(record: dict[str, Any], flags: dict[str, str]) -> str:
    """Return the columns of `--format=value(...)`, a line for each target of the traffic."""
    columns = flags.get("--format", "value()").removeprefix("value(").removesuffix(")").split(",")
    service = Service(record)
    lines = ""
    for row in service.table():
        known = {f"status.traffic.{name}": value for name, value in row.items()}
        known["status.url"] = service.url()
        cells = [known.get(name) for name in columns]
        lines += "\t".join("" if cell is None else str(cell) for cell in cells) + "\n"
    return lines
