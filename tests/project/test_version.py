"""The project has one version."""

import re
import tomllib

from function.openapi import VERSION
from tests.support.paths import ROOT


def test_the_interface_the_project_and_the_changelog_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    released = re.findall(
        r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert released[0] == project == VERSION
