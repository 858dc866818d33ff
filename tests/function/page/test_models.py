"""The page of other airports' models: no times, one type, other names."""

import pytest
from playwright.sync_api import Page, expect

from tests.function.page.browsing import show
from tests.function.page.made_up import Service, categories


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
