"""cloudbuild.yaml is what the Cloud SDK accepts, and what Cloud Build would refuse is not in it."""

import re
from pathlib import Path

import pytest

from tests.cloud.build import load
from tests.cloud.sdk import needs_sdk
from tests.support.paths import ROOT

pytestmark = needs_sdk

CLOUDBUILD = ROOT / "cloudbuild.yaml"


def test_the_build_is_accepted() -> None:
    build = load(CLOUDBUILD)

    assert list(build.faults()) == []
    assert build.options.logging == "CLOUD_LOGGING_ONLY"  # else it may not run as our account


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("waitFor: [gate]", "waitFor: [gat]", "the step deploy waits for gat, which"),
        ("=$_MEMORY", "=$_MEMROY", "the substitution _MEMROY is not defined"),
        ("=$_MEMORY", "=1Gi", "the substitution _MEMORY is not used"),
        ("timeout: 3600s", "timeout: 60m", "the timeout 60m is no duration"),
        ("name: python:3.13.9-bookworm", "name: python:3.13", "has the unpinned image python:3.13"),
    ],
    ids=["waits for no step", "undefined", "unused", "no duration", "unpinned"],
)
def test_what_the_loader_lets_through_is_found(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "cloudbuild.yaml"
    path.write_text(CLOUDBUILD.read_text().replace(old, new))

    assert any(expected in fault for fault in load(path).faults())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("waitFor: [gate]", "waitfor: [gate]"),
        ("CLOUD_LOGGING_ONLY", "CLOUD_LOGGING"),
        ("_CANARY:", "CANARY:"),
    ],
    ids=["unknown key", "unknown value", "substitution without underscore"],
)
def test_what_the_loader_knows_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "cloudbuild.yaml"
    path.write_text(CLOUDBUILD.read_text().replace(old, new))

    with pytest.raises(ValueError, match=r"cloudbuild\.yaml|config"):
        load(path)


def test_its_defaults_are_those_of_make() -> None:
    settings = (CLOUDBUILD.parent / ".cloud/cloud.mk").read_text()
    by_make = dict(re.findall(r"^(\w+) \?= ([^$\n]+)$", settings, re.MULTILINE))
    by_build = load(CLOUDBUILD).substitutions

    del by_make["PUBLIC"]  # bootstrap opens a service, and builds leave access alone
    assert by_build == {f"_{name}": value for name, value in by_make.items()} | {"_DEPLOY": "false"}
