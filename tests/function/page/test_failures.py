"""What the page does when the service fails or is slow."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import MONTHS, Choice, explained, percent, show

PARTS = {"explain": "#result", "predict*": "#week"}  # what shows the answers of a path
STALE = re.compile(r"\bstale\b")


def share(client: TestClient, choice: Choice, month: int) -> str:
    return percent(explained(client, choice._replace(month=month)).probability)


@pytest.mark.parametrize("path", PARTS)
@pytest.mark.parametrize("break_", ["refused", "unreachable"])
def test_an_error_is_shown_until_it_is_mended(
    context: BrowserContext, origin: str, timed: Choice, break_: str, path: str
) -> None:
    def answer(route: Route) -> None:
        if break_ == "refused":
            route.fulfill(status=400, json={"error": "Expected the moon"})
        else:
            route.abort()

    page = context.new_page()
    show(page, origin + timed.fragment)
    page.route(f"**/{path}", answer)
    month = timed.month % 12 + 1
    page.get_by_label("Month").select_option(str(month))
    said = {"refused": "Expected the moon", "unreachable": "The service does not answer"}[break_]
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.locator(PARTS[path])).to_have_class(STALE)
    page.unroute(f"**/{path}")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".stale")).to_have_count(0)
    expect(page.locator("#reasons")).to_contain_text(MONTHS[month - 1])
    expect(page.locator("#week-title")).to_contain_text(MONTHS[month - 1])


def test_a_service_that_wakes_up_late_is_asked_again(
    context: BrowserContext, origin: str, client: TestClient, late: Choice
) -> None:
    page = context.new_page()
    page.route("**/model", lambda route: route.abort())
    page.goto(origin + late.fragment)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    page.unroute("**/model")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#share")).to_have_text(share(client, late, late.month))


def test_an_answer_of_before_looks_old_until_the_next_one_comes(
    page: Page, origin: str, late: Choice
) -> None:
    show(page, origin + late.fragment)
    result = page.locator("#result")
    expect(result).to_have_css("opacity", "1")
    held: list[Route] = []
    page.route("**/explain", lambda route: held.append(route))  # noqa: PLW0108  # playwright marks it
    page.get_by_label("Month").select_option(str(late.month % 12 + 1))
    expect(result).to_have_css("opacity", "0.45")
    held[0].continue_()
    expect(result).to_have_css("opacity", "1")
    expect(page.locator(".stale")).to_have_count(0)


def test_the_last_choice_wins_however_late_the_answers_come(
    page: Page, origin: str, client: TestClient, late: Choice
) -> None:
    show(page, origin + late.fragment)
    held: list[Route] = []
    page.route("**/explain", lambda route: held.append(route))  # noqa: PLW0108  # playwright marks it
    for month in ["May", "December"]:
        page.get_by_label("Month").select_option(month)
    while len(held) < 2:
        page.wait_for_timeout(10)
    for route in reversed(held):
        with page.expect_response("**/explain") as answer:
            route.continue_()
        answer.value.finished()
        page.wait_for_timeout(100)  # for what an answer out of turn could do
        expect(page.locator("#share")).to_have_text(share(client, late, 12))


def test_the_last_week_wins_however_late_the_answers_come(
    page: Page, origin: str, timed: Choice
) -> None:
    show(page, origin + timed.fragment)
    held: list[Route] = []
    page.route("**/predict*", lambda route: held.append(route))  # noqa: PLW0108  # playwright marks it
    for day in ["2", "5"]:  # two years at other times
        page.get_by_label("Weekday").select_option(day)
    while len(held) < 2:
        page.wait_for_timeout(10)
    for route in reversed(held):
        with page.expect_response("**/predict*") as answer:
            route.continue_()
        answer.value.finished()
        page.wait_for_timeout(100)
        expect(page.locator("#year-title")).to_contain_text("Friday")
