"""A client of the function that is deployed at PUNTUAL_URL, or of the package on this machine."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.deployed.asking import Deployed
from tests.deployed.packaged import start
from tests.support.paths import ROOT
from tests.support.servers import end


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if url := os.environ.get("PUNTUAL_URL"):
        yield url
        return
    package = tmp_path_factory.mktemp("packaged") / "function"
    shutil.copytree(ROOT / ".build/function", package)
    framework = ROOT / ".build/runtime/bin/functions-framework"
    process, url = start(framework, package, {"FUNCTION_USE_ASGI": "1"})
    yield url
    end(process)


@pytest.fixture(scope="session")
def deployed(address: str) -> Deployed:
    return Deployed(address, os.environ.get("PUNTUAL_TOKEN"))
