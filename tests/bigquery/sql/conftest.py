"""What the tests of BigQuery's SQL stand on: Google's engine, and tables for it."""

from collections.abc import Callable, Iterator
from typing import Any

import ibis
import pytest

from .client import Client
from .zetasql import FOLDER, Rows, ZetaSQL

type Connect = Callable[[dict[str, Rows]], Client]


@pytest.fixture(scope="session")
def zetasql() -> Iterator[ZetaSQL]:
    """Return a running engine."""
    if not (FOLDER / "ready").exists():
        pytest.skip("ZetaSQL is not installed: `make .build/zetasql/ready`")
    with ZetaSQL() as engine:
        yield engine


@pytest.fixture
def connect(zetasql: ZetaSQL, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return what lets `bigquery:` addresses name some tables, on which the engine answers."""
    real = ibis.bigquery.connect

    def connect(tables: dict[str, Rows]) -> Client:
        client = Client(zetasql, tables)

        def connected(**options: Any) -> Any:  # noqa: ANN401  # Ibis ships no types
            return real(**options, client=client, storage_client=object())

        monkeypatch.setattr("ibis.bigquery.connect", connected)
        return client

    return connect
