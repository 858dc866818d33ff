"""The page of other airports' models, whose service is made up here."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.function.page.browsing import show

MOST = 5000  # flights of one request


class Service:
    """Answers for a made-up model, as the function does, and keeps what it was asked."""

    def __init__(self, page: Page, **changes: object) -> None:
        self.asked: list[list[dict[str, Any]]] = []
        self.model: dict[str, Any] = {
            "model_version": "made up",
            "place": None,
            "period": None,
            "threshold": 0.2,
            "categories": {
                "OPERA": ["Ñandú Air", "Sud & Ouest"],
                "TIPOVUELO": ["I", "N"],
                "MES": [1, 2, 3],
                "HORA": [*range(-1, 24)],
                "DIANOM": ["", *"1234567"],
            },
            "training_counts": [[0, 100, 20], [5, 50, 10]],
        } | changes
        page.route("**/model", lambda route: route.fulfill(json=self.model))
        page.route("**/predict*", self._predict)
        page.route("**/explain", self._explain)

    def _predict(self, route: Route) -> None:
        assert urlsplit(route.request.url).query == "probability=true&training=true"
        flights = json.loads(route.request.post_data or "")["flights"]
        self.asked.append(flights)
        training = {"flights": 1, "delayed": 0, "delay_rate": 0.0}
        answer = {
            "predict": [0] * len(flights),
            "probability": [flight["MES"] / 100 for flight in flights],
            "training": [training] * len(flights),
        }
        route.fulfill(json=answer)

    def _explain(self, route: Route) -> None:
        ((flight,),) = json.loads(route.request.post_data or "").values()
        adds = {"OPERA": -0.01, "TIPOVUELO": 0.0, "MES": flight["MES"] / 100 - 0.19}
        training = {"flights": 10, "delayed": 1, "delay_rate": 0.1}
        reasons = {
            "predict": 0,
            "probability": flight["MES"] / 100,
            "adds": adds,
            "training": training,
        }
        if "Fecha-I" in flight:
            adds |= {"HORA": 0.0, "DIANOM": 0.0}
            reasons["training_without_time"] = training
        route.fulfill(json={"base_rate": 0.2, "explanations": [reasons]})


def categories(service: Service, **changes: object) -> dict[str, object]:
    known: dict[str, object] = service.model["categories"]
    return known | changes


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


def test_a_model_without_times_shows_no_time(page: Page, origin: str) -> None:
    service = Service(page)
    service.model["categories"] = categories(service, HORA=[-1], DIANOM=[""])
    show(page, f"{origin}/#airline=Sud+%26+Ouest&type=N&month=3&day=2&hour=5")
    expect(page.get_by_label("Weekday")).to_be_hidden()
    expect(page.get_by_label("Hour")).to_be_hidden()
    expect(page.locator("#week")).to_be_hidden()
    expect(page.get_by_role("button", name="Any time")).to_be_hidden()
    expect(page.locator("#year-title")).to_have_text("The whole year, national")
    expect(page.locator("#about")).to_contain_text("nothing of its weekday, its hour")
    assert page.url.endswith("#airline=Sud+%26+Ouest&type=N&month=3")
    assert [len(flights) for flights in service.asked] == [2 * 3]  # the year, no week
    assert not any("Fecha-I" in flight for flight in service.asked[0])


def test_a_model_of_one_type_does_not_speak_of_types(page: Page, origin: str) -> None:
    service = Service(page)
    service.model["categories"] = categories(service, TIPOVUELO=["N"])
    show(page, f"{origin}/#airline=Sud+%26+Ouest&month=3")
    expect(page.get_by_role("radio")).to_have_count(0)
    expect(page.locator("#year-title")).to_have_text("The whole year, any time")
    expect(page.locator("#week-title")).to_have_text("The week of Sud & Ouest, March")
    expect(page.locator("#about")).to_contain_text("airline and month, ")
    expect(page.locator("#reasons tr")).to_have_count(4)
    page.get_by_label("Month").select_option("February")
    expect(page.locator("#share")).to_have_text("2%")


def test_a_type_without_a_word_of_ours_is_shown_as_it_is(page: Page, origin: str) -> None:
    service = Service(page)
    service.model["categories"] = categories(service, TIPOVUELO=["charter", "toString"])
    show(page, f"{origin}/#airline=Sud+%26+Ouest&type=toString&month=3")
    expect(page.get_by_role("radio", name="toString")).to_be_checked()
    expect(page.locator("#year-title")).to_have_text("The whole year, toString, any time")


@pytest.mark.parametrize(
    ("place", "tagline"),
    [
        (None, "Will a flight leave more than 15 minutes late?"),
        ("Puerto <b>Oeste", "Will a flight at Puerto <b>Oeste leave more than 15 minutes late?"),
    ],
    ids=["unknown", "known"],
)
def test_the_place_is_the_models(page: Page, origin: str, place: str | None, tagline: str) -> None:
    Service(page, place=place)
    show(page, origin)
    expect(page.locator("#tagline")).to_have_text(tagline)


@pytest.mark.parametrize(
    ("period", "trained"),
    [
        (None, "Trained on 150 flights, model made up."),
        ("2013", "Trained on 150 flights of 2013, model made up."),
    ],
    ids=["unknown", "known"],
)
def test_the_period_is_the_models(
    page: Page, origin: str, period: str | None, trained: str
) -> None:
    Service(page, period=period)
    show(page, origin)
    expect(page.locator("#trained")).to_have_text(trained)
