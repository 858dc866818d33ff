"""What several tests stand on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def raw_flights() -> Path:
    """Return the table of 68,206 flights, which is not part of the project."""
    path = os.environ.get("PUNTUAL_FLIGHTS")
    if path is None:
        pytest.skip("PUNTUAL_FLIGHTS does not name the table of flights")
    return Path(path)


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """Return a client of the function as the framework serves it, in this process."""
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
