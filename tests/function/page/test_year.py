"""The year of all airlines: one row each, one column a month."""

import json
import re

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import MONTHS, Choice, address, predicted, show


def cell_of(choice: Choice) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(choice.airline)}, {MONTHS[choice.month - 1]}: ")


def flying(seen: dict[Choice, int], choice: Choice) -> set[str]:
    """Return the airlines that fly the type of this choice."""
    return {c.airline for c, flights in seen.items() if flights and c.type == choice.type}


def test_it_shows_the_airlines_that_fly_the_type(
    page: Page, origin: str, client: TestClient, seen: dict[Choice, int], late: Choice
) -> None:
    asked: list[int] = []
    page.on(
        "request",
        lambda request: (
            asked.append(len(json.loads(request.post_data or "")["flights"]))
            if "/predict" in request.url
            else None
        ),
    )
    show(page, origin + late.fragment)
    cells = page.locator("#year [role=gridcell]").all()
    airlines = [str(cell.get_attribute("data-airline")) for cell in cells]
    assert set(airlines) == flying(seen, late)
    assert len(cells) in asked
    assert len(asked) <= 2  # the year at once, and the week
    for cell in cells[::37]:
        month = int(str(cell.get_attribute("data-month")))
        choice = late._replace(airline=str(cell.get_attribute("data-airline")), month=month)
        ((probability, _),) = predicted(client, [choice])
        expect(cell).to_have_text(f"{100 * probability:.0f}")


def test_the_busiest_airline_comes_first(page: Page, origin: str, busiest: Choice) -> None:
    show(page, origin + busiest.fragment)
    rows = page.locator("#year small").all_inner_texts()
    flights = [int(re.sub(r"\D", "", text)) for text in rows]
    assert flights == sorted(flights, reverse=True)


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
    hidden = len({c.airline for c in seen}) - len(flying(seen, flown))
    page.get_by_role("button", name=f"Show {hidden} airlines without").click()
    expect(page.get_by_role("button", name="Show fewer airlines")).to_be_focused()
    cell.click()
    expect(page.locator("#memory")).to_contain_text("A guess")
    page.get_by_role("button", name="Show fewer airlines").click()
    expect(page.get_by_role("button", name=f"Show {hidden - 1} airlines without")).to_be_focused()
    expect(cell).to_be_visible()  # the chosen flight stays
