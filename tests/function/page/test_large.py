"""The page of an airport of 1,000 airlines."""

import pytest
from playwright.sync_api import Page, expect

from tests.function.page.browsing import show
from tests.function.page.made_up import Service, categories

MOST = 5000  # flights of one request


@pytest.fixture
def large(page: Page) -> Service:
    """Return the service of 1,000 airlines, of which 10 fly abroad and 990 do not."""
    service = Service(page)
    airlines = [f"Airline {i}" for i in range(1000)]
    service.model["categories"] = categories(service, OPERA=airlines, MES=[*range(1, 13)])
    service.model["training_counts"] = [
        [(airline * 2 + (airline >= 10)) * 12 + month, 2000 - airline, 100]
        for airline in range(1000)
        for month in range(12)
    ]
    return service


def test_the_year_of_1000_airlines_comes_in_pages(page: Page, origin: str, large: Service) -> None:
    show(page, f"{origin}/#airline=Airline+10&type=N&month=1")
    expect(page.locator("#year tbody tr")).to_have_count(50)
    assert sum(map(len, large.asked)) == 50 * 12 + 7 * 24
    page.get_by_role("button", name="Show 50 more airlines").click()
    expect(page.locator("#year tbody tr")).to_have_count(100)
    assert len(large.asked[-1]) == 50 * 12  # what it has, it does not ask again
    expect(page.get_by_role("button", name="Show 50 more airlines")).to_be_focused()
    page.get_by_role("button", name="Show fewer airlines").click()
    expect(page.locator("#year tbody tr")).to_have_count(50)


def test_the_chosen_airline_is_shown_on_any_page(page: Page, origin: str, large: Service) -> None:
    show(page, f"{origin}/#airline=Airline+900&type=N&month=1")
    expect(page.locator("#year tbody tr")).to_have_count(51)
    expect(page.locator("#year tbody tr").last).to_contain_text("Airline 900")
    page.get_by_label("Airline", exact=True).select_option("Airline 60")  # the first that is hidden
    expect(page.locator("#year tbody tr").last).to_contain_text("Airline 60")
    page.get_by_role("button", name="Show 50 more airlines").click()
    expect(page.locator("#year tbody tr")).to_have_count(101)
    assert max(map(len, large.asked)) <= MOST


def test_airlines_that_fly_come_before_those_that_do_not(
    page: Page, origin: str, large: Service
) -> None:
    show(page, f"{origin}/#airline=Airline+0&type=I&month=1")
    expect(page.locator("#year tbody tr")).to_have_count(10)
    page.get_by_role("button", name="Show 50 airlines without international flights").click()
    expect(page.locator("#year tbody tr")).to_have_count(60)
    assert max(map(len, large.asked)) <= MOST


def test_a_page_does_not_mix_airlines_that_fly_and_those_that_do_not(
    page: Page, origin: str
) -> None:
    service = Service(page)
    airlines = [f"Airline {i}" for i in range(100)]
    service.model["categories"] = categories(service, OPERA=airlines)
    service.model["training_counts"] = [[airline * 2 * 3, 10, 1] for airline in range(60)]
    show(page, f"{origin}/#airline=Airline+0&type=I&month=1")
    page.get_by_role("button", name="Show 10 more airlines").click()
    expect(page.locator("#year tbody tr")).to_have_count(60)
    page.get_by_role("button", name="Show 40 airlines without international flights").click()
    expect(page.locator("#year tbody tr")).to_have_count(100)


def test_no_request_holds_more_than_5000_flights(page: Page, origin: str, large: Service) -> None:
    show(page, f"{origin}/#airline=Airline+10&type=N&month=1")
    for shown in range(100, 451, 50):
        page.get_by_role("button", name="Show 50 more airlines").click()
        expect(page.locator("#year tbody tr")).to_have_count(shown)
    before = len(large.asked)
    page.locator("#week [role=gridcell]").first.click()
    expect(page.locator("#year-title")).to_contain_text("Monday 00:00")
    # All but the chosen flight, which the week knows already.
    assert [len(flights) for flights in large.asked[before:]] == [MOST, 450 * 12 - 1 - MOST]
