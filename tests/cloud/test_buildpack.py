"""The package installs, compiles and starts by the steps of Google's buildpacks.

They are those of `cmd/python/uv` and `cmd/python/functions_framework` in GoogleCloudPlatform's
buildpacks; only their base image is missing, and downloads are cached.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import machines
from tests.support.commands import run, succeed
from tests.support.paths import ROOT
from tests.support.servers import free_port
from tests.support.wire import serving

UV = str(ROOT / ".build/uv/bin/uv")
CHECKED_HASH = 0b11  # PEP 552
UNCHECKED_HASH = 0b01
DEPLOYED = re.compile(r"--set-env-vars=(\S+)")


def build(*command: str, folder: Path, **environment: str) -> None:
    """Run a step of the build; skip where it needs a package index that cannot be reached."""
    ended = run(*command, folder=folder, environment=os.environ | environment)
    if "Failed to fetch" in ended.stderr:
        pytest.skip("no package index can be reached")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """Return a folder laid out as the image is: `workspace`, and an environment beside it."""
    image = ROOT / ".build/buildpack"  # not below /tmp, which the running image finds empty
    shutil.rmtree(image, ignore_errors=True)
    workspace, environment = image / "workspace", image / "layer/.venv"
    shutil.copytree(ROOT / ".build/function", workspace)
    python = str(environment / "bin/python3")
    build(UV, "venv", "--quiet", "--python", sys.executable, str(environment), folder=workspace)
    install = (UV, "pip", "install", "-r", "requirements.txt", "--reinstall", "--link-mode=copy")
    build(*install, folder=workspace, VIRTUAL_ENV=str(environment))
    compiled = ("-m", "compileall", "--invalidation-mode", "unchecked-hash", "-qq")
    build(python, *compiled, str(environment), folder=workspace)
    build(UV, "pip", "check", folder=workspace, VIRTUAL_ENV=str(environment))
    compiled = ("-m", "compileall", "-f", "-q", ".")
    build(python, *compiled, folder=workspace, SOURCE_DATE_EPOCH="1")
    yield image
    shutil.rmtree(image)


def flags(folder: Path) -> set[int]:
    """Return how the compiled files below a folder say when they are out of date."""
    files = [path for path in folder.rglob("*.pyc") if path.stat().st_size]
    return {int.from_bytes(path.read_bytes()[4:8], "little") for path in files}


def test_a_cold_start_compiles_nothing(image: Path) -> None:
    assert flags(image / "workspace") == {CHECKED_HASH}
    assert flags(image / "layer/.venv/lib") == {UNCHECKED_HASH}


def deployed_environment() -> dict[str, str]:
    """Return the variables that `make deploy` sets."""
    line = succeed("make", "deploy", "DRY_RUN=1", "PROJECT=some-project").stderr
    (found,) = DEPLOYED.findall(line)
    return dict(pair.split("=") for pair in found.split(","))


def test_it_answers_unprivileged_where_only_tmp_can_be_written(image: Path) -> None:
    command = [*machines.read_only(), *machines.unprivileged(), "functions-framework"]
    port = free_port()
    launched = {
        "PATH": f"{image}/layer/.venv/bin:{os.environ['PATH']}",
        "HOME": "/home",
        "PORT": str(port),
        "FUNCTION_TARGET": "predict",
        "FUNCTION_SIGNATURE_TYPE": "http",
        **deployed_environment(),
    }
    with serving(command, port, environment=launched, folder=image / "workspace") as served:
        assert served.stop() == 0
        assert served.output() == ""
