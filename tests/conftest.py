"""What several tests stand on."""

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from functions_framework.aio import create_asgi_app
from starlette.testclient import TestClient

from function.metadata import WEEKDAYS
from tests.support.paths import ROOT
from tests.support.wire import Served, serve
from training.flights.counts import Counts
from training.flights.reading import read
from training.flights.split import SPLITS
from training.model import DelayModel
from training.project import ARTIFACTS

pytest_plugins = ["tests.support.browser", "tests.support.levels"]


@pytest.fixture(scope="session")
def raw_flights() -> Path:
    """Return the table of 68,206 flights, which is not part of the project."""
    path = os.environ.get("PUNTUAL_FLIGHTS")
    if path is None:
        pytest.skip("PUNTUAL_FLIGHTS does not name the table of flights")
    return Path(path)


@pytest.fixture(scope="session")
def santiago() -> Counts:
    """Return the counts that the project embeds."""
    return read(ROOT / "data" / "scl_2017.csv")


@pytest.fixture(scope="session")
def elsewhere() -> Counts:
    """Return the counts of an airport that does not exist: other airlines, seven months."""
    rng = np.random.default_rng(7)
    airlines = ["Ñandú Air", "Aéro 'Sud' \"Ouest\"", "zephyr, Ltd", "全日本空輸"]
    cells = itertools.product(airlines, "IN", [1, 2, 3, 5, 8, 11, 12], SPLITS)
    table = pd.DataFrame(cells, columns=["OPERA", "TIPOVUELO", "MES", "split"])
    table["flights"] = rng.integers(0, 400, len(table))
    table["delayed"] = rng.binomial(table["flights"], rng.uniform(0.05, 0.5, len(table)))
    return Counts.from_table(table)


@pytest.fixture(scope="session")
def elsewhere_timed(elsewhere: Counts) -> Counts:
    """Return the same counts at five hours and seven weekdays, and some without a time."""
    rng = np.random.default_rng(8)
    hours, days = [-1, 0, 6, 12, 23], list(WEEKDAYS)
    table = elsewhere.table.loc[elsewhere.table.index.repeat(6)].reset_index(drop=True)
    table["HORA"] = rng.choice(hours, len(table))
    table["DIANOM"] = np.where(table["HORA"] < 0, "", rng.choice(days, len(table)))
    return Counts.from_table(table)


@pytest.fixture(scope="session")
def dated() -> Counts:
    """Return the counts of 23 weeks, some flights without a day so far, bad weeks among them."""
    rng = np.random.default_rng(11)
    size = 3_000
    week = rng.integers(2_450, 2_473, size)
    storm = rng.uniform(0, 0.5, 23)[week - 2_450]
    day = np.clip(np.round(14 * storm + rng.normal(0, 1, size)), 0, 7).astype(np.int64)
    table = pd.DataFrame(
        {
            "OPERA": rng.choice(["Ñandú Air", "zephyr, Ltd"], size),
            "TIPOVUELO": rng.choice(["I", "N"], size),
            "MES": 1 + (week - 2_450) // 6,
            "HORA": rng.choice([6, 12, 18], size),
            "DIANOM": rng.choice(WEEKDAYS, size),
            "HOY": np.where(rng.random(size) < 0.1, -1, day),
            "week": week,
            "flights": rng.integers(1, 4, size),
        }
    )
    rate = np.clip(storm + table["HORA"] / 90, 0, 1)
    return Counts.from_table(table.assign(delayed=rng.binomial(table["flights"], rate)))


@pytest.fixture(scope="session")
def oracle() -> DelayModel:
    """Return the XGBoost model that the committed graphs came from."""
    return DelayModel(None, store=ARTIFACTS / "booster.ubj")


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """Return a client of the function as the framework serves it, in this process."""
    app = create_asgi_app("predict", str(ROOT / "function" / "main.py"))
    app.state.main = sys.modules["main"]  # which the next app takes the place of
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def main(client: TestClient) -> ModuleType:
    """Return the module `main` that the client asks."""
    module: ModuleType = client.app.state.main  # type: ignore[attr-defined]
    return module


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """Serve the package in a process of its own, which must outlive all that tests send to it."""
    with serve() as served:
        yield served
        assert served.ask().status == 200
        assert served.output() == ""
