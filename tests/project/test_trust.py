"""What ships is locked, listed and licensed, and is no more than what was asked for."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.commands import succeed
from tests.support.paths import ROOT

LOCKS: Final = [
    path
    for folder in (".setup", "function", "training", "tests")
    for path in sorted((ROOT / folder).rglob("requirements.txt"))
]
# As packages declare them; each lets us ship them with a notice.
LICENCES: Final = re.compile(
    r"(License :: OSI Approved :: )?"
    r"(0BSD|Apache-2\.0|Apache Software License|BSD|BSD License|BSD-[23]-Clause|CC0-1\.0|MIT|"
    r"MIT License|PSF-2\.0|Python Software Foundation License|Zlib)"
)
UNDECLARED: Final = {"protobuf": "BSD-3-Clause"}  # its LICENSE says so, its metadata does not


def locked(path: Path) -> dict[str, str]:
    """Return the version of each package that a lock holds."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", path.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def bill() -> Any:  # noqa: ANN401  # JSON
    succeed("make", "sbom")
    return json.loads((ROOT / ".build" / "function.cdx.json").read_text())


@pytest.mark.alone  # `make sbom` writes one file
def test_the_bill_lists_what_is_locked_and_no_more(bill: Any) -> None:  # noqa: ANN401
    listed = {
        re.sub(r"[_.]", "-", component["name"].lower()): component["version"]
        for component in bill["components"]
    }
    assert listed == locked(ROOT / "function" / "requirements.txt")


@pytest.mark.alone  # `make sbom` writes one file
def test_the_bill_is_the_same_each_time(bill: Any) -> None:  # noqa: ANN401
    assert "serialNumber" not in bill
    assert "timestamp" not in bill["metadata"]
    assert str(ROOT) not in json.dumps(bill)
    succeed("make", "sbom")
    assert json.loads((ROOT / ".build" / "function.cdx.json").read_text()) == bill


@pytest.mark.alone  # `make sbom` writes one file
def test_everything_that_ships_is_under_a_permissive_licence(bill: Any) -> None:  # noqa: ANN401
    for component in bill["components"]:
        licences = [*_licences(component)]
        assert licences, component["name"]
        for licence in licences:
            for part in re.split(r" AND | OR ", licence):
                assert LICENCES.fullmatch(part), f"{component['name']}: {part}"


def _licences(component: Any) -> Iterator[str]:  # noqa: ANN401
    for choice in component.get("licenses", []):
        licence = choice.get("license", {})
        yield choice.get("expression") or licence.get("id") or licence["name"]
    if component["name"] in UNDECLARED:
        yield UNDECLARED[component["name"]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_a_lock_has_a_digest_for_each_package_and_names_no_host(lock: Path) -> None:
    text = lock.read_text()
    pinned = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(pinned) == len(locked(lock)) > 0
    assert all(" --hash=sha256:" in package for package in pinned)
    assert "://" not in text
    assert "--index" not in text


def test_what_is_trained_and_fuzzed_with_is_what_ships() -> None:
    function = locked(ROOT / "function" / "requirements.txt")
    for folder in ("training", "tests/fuzz"):
        assert function.items() <= locked(ROOT / folder / "requirements.txt").items()


def test_the_function_asks_for_few_packages_and_none_of_those_that_train() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    training = {name for name in groups["training"] if isinstance(name, str)}
    training.remove("jinja2")  # Flask's, and so the framework's, too
    assert not training & {*locked(ROOT / "function" / "requirements.txt")}
    assert len(groups["function"]) <= 6
