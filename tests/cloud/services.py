"""Cloud Run on this machine: services with revisions that really serve, and their traffic."""

import copy
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.cloud.google import PROJECT, Call, Google, RefusalError
from tests.support.wire import DidNotServeError, serve

type Json = Any

DOMAIN: Final = "rehearsal.run.app"


def put(google: Google, call: Call, servers: ExitStack) -> Json:
    """Create or replace a service, as a call says, and bring its revision and traffic about."""
    wanted = call.json
    name = f"{PROJECT}/locations/southamerica-west1/services/{wanted['metadata']['name']}"
    before = google.resources.get(name)
    account = wanted["spec"]["template"]["spec"]["serviceAccountName"]
    google.demand(call.account, f"{PROJECT}/serviceAccounts/{account}")  # to act as it
    service = copy.deepcopy(wanted)
    service["spec"].setdefault("traffic", [{"latestRevision": True, "percent": 100}])
    status = before["status"] if before else {"revisions": {}}
    service["status"] = copy.deepcopy(status)
    service["metadata"]["generation"] = (before["metadata"]["generation"] if before else 0) + 1
    service["metadata"] |= {"namespace": "rehearsal", "resourceVersion": "v", "uid": "u"}
    if before is None or before["spec"]["template"] != wanted["spec"]["template"]:
        _add_revision(google, service, servers)
    _route(service)
    google.resources[name] = service
    return service


def _add_revision(google: Google, service: Json, servers: ExitStack) -> None:
    template, status, name = (
        service["spec"]["template"],
        service["status"],
        service["metadata"]["name"],
    )
    number = f"{name}-{service['metadata']['generation']:05}-abc"
    revision = template["metadata"].get("name", number)
    container = template["spec"]["containers"][0]
    digest = container["image"].partition("@")[2]
    made = [build for build in google.builds if "package" in build]
    built = [each for each in made if digest == each["results"]["images"][0]["digest"]]
    status["latestCreatedRevisionName"], status["failed"] = revision, None
    address = None  # of an image that is not ours, such as the placeholder's
    if built:
        environment = {each["name"]: each["value"] for each in container["env"]}
        package = Path(built[0]["package"])
        try:
            address = servers.enter_context(serve(package, environment=environment)).url
        except DidNotServeError as error:
            status["failed"] = f"The user-provided container failed to start: {error}"
            return
    status["revisions"][revision] = address
    status["latestReadyRevisionName"] = revision


def _route(service: Json) -> None:
    """Say of the service where its traffic goes, and whether it is ready."""
    status, name = service["status"], service["metadata"]["name"]
    status["url"] = f"http://{name}.{DOMAIN}"
    status["observedGeneration"] = service["metadata"]["generation"]
    status["traffic"] = []
    for target in service["spec"]["traffic"]:
        revision = target.get("revisionName") or status["latestReadyRevisionName"]
        if revision not in status["revisions"]:
            if revision != status["latestCreatedRevisionName"]:
                raise RefusalError(400, f"Revision '{revision}' was not found")
            continue
        url = {"url": f"http://{target['tag']}---{name}.{DOMAIN}"} if target.get("tag") else {}
        status["traffic"].append(target | url | {"revisionName": revision})
    failed = status["failed"]
    shown = {"status": "False", "reason": "HealthCheckContainerError", "message": failed}
    conditions = {"Ready": failed, "ConfigurationsReady": failed, "RoutesReady": None}
    status["conditions"] = [
        {"type": kind} | (shown if bad else {"status": "True"}) for kind, bad in conditions.items()
    ]


def route(service: Json, host: str, number: int) -> str | None:
    """Return where a request to a host goes, or None for the placeholder."""
    targets = service["status"]["traffic"]
    tag = host.partition("---")[0] if "---" in host else None
    percents = [target for target in targets for _ in range(target.get("percent") or 0)]
    tagged = [target for target in targets if tag is not None and target.get("tag") == tag]
    if tag is not None and not tagged:
        raise RefusalError(404, f"There is no {host}")
    # 37 is prime to 100: a hundred requests in a row are dealt as the percents say.
    target = tagged[0] if tagged else percents[number * 37 % 100]
    address: str | None = service["status"]["revisions"][target["revisionName"]]
    return address


def shown(service: Json) -> Json:
    """Return the service as the API tells it."""
    ours = {"revisions", "failed"}
    status = {key: value for key, value in service["status"].items() if key not in ours}
    return service | {"status": status}
