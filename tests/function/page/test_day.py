"""How today is going: of the last 20 flights, how many left late."""

import re

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import Choice, address, explained, percent, predicted, show
from tests.function.page.made_up import Service, categories

QUESTION = "How is today going?"


def test_a_bad_day_changes_the_answer(
    page: Page, origin: str, client: TestClient, timed: Choice, today: Choice
) -> None:
    show(page, origin + timed.fragment)
    control = page.get_by_label(QUESTION)
    expect(control).to_have_value("")
    expect(control).to_have_accessible_description(re.compile("up to 15 minutes ago"))
    expect(page.locator("#reasons tr")).to_have_count(7)
    control.select_option("12 of the last 20 left late")
    reasons = explained(client, today)
    assert percent(reasons.probability) != percent(explained(client, timed).probability)
    expect(page.locator("#share")).to_have_text(percent(reasons.probability))
    expect(page.locator("#reasons tr")).to_have_count(8)
    expect(page.locator("#reasons")).to_contain_text("Today 12 of the last 20 left late")
    expect(page.get_by_role("status")).to_contain_text("12 of the last 20 left late: ")
    expect(page.get_by_role("status")).not_to_contain_text("..")
    assert f"#{page.url.partition('#')[2]}" == today.fragment


def test_a_link_holds_the_day_and_the_maps_follow_it(
    page: Page, origin: str, client: TestClient, today: Choice
) -> None:
    show(page, origin + today.fragment)
    expect(page.get_by_label(QUESTION)).to_have_value("12")
    week = [today._replace(day=day, hour=hour) for day in range(1, 8) for hour in range(24)]
    texts = [f"{100 * probability:.0f}" for probability, _ in predicted(client, week)]
    expect(page.locator("#week [role=gridcell]")).to_have_text(texts)
    shown = page.locator("#year [aria-selected=true]")
    expect(shown).to_have_text(f"{100 * explained(client, today).probability:.0f}")
    for title in ("#week-title", "#year-title"):
        expect(page.locator(title)).to_contain_text("12 of the last 20 left late")


def test_it_is_chosen_by_keyboard_and_any_takes_it_back(
    page: Page, origin: str, client: TestClient, timed: Choice, today: Choice
) -> None:
    show(page, origin + timed.fragment)
    page.get_by_label(QUESTION).focus()
    page.keyboard.press("End")
    expect(page.locator("#share")).to_have_text(percent(explained(client, today).probability))
    assert address(page)["late"] == "12"
    page.keyboard.press("Home")
    expect(page.locator("#share")).to_have_text(percent(explained(client, timed).probability))
    assert "late" not in address(page)


def test_it_stays_without_a_time_and_asks_for_one(
    page: Page, origin: str, client: TestClient, busiest: Choice, today: Choice
) -> None:
    show(page, origin + busiest._replace(late=today.late).fragment)
    expect(page.get_by_label(QUESTION)).to_have_value("12")
    expect(page.locator("#share")).to_have_text(percent(explained(client, busiest).probability))
    expect(page.locator("#reasons tr")).to_have_count(5)
    expect(page.locator("#today-half")).to_be_visible()
    asks = re.compile("up to 15 minutes ago.*Choose weekday and hour too")
    expect(page.get_by_label(QUESTION)).to_have_accessible_description(asks)
    expect(page.get_by_role("status")).to_contain_text("Choose weekday and hour too")


def test_each_choice_is_a_range_of_its_own(page: Page, origin: str) -> None:
    page.goto(origin)
    edges = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6]
    late = page.evaluate("LATE")
    assert [sum(n / 20 >= edge for edge in edges) for n in late] == [*range(8)]


@pytest.mark.usefixtures("today")
def test_it_is_asked_in_spanish(page: Page, origin: str, timed: Choice) -> None:
    show(page, f"{origin}/{timed.fragment}&lang=es")
    page.get_by_label("¿Cómo va el día?").select_option("12 de los últimos 20 con atraso")
    expect(page.locator("#reasons")).to_contain_text("Hoy 12 de los últimos 20 con atraso")


def test_a_model_that_does_not_know_the_day_does_not_ask_for_it(page: Page, origin: str) -> None:
    service = Service(page)
    service.model["categories"] = categories(service, HOY=[-1])
    show(page, f"{origin}/#airline=Sud+%26+Ouest&type=N&month=3&day=2&hour=5&late=12")
    expect(page.get_by_label(QUESTION)).to_be_hidden()
    assert "late" not in address(page)
    assert not any("HOY" in flight for flights in service.asked for flight in flights)


WORSE = {"roc_auc": 0.6, "log_loss": 0.5, "brier": 0.2}
BETTER = {"roc_auc": 0.7, "log_loss": 0.4, "brier": 0.1}
MIXED = {"roc_auc": 0.8, "log_loss": 0.3, "brier": 0.2}


@pytest.mark.parametrize(
    ("timed_metrics", "day_metrics", "said"),
    [
        (BETTER, MIXED, "made the answers sharper; knowing how the day was going did not"),
        (WORSE, BETTER, "did not make the answers sharper; knowing how the day was going made"),
    ],
    ids=["the time", "the day"],
)
def test_it_says_what_makes_answers_sharper_where_all_figures_agree(
    page: Page,
    origin: str,
    timed_metrics: dict[str, float],
    day_metrics: dict[str, float],
    said: str,
) -> None:
    Service(page, metrics=WORSE, timed_metrics=timed_metrics, day_metrics=day_metrics)
    show(page, origin)
    expect(page.locator("#about")).to_contain_text(said)


def test_ranges_are_as_wide_as_weeks_vary(page: Page, origin: str) -> None:
    # Wilson's intervals of a rate of 10 % among 10 flights, and among 10 / 4.
    service = Service(page, design_effect=1)
    show(page, origin)
    expect(page.locator("#memory")).to_contain_text("(95% range 2% to 40%)")
    service.model["design_effect"] = 4
    page.reload()
    expect(page.locator("#memory")).to_contain_text("(95% range 1% to 68%)")
