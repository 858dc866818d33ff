"""Every gcloud command line that a make target can run passes the Cloud SDK's own linter."""

import os
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.cloud.sdk import faults, needs_sdk
from tests.support.commands import run, succeed
from tests.support.paths import ROOT

README = (ROOT / ".cloud/README.md").read_text()
TARGETS = [
    "bootstrap REPO=someone/puntual",
    "bootstrap PUBLIC=true",
    "bootstrap REPOSITORY=projects/p/locations/europe-west1/connections/c/repositories/r",
    "tidy",
    "serving CALLER=puntual-caller",
    "deploy MIN_INSTANCES=1 MEMORY=1Gi CPU=2",
    "smoke URL=https://puntual.example",
    "canary",
    "promote",
    "withdraw",
    "rollback",
    "logs",
    "open PORT=9000",
    "evaluate DATA=flights.csv URL=https://puntual.example CALLER=puntual-caller",
]
WRONG = [
    "gcloud run deploy puntual --memroy=512Mi",
    "gcloud run services update-trafic puntual",
    "gcloud run deploy puntual --source=. --ingress=nobody",
    "gcloud run services update-traffic puntual --to-latest --to-tags=a=100",
    "gcloud run deploy puntual --concurrency=many",
]


@cache
def printed(target: str) -> list[str]:
    """Return the gcloud command lines that a target prints, having run none."""
    words = ["make", *target.split(), "PROJECT=some-project", "TAG=c0123456", "DRY_RUN=1"]
    return gcloud_lines(succeed(*words).stderr)


def gcloud_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("gcloud ")]


def in_a_build(step: str) -> list[str]:
    """Return the command lines of a step of a build that a trigger started."""
    names = ["SERVICE", "REGION", "CPU", "MEMORY", "CONCURRENCY", "MIN_INSTANCES", "MAX_INSTANCES"]
    build = {"DEPLOY": "true", "BUILD_ID": "b", "TRIGGER": "puntual-main", "LOCATION": "global"}
    known = {"PROJECT": "some-project", "TAG": "c0123456", "DRY_RUN": "1"}
    environment = os.environ | dict.fromkeys(names, "1") | build | known
    return gcloud_lines(succeed("python3", ".cloud", "step", step, environment=environment).stderr)


@needs_sdk
def test_the_linter_accepts_every_line(tmp_path: Path) -> None:
    lines = {target: printed(target) for target in TARGETS} | {"build": in_a_build("deploy")}
    lines["README"] = re.findall(r"^(?:.*`)?(gcloud [^`\n]*--[^`\n]*)", README, re.MULTILINE)

    assert [target for target, of_target in lines.items() if not of_target] == []
    assert "TRIGGER_NAME=puntual-main" in lines["build"][0]
    assert faults({line for of_target in lines.values() for line in of_target}, tmp_path) == {}


@needs_sdk
def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    assert {*faults(WRONG, tmp_path)} == {*WRONG}


def test_the_function_is_deployed_closed_without_traffic_and_as_an_account_of_its_own() -> None:
    (line,) = (line for line in printed("deploy PUBLIC=true") if "run deploy" in line)

    assert {
        "--no-traffic",
        "--tag=c0123456",
        "--cpu-boost",
        "--service-account=puntual@some-project.iam.gserviceaccount.com",
    } <= {*line.split()}
    assert "allow-unauthenticated" not in line  # a deployment leaves access alone


def test_only_a_public_service_is_opened() -> None:
    opened = [line for line in printed("bootstrap PUBLIC=true") if "allUsers" in line]
    closed = [line for line in printed("bootstrap") if "allUsers" in line]

    assert ["add-iam-policy-binding" in line for line in opened] == [True]
    assert ["remove-iam-policy-binding" in line for line in closed] == [True]


def test_the_readme_lists_the_roles_that_each_account_gets() -> None:
    bound = re.compile(r"--member=serviceAccount:([\w-]+)@\S+ --role=(roles/[\w.]+)")
    found = [bound.search(line) for line in printed("bootstrap")]
    listed = re.findall(r"^\| `([\w-]+)` \| `(roles/[\w.]+)`", README, re.MULTILINE)

    assert {*listed} == {each.groups() for each in found if each}


def test_an_empty_token_asks_nobody(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    url = "URL=https://puntual.example"
    ended = run("make", "evaluate", "DATA=none.csv", url, f"TOKEN_FILE={tmp_path / 'token'}")

    assert ended.returncode
    assert "Cannot call the service: the identity token is empty." in ended.stderr
    assert "evaluate --data" not in ended.stderr


@pytest.mark.parametrize(
    ("project", "message"),
    [("", "Say in which project: PROJECT=..."), ("p", "Cannot find gcloud: install it,")],
    ids=["a project", "the SDK"],
)
def test_what_is_missing_is_said(project: str, message: str) -> None:
    settings = {"PROJECT": project, "SERVICE": "puntual", "REGION": "r", "TAG": "c0", "PATH": ""}
    ended = run(sys.executable, ".cloud", "logs", environment=settings)

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(message)
