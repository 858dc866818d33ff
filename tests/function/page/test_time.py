"""Weekday and hour, which are both chosen or neither."""

import re

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import (
    DAYS,
    MONTHS,
    Choice,
    address,
    explained,
    hour_name,
    percent,
    show,
)

HALF = "Choose both weekday and hour"


def test_a_time_sharpens_the_answer(
    page: Page, origin: str, client: TestClient, busiest: Choice, timed: Choice
) -> None:
    show(page, origin + busiest.fragment)
    assert timed.day is not None
    expect(page.locator("#share")).to_have_text(percent(explained(client, busiest).probability))
    expect(page.locator("#reasons tr")).to_have_count(5)
    page.get_by_label("Weekday").select_option(DAYS[timed.day - 1])
    page.get_by_label("Hour").select_option(hour_name(timed.hour))
    expect(page.locator("#share")).to_have_text(percent(explained(client, timed).probability))
    expect(page.locator("#reasons tr")).to_have_count(7)
    expect(page.locator("#reasons")).to_contain_text(f"Weekday {DAYS[timed.day - 1]}")
    expect(page.locator("#reasons")).to_contain_text(f"Hour {hour_name(timed.hour)}")
    expect(page.get_by_role("status")).to_contain_text(f", {timed.time_name}: ")
    assert f"#{page.url.partition('#')[2]}" == timed.fragment


def test_a_link_holds_the_time(page: Page, origin: str, client: TestClient, timed: Choice) -> None:
    show(page, origin + timed.fragment)
    expect(page.get_by_label("Weekday")).to_have_value(str(timed.day))
    expect(page.get_by_label("Hour")).to_have_value(str(timed.hour))
    expect(page.locator("#share")).to_have_text(percent(explained(client, timed).probability))


def test_training_is_told_with_the_time_and_without(
    page: Page, origin: str, client: TestClient, timed: Choice
) -> None:
    show(page, origin + timed.fragment)
    reasons = explained(client, timed)
    anytime = client.post("/explain", json={"flights": [timed._replace(day=None).flight]}).json()
    flights = anytime["explanations"][0]["training"]["flights"]
    memory = page.locator("#memory")
    expect(memory).to_contain_text(f"saw {reasons.training.flights:,} such flight")
    expect(memory).to_contain_text("at this weekday and hour")
    expect(memory).to_contain_text(f"At any time it saw {flights:,}: ")


def test_half_a_time_is_no_time_yet(
    page: Page, origin: str, client: TestClient, busiest: Choice, timed: Choice
) -> None:
    show(page, origin + busiest.fragment)
    expect(page.get_by_text(HALF).first).to_be_hidden()
    expect(page.get_by_label("Weekday")).to_have_accessible_description("")
    page.get_by_label("Hour").select_option(hour_name(timed.hour))
    expect(page.locator("#half")).to_be_visible()
    expect(page.get_by_label("Weekday")).to_have_accessible_description(re.compile(HALF))
    expect(page.get_by_role("status")).to_contain_text(HALF)
    expect(page.locator("#share")).to_have_text(percent(explained(client, busiest).probability))
    assert address(page)["hour"] == str(timed.hour)
    page.reload()
    expect(page.get_by_label("Hour")).to_have_value(str(timed.hour))
    expect(page.locator("#half")).to_be_visible()


def test_any_clears_both(page: Page, origin: str, timed: Choice) -> None:
    for label, other in [("Weekday", "Hour"), ("Hour", "Weekday")]:
        show(page, origin + timed.fragment)
        page.get_by_label(label).select_option("any")
        expect(page.get_by_label(other)).to_have_value("")
        expect(page.locator("#half")).to_be_hidden()
        expect(page.locator("#reasons tr")).to_have_count(5)
        assert not {"day", "hour"} & address(page).keys()
        page.goto("about:blank")


def test_the_time_stays_when_the_month_changes(
    page: Page, origin: str, client: TestClient, timed: Choice
) -> None:
    show(page, origin + timed.fragment)
    for month in range(1, 13):  # the first of a month is any day of the week
        page.get_by_label("Month").select_option(MONTHS[month - 1])
        reasons = explained(client, timed._replace(month=month))
        expect(page.locator("#share")).to_have_text(percent(reasons.probability))
        expect(page.locator("#reasons")).to_contain_text(MONTHS[month - 1])
        expect(page.get_by_role("alert")).to_be_hidden()


def test_it_says_what_it_knows(page: Page, origin: str, timed: Choice) -> None:
    show(page, origin + timed.fragment)
    about = page.locator("#about")
    expect(about).to_contain_text("airline, type and month, weekday and hour")
    expect(about).to_contain_text(" where they are chosen")
    expect(about).to_contain_text("nothing of the weather")
