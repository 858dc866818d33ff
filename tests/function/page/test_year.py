"""The year of all airlines: one row each, one column a month."""

import re
from collections import Counter
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import MONTHS, Choice, address, predicted, show


def cell_of(choice: Choice) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(choice.airline)}, {MONTHS[choice.month - 1]}: ")


def flying(seen: dict[Choice, int], type_: str) -> list[str]:
    """Return the airlines that fly this type, the busiest first."""
    flights = Counter[str]()
    for choice, count in seen.items():
        flights[choice.airline] += count if choice.type == type_ else 0
    return sorted(+flights, key=lambda airline: (-flights[airline], airline))


def test_it_shows_the_airlines_that_fly_the_type(
    page: Page, origin: str, client: TestClient, seen: dict[Choice, int], busiest: Choice
) -> None:
    show(page, origin + busiest.fragment)
    cells = page.locator("#year [role=gridcell]").evaluate_all(
        "cells => cells.map(cell => [cell.dataset.airline, cell.dataset.month, cell.innerText])"
    )
    year = [busiest._replace(airline=a, month=int(month)) for a, month, _ in cells]
    assert list(dict.fromkeys(choice.airline for choice in year)) == flying(seen, busiest.type)
    expected = [f"{100 * probability:.0f}" for probability, _ in predicted(client, year)]
    assert [text for _, _, text in cells] == expected


def test_each_map_is_filled_by_one_request(page: Page, origin: str, timed: Choice) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    show(page, origin + timed.fragment)
    assert asked.count("/predict") == 2


def test_a_click_chooses_its_flight(page: Page, origin: str, late: Choice, busiest: Choice) -> None:
    show(page, origin + busiest._replace(type=late.type).fragment)
    cell = page.locator("#year").get_by_role("gridcell", name=cell_of(late))
    cell.click()
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(page.locator("#year [aria-selected=true]")).to_have_count(1)
    expect(page.get_by_label("Airline", exact=True)).to_have_value(late.airline)
    expect(page.locator("#share")).to_have_text(f"{cell.inner_text()}%")
    assert address(page)["month"] == str(late.month)


def test_it_is_of_the_chosen_time_and_says_so(
    page: Page, origin: str, client: TestClient, timed: Choice
) -> None:
    show(page, origin + timed._replace(day=None, hour=None).fragment)
    expect(page.locator("#year-title")).to_contain_text(", any time")
    show(page, origin + timed.fragment)
    expect(page.locator("#year-title")).to_contain_text(f", {timed.time_name}")
    for month in (1, timed.month, 12):
        choice = timed._replace(month=month)
        cell = page.locator("#year").get_by_role("gridcell", name=cell_of(choice))
        ((probability, _),) = predicted(client, [choice])
        expect(cell).to_have_text(f"{100 * probability:.0f}")
    selected = page.locator("#year [aria-selected=true]")
    expect(page.locator("#share")).to_have_text(f"{selected.inner_text()}%")


def test_unseen_cells_look_different_and_say_so(
    page: Page, origin: str, seen: dict[Choice, int], unseen: Choice
) -> None:
    show(page, origin + unseen.fragment)
    cells = page.locator("#year")
    fresh = cells.get_by_role("gridcell", name=cell_of(unseen))
    known = cells.get_by_role(
        "gridcell",
        name=cell_of(next(c for c, n in seen.items() if n and c.type == unseen.type)),
    )
    expect(fresh).to_have_accessible_name(re.compile("never seen in training"))
    expect(known).not_to_have_accessible_name(re.compile("never seen in training"))
    expect(fresh).to_have_css("background-image", re.compile("gradient"))
    expect(known).to_have_css("background-image", "none")


def test_airlines_that_never_flew_the_type_are_shown_on_demand(
    page: Page, origin: str, seen: dict[Choice, int], unseen: Choice
) -> None:
    flown = next(c for c, n in seen.items() if n and c.type == unseen.type)
    show(page, origin + flown.fragment)
    cell = page.locator("#year").get_by_role("gridcell", name=cell_of(unseen))
    expect(cell).to_have_count(0)
    hidden = len({c.airline for c in seen}) - len(flying(seen, flown.type))
    page.get_by_role("button", name=f"Show {hidden} airlines without").click()
    expect(page.get_by_role("button", name="Show fewer airlines")).to_be_focused()
    cell.click()
    expect(page.locator("#memory")).to_contain_text("A guess")
    page.get_by_role("button", name="Show fewer airlines").click()
    expect(page.get_by_role("button", name=f"Show {hidden - 1} airlines without")).to_be_focused()
    expect(cell).to_be_visible()  # the chosen flight stays
