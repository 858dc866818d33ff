"""A client of the function that is deployed at PUNTUAL_URL, or of the package on this machine."""

import os
from collections.abc import Iterator

import pytest

from tests.support.wire import serve
from training.release.client import Client


@pytest.fixture(scope="session")
def deployed() -> Iterator[Client]:
    if url := os.environ.get("PUNTUAL_URL"):
        yield Client(url, os.environ.get("PUNTUAL_TOKEN"))
        return
    with serve() as served:
        yield Client(served.url)
