"""Every gcloud command line that a make target can run passes the Cloud SDK's own linter."""

import os
import re
import subprocess
from pathlib import Path

from tests.cloud.marks import needs_sdk
from tests.cloud.sdk import faults
from tests.support.paths import ROOT

pytestmark = needs_sdk

TARGETS = [
    "bootstrap REPO=someone/puntual",
    "bootstrap PUBLIC=true",
    "bootstrap REPOSITORY=projects/p/locations/europe-west1/connections/c/repositories/r",
    "tidy",
    "serving CALLER=puntual-caller",
    "deploy",
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


def printed(target: str, *, dry_run: str = "1") -> list[str]:
    """Return the gcloud command lines that a target prints, having run none."""
    settings = ["PROJECT=some-project", "TAG=c0123456", f"DRY_RUN={dry_run}"]
    ended = subprocess.run(
        ["make", *target.split(), *settings], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [line for line in ended.stderr.splitlines() if line.startswith("gcloud ")]


def test_the_linter_accepts_every_line(tmp_path: Path) -> None:
    lines = {target: printed(target) for target in TARGETS}
    verdicts = faults({line for of_target in lines.values() for line in of_target}, tmp_path)

    assert [target for target, of_target in lines.items() if not of_target] == []
    assert {line: found for line, found in verdicts.items() if found} == {}


def test_the_linter_accepts_what_the_readme_says(tmp_path: Path) -> None:
    readme = (ROOT / ".cloud/README.md").read_text()
    lines = re.findall(r"^(?:.*`)?(gcloud [^`\n]*--[^`\n]*)", readme, re.MULTILINE)

    assert len(lines) == 4
    assert {line: found for line, found in faults(lines, tmp_path).items() if found} == {}


def test_a_build_asks_for_newer_ones(tmp_path: Path) -> None:
    asked = {"BUILD_ID": "b", "TRIGGER": "puntual-main", "LOCATION": "global", "PROJECT": "p"}
    ended = subprocess.run(
        [ROOT / ".cloud/newest"],
        cwd=ROOT,
        env=os.environ | asked | {"DRY_RUN": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    line = ended.stderr.splitlines()[0]

    assert "puntual-main" in line
    assert faults([line], tmp_path) == {line: None}


def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = [
        "gcloud run deploy puntual --memroy=512Mi",
        "gcloud run services update-trafic puntual",
        "gcloud run deploy puntual --source=. --ingress=nobody",
        "gcloud run services update-traffic puntual --to-latest --to-tags=a=100",
        "gcloud run deploy puntual --concurrency=many",
    ]

    assert all(faults(wrong, tmp_path).values())


def test_the_function_is_deployed_closed_without_traffic_and_as_an_account_of_its_own() -> None:
    (line,) = (line for line in printed("deploy") if "run deploy" in line)

    assert {
        "--no-traffic",
        "--tag=c0123456",
        "--cpu-boost",
        "--service-account=puntual@some-project.iam.gserviceaccount.com",
    } <= {*line.split()}
    assert "ORT_DISABLE_TELEMETRY=1" in line


def test_a_deployment_leaves_access_alone() -> None:
    (line,) = (line for line in printed("deploy PUBLIC=true") if "run deploy" in line)

    assert "allow-unauthenticated" not in line


def test_only_a_public_service_is_opened() -> None:
    opened = [line for line in printed("bootstrap PUBLIC=true") if "allUsers" in line]
    closed = [line for line in printed("bootstrap") if "allUsers" in line]

    assert ["add-iam-policy-binding" in line for line in opened] == [True]
    assert ["remove-iam-policy-binding" in line for line in closed] == [True]


def test_the_account_of_the_function_gets_no_role() -> None:
    member = "--member=serviceAccount:puntual@"

    assert not [line for line in printed("bootstrap REPO=a/b") if member in line]


def test_without_a_project_it_says_so() -> None:
    ended = subprocess.run(
        ["make", "logs", "PROJECT="], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert ended.returncode
    assert "PROJECT=..." in ended.stderr
