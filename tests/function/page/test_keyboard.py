"""All that the mouse does, the keyboard does."""

import re

from playwright.sync_api import Page, expect

from tests.function.page.browsing import MONTHS, Choice, show, type_name


def test_it_walks_the_year(page: Page, origin: str, late: Choice, seen: dict[Choice, int]) -> None:
    flown = {c.airline: 0 for c, n in seen.items() if n and c.type == late.type}
    for choice, flights in seen.items():
        if choice.type == late.type and choice.airline in flown:
            flown[choice.airline] += flights
    show(page, origin + late.fragment)
    page.locator("#year [tabindex='0']").focus()
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("aria-selected", "true")
    for key in ["ArrowUp", "ArrowDown", "Home", "ArrowRight", "ArrowLeft", "ArrowLeft"]:
        page.keyboard.press(key)
    expect(focused).to_have_accessible_name(re.compile(", January: "))
    page.keyboard.press("Control+End")
    expect(focused).to_have_accessible_name(re.compile(f", {MONTHS[11]}: "))
    last = str(focused.get_attribute("data-airline"))
    assert flown[last] == min(flown.values())
    page.keyboard.press("Enter")
    expect(page.get_by_label("Airline", exact=True)).to_have_value(last)
    expect(focused).to_have_attribute("aria-selected", "true")


def test_it_walks_the_week(page: Page, origin: str, busiest: Choice, timed: Choice) -> None:
    assert timed.day is not None
    show(page, origin + busiest.fragment)
    expect(page.locator("#week [tabindex='0']")).to_have_count(1)
    page.get_by_role("button", name="Any time").focus()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_accessible_name(re.compile("^Monday 00:00"))
    downwards = [*["ArrowDown"] * 4, *["ArrowUp"] * 3]
    for key in ["ArrowUp", "ArrowLeft", *downwards, "End", "ArrowLeft"]:
        page.keyboard.press(key)
    expect(focused).to_have_accessible_name(re.compile("^Tuesday 22:00"))
    page.keyboard.press(" ")
    expect(page.get_by_label("Weekday")).to_have_value("2")
    expect(page.get_by_label("Hour")).to_have_value("22")
    expect(focused).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Control+Home")
    expect(focused).to_have_accessible_name(re.compile("^Monday 00:00"))
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("data-airline", busiest.airline)


def test_tab_reaches_the_day_that_half_a_time_names(page: Page, origin: str, timed: Choice) -> None:
    show(page, origin + timed._replace(hour=None, day=3).fragment)
    expect(page.locator("#week [tabindex='0']")).to_have_accessible_name(re.compile("^Wednesday"))


def test_it_keeps_the_radio_that_it_changes(page: Page, origin: str, unseen: Choice) -> None:
    show(page, origin + unseen.fragment)
    page.get_by_role("radio", name=type_name(unseen.type), exact=True).focus()
    page.keyboard.press("ArrowRight")
    focused = page.locator(":focus")
    expect(focused).to_be_checked()
    expect(focused).not_to_have_value(unseen.type)
