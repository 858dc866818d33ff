"""The page in a browser, and flights of the model at hand."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.testclient import TestClient

from tests.function.page.browsing import WIDE, Choice, predicted, serve


@pytest.fixture(scope="session")
def origin(client: TestClient) -> Iterator[str]:
    with serve(client.app) as origin:
        yield origin


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport=WIDE, locale="en-US") as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, origin: str) -> Iterator[Page]:
    """Return a page that asks nothing of other hosts, and has nothing to complain of."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    yield page
    own = (f"{origin}/", "data:")
    assert [complaint for complaint in complaints if not complaint.startswith(own)] == []


@pytest.fixture(scope="session")
def model(client: TestClient) -> Any:  # noqa: ANN401  # JSON
    return client.get("/model").json()


@pytest.fixture(scope="session")
def seen(model: Any) -> dict[Choice, int]:  # noqa: ANN401
    """Return how many flights training saw of each airline, type and month, the most first."""
    known = model["categories"]
    flights = {cell: flights for cell, flights, _ in model["training_counts"]}
    names = (
        Choice(airline, type_, month)
        for airline in known["OPERA"]
        for type_ in known["TIPOVUELO"]
        for month in known["MES"]
    )
    counts = {choice: flights.get(cell, 0) for cell, choice in enumerate(names)}
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


@pytest.fixture(scope="session")
def busiest(seen: dict[Choice, int]) -> Choice:
    """Return the airline, type and month of which training saw the most flights."""
    return next(iter(seen))


@pytest.fixture(scope="session")
def late(client: TestClient, seen: dict[Choice, int]) -> Choice:
    """Return the untimed flight that is the most probable to be late, of those that fly."""
    flown = [choice for choice, flights in seen.items() if flights]
    return max(zip(predicted(client, flown), flown, strict=True))[1]


@pytest.fixture(scope="session")
def unseen(seen: dict[Choice, int]) -> Choice:
    """Return a flight whose airline never flies its type."""
    flying = {(choice.airline, choice.type) for choice, flights in seen.items() if flights}
    never = [choice for choice in seen if (choice.airline, choice.type) not in flying]
    if not never:
        pytest.skip("every airline of this model flies every type")
    return never[len(never) // 2]


@pytest.fixture(scope="session")
def timed(model: Any, client: TestClient, busiest: Choice) -> Choice:  # noqa: ANN401
    """Return the busiest flight at the time that makes it most probable to be late."""
    if len(model["categories"]["HORA"]) == 1:
        pytest.skip("this model knows no scheduled times")
    week = [busiest._replace(day=day, hour=hour) for day in range(1, 8) for hour in range(24)]
    asked = zip(predicted(client, week), week, strict=True)
    return max((probability, choice) for (probability, flights), choice in asked if flights)[1]


@pytest.fixture(scope="session")
def today(model: Any, timed: Choice) -> Choice:  # noqa: ANN401
    """Return the timed flight on a day on which 12 of the last 20 left late."""
    if len(model["categories"]["HOY"]) == 1:
        pytest.skip("this model does not know the day so far")
    return timed._replace(late=12)
