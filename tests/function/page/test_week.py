"""The week of the chosen flight, hour by weekday."""

import re

from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import (
    DAYS,
    MONTHS,
    Choice,
    address,
    explained,
    percent,
    predicted,
    show,
)


def expect_week_of(page: Page, client: TestClient, choice: Choice) -> None:
    """Expect the chances of this flight in all hours, and the cells that training never saw."""
    week = [choice._replace(day=day, hour=hour) for day in range(1, 8) for hour in range(24)]
    asked = predicted(client, week)
    cells = page.locator("#week [role=gridcell]")
    expect(cells).to_have_text([f"{100 * probability:.0f}" for probability, _ in asked])
    shown = cells.evaluate_all(
        "cells => cells.map(({ dataset, className }) => [dataset.day, dataset.hour, className])"
    )
    assert shown == [
        [str(one.day), str(one.hour), "" if flights else "none"]
        for one, (_, flights) in zip(week, asked, strict=True)
    ]


def test_it_shows_every_hour_of_the_week(
    page: Page, origin: str, client: TestClient, timed: Choice
) -> None:
    show(page, origin + timed.fragment)
    expect_week_of(page, client, timed)


def test_it_follows_the_flight(
    page: Page, origin: str, client: TestClient, timed: Choice, late: Choice
) -> None:
    show(page, origin + timed.fragment)
    page.get_by_label("Airline", exact=True).select_option(late.airline)
    month = timed.month % 12 + 1
    page.get_by_label("Month").select_option(MONTHS[month - 1])
    expect_week_of(page, client, timed._replace(airline=late.airline, month=month))


def test_its_title_names_the_flight(page: Page, origin: str, timed: Choice) -> None:
    show(page, origin + timed.fragment)
    title = page.locator("#week-title")
    expect(title).to_contain_text(f"The week of {timed.airline}, ")
    for month in (MONTHS[5], MONTHS[10]):
        page.get_by_label("Month").select_option(month)
        expect(title).to_contain_text(f", {month}")


def test_a_click_chooses_its_time(
    page: Page, origin: str, client: TestClient, busiest: Choice, timed: Choice
) -> None:
    show(page, origin + busiest.fragment)
    expect(page.locator("#week [aria-selected=true]")).to_have_count(0)
    cell = page.get_by_role("gridcell", name=f"{timed.time_name}: ")
    cell.click()
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(page.locator("#week [aria-selected=true]")).to_have_count(1)
    expect(page.get_by_label("Weekday")).to_have_value(str(timed.day))
    expect(page.get_by_label("Hour")).to_have_value(str(timed.hour))
    expect(page.locator("#share")).to_have_text(percent(explained(client, timed).probability))
    assert (address(page)["day"], address(page)["hour"]) == (str(timed.day), str(timed.hour))


def test_any_time_clears_the_time(page: Page, origin: str, timed: Choice) -> None:
    show(page, origin + timed.fragment)
    button = page.get_by_role("button", name="Any time")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Weekday")).to_have_value("")
    expect(page.get_by_label("Hour")).to_have_value("")
    expect(page.locator("#week [aria-selected=true]")).to_have_count(0)
    expect(page.locator("#reasons tr")).to_have_count(5)


def test_cells_that_training_never_saw_look_different(
    page: Page, origin: str, timed: Choice, unseen: Choice
) -> None:
    show(page, origin + timed.fragment)
    known = page.locator("#week [aria-selected=true]")
    expect(known).to_have_css("background-image", "none")
    expect(known).not_to_have_accessible_name(re.compile("never seen in training"))
    show(page, origin + unseen._replace(day=timed.day, hour=timed.hour).fragment)
    expect(page.locator("#week .none")).to_have_count(7 * 24)
    fresh = page.locator("#week [aria-selected=true]")
    expect(fresh).to_have_css("background-image", re.compile("gradient"))
    expect(fresh).to_have_accessible_name(re.compile("never seen in training"))


def test_hours_run_down_where_there_is_no_room_across(
    browser: Browser, origin: str, timed: Choice
) -> None:
    with browser.new_context(viewport={"width": 360, "height": 800}, locale="en-US") as context:
        page = context.new_page()
        show(page, origin + timed.fragment)
        head, rows = page.locator("#week thead th"), page.locator("#week tbody tr")
        expect(head).to_have_count(1 + 7)
        expect(rows).to_have_count(24)
        page.locator("#week [aria-selected=true]").focus()
        page.set_viewport_size({"width": 1600, "height": 1000})
        expect(head).to_have_count(1 + 24)
        expect(rows.locator("th")).to_have_text([*DAYS])
        focused = page.locator(":focus")
        expect(focused).to_have_accessible_name(re.compile(f"^{timed.time_name}: "))


def test_the_year_keeps_up_with_the_week(page: Page, origin: str, timed: Choice) -> None:
    show(page, origin + timed.fragment)
    page.locator("#week [data-day='1'][data-hour='6']").click()
    expect(page.locator("#year-title")).to_contain_text("Monday 06:00")
