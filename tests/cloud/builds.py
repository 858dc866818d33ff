"""Cloud Build on this machine: uploads, source builds, and the list of builds."""

import zipfile
from typing import Any

from tests.cloud.google import PROJECT, Call, Google

type Json = Any


def answer(google: Google, call: Call) -> Json | None:
    """Answer a call that is of a build; None is for others."""
    if call.path.startswith("/upload/"):
        return upload(google, call)
    if call.verb == "submit":
        return submit(google, call)
    if call.api == "cloudbuild" and "/operations/" in call.path:
        return operation(google, call)
    if call.api == "cloudbuild" and call.path.endswith("/builds"):
        newest_first = sorted(google.builds, key=lambda build: build["createTime"], reverse=True)
        return {"builds": newest_first}
    return None


def upload(google: Google, call: Call) -> Json:
    boundary = call.body.partition(b"\n")[0]
    _, _, content, _ = call.body.split(boundary)  # what it is, the object itself
    content = content.partition(b"\n\n")[2].removesuffix(b"\n")
    (google.folder / call.query["name"].replace("/", "-")).write_bytes(content)
    size = {"size": str(len(content)), "generation": "1"}
    return {"bucket": call.path.split("/")[-2], "name": call.query["name"]} | size


def submit(google: Google, call: Call) -> Json:
    """Lay out an uploaded package; the digest of its image is where it lies."""
    source, account = call.json["storageSource"], call.json["serviceAccount"].split("/")[-1]
    google.demand(call.account, f"{PROJECT}/serviceAccounts/{account}")  # to act as it
    google.demand(account)
    number = f"{len(google.builds):08}"
    package = google.folder / f"package-{number}"
    with zipfile.ZipFile(google.folder / source["object"].replace("/", "-")) as archive:
        archive.extractall(package)
    image = {"name": call.json["imageUri"], "digest": f"sha256:{number}"}
    name = f"{PROJECT}/locations/southamerica-west1/builds/{number}"
    build: Json = {"id": number, "name": name, "projectId": "rehearsal", "status": "SUCCESS"}
    build |= {"results": {"images": [image]}, "package": str(package), "asked": call.json}
    build |= {"createTime": f"2026-01-01T00:00:{len(google.builds):02}Z"}
    google.builds.append(build)
    kind = "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"
    shown = {"@type": kind, "build": {key: build[key] for key in ("id", "name", "projectId")}}
    operation = {"name": name.replace("builds", "operations"), "metadata": shown}
    return {
        "buildOperation": operation,
        "baseImageUri": call.json["buildpackBuild"]["baseImage"],
    }


def operation(google: Google, call: Call) -> Json:
    """Tell of a source build, which takes longer where `slow` says so."""
    if google.slow > 0:
        google.slow -= 1
        return {"name": call.name, "done": False}
    number = int(call.name.rpartition("/")[2])
    build = {key: value for key, value in google.builds[number].items() if key != "package"}
    return {"name": call.name, "done": True, "response": build}
