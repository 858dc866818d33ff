"""How the tests of the page reach it: a server, and the flights to choose."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import uvicorn
from playwright.sync_api import Page, ViewportSize, expect
from starlette.testclient import TestClient

from function.explain import Explanation, FlightExplanation

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}

TYPES: Final = {"I": "International", "N": "National"}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Choice(NamedTuple):
    """A flight as the page chooses it; without a day and an hour it is untimed."""

    airline: str
    type: str
    month: int
    day: int | None = None  # 1, Monday, to 7
    hour: int | None = None
    late: int | None = None  # of the last 20 flights

    @property
    def fragment(self) -> str:
        """The end of the page's address that chooses this flight."""
        given = {name: value for name, value in self._asdict().items() if value is not None}
        return f"#{urlencode(given)}"

    @property
    def flight(self) -> dict[str, object]:
        """The flight in a request, in a year that the page does not use."""
        flight: dict[str, object] = {
            "OPERA": self.airline,
            "TIPOVUELO": self.type,
            "MES": self.month,
        }
        if self.day is not None and self.hour is not None:
            day = date(2020, self.month, 1)
            while day.isoweekday() != self.day:
                day += timedelta(1)
            flight["Fecha-I"] = f"{day}T{self.hour:02}:30"
            if self.late is not None:
                flight["HOY"] = self.late / 20
        return flight

    @property
    def time_name(self) -> str:
        """The day and hour in English."""
        assert self.day is not None
        return f"{DAYS[self.day - 1]} {hour_name(self.hour)}"


def hour_name(hour: int | None) -> str:
    return f"{hour:02}:00\N{EN DASH}{hour:02}:59"


def type_name(name: str) -> str:
    return TYPES.get(name, name)


def explained(client: TestClient, choice: Choice) -> FlightExplanation:
    response = client.post("/explain", json={"flights": [choice.flight]})
    return msgspec.json.decode(response.content, type=Explanation).explanations[0]


def predicted(client: TestClient, choices: list[Choice]) -> list[tuple[float, int]]:
    """Return the probability of each choice, and how many such flights training saw."""
    body = {"flights": [choice.flight for choice in choices]}
    answer = client.post("/predict?probability=true&training=true", json=body).json()
    seen = [training["flights"] for training in answer["training"]]
    return list(zip(answer["probability"], seen, strict=True))


def percent(probability: float) -> str:
    return f"{100 * probability:.0f}%"


@contextmanager
def serve(app: Any) -> Iterator[str]:  # noqa: ANN401  # any ASGI application
    """Serve the function on a free port of this machine, and give its origin."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


def show(page: Page, address: str) -> None:
    """Open an address and wait until all of the page is there."""
    page.goto(address)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#year")).to_be_visible()
    if page.locator("#day").is_visible():
        expect(page.locator("#week")).to_be_visible()


def address(page: Page) -> dict[str, str]:
    """Return the choice that the page's address holds."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment).items()}
