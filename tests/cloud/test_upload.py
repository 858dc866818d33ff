"""What ships is what the package holds, the same bytes each time, and it installs anywhere."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from tests.cloud.sdk import gcloud, needs_sdk
from tests.support.commands import run, succeed
from tests.support.paths import ROOT

LOCK = ROOT / "function/requirements.txt"
SHIPPED = {path.name for path in (ROOT / "function").glob("*.*") if path.suffix != ".md"}


def packaged(clone: Path) -> dict[str, tuple[int, int, str]]:
    """Package anew; return mode, time and fingerprint of each file."""
    succeed("make", "package", folder=clone)
    return {
        path.name: (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in (clone / ".build/function").iterdir()
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a copy of what packaging needs, whose files are younger and more private."""
    for name in ("Makefile", ".cloud", "function", "artifacts"):
        succeed("cp", "-R", ROOT / name, tmp_path)
    for path in (tmp_path / "function").glob("*.py"):
        path.chmod(0o600)
    return tmp_path


def test_it_packages_the_same_bytes_each_time(clone: Path) -> None:
    first = packaged(clone)
    for path in (clone / "function").glob("*.py"):
        path.touch()
    shutil.rmtree(clone / ".build")

    assert packaged(clone) == first
    assert {*first} == SHIPPED | {".gcloudignore"}
    assert {mode & 0o777 for mode, *_ in first.values()} == {0o644}


def test_it_leaves_the_same_package_to_the_server_that_loads_it(clone: Path) -> None:
    page, loaded = clone / ".build/function/page.html", clone / ".build/function/__pycache__"
    packaged(clone)
    loaded.mkdir()  # as a server does
    succeed("make", "package", folder=clone)
    assert loaded.exists()

    (clone / "function/page.html").write_text("another")
    packaged(clone)
    assert page.read_text() == "another"
    assert not loaded.exists()
    assert [path.name for path in (clone / ".build").iterdir()] == ["function"]


@needs_sdk
def test_nothing_else_is_uploaded(clone: Path, tmp_path: Path) -> None:
    packaged(clone)
    package = clone / ".build/function"
    for name in ("__pycache__/main.pyc", ".env", "notes.txt", ".venv/bin/python", "log"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()

    assert {*gcloud(tmp_path, "meta", "list-files-for-upload", str(package)).split()} == SHIPPED


@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_35", "aarch64-manylinux_2_35"])
def test_the_lock_installs_without_a_compiler_on(platform: str, tmp_path: Path) -> None:
    install = ("pip", "install", "--dry-run", "--only-binary", ":all:", "--require-hashes")
    target = ("--python-version", "3.13", "--python-platform", platform, "--target", tmp_path)
    ended = run(ROOT / ".build/uv/bin/uv", *install, *target, "--requirement", LOCK)

    if "Failed to fetch" in ended.stderr:
        pytest.skip("no package index can be reached")
    assert ended.returncode == 0, ended.stderr
    pins = re.findall(r"^([\w.-]+)==", LOCK.read_text(), re.MULTILINE)
    assert {*re.findall(r"^ \+ ([\w.-]+)==", ended.stderr, re.MULTILINE)} <= {*pins}
    assert "onnxruntime" in ended.stderr
