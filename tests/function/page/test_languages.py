"""English and Spanish."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.function.page.browsing import Choice, address, show


def test_it_speaks_spanish_to_who_does(browser: Browser, origin: str, busiest: Choice) -> None:
    with browser.new_context(locale="es-CL") as context:
        page = context.new_page()
        show(page, origin + busiest._replace(month=7).fragment)
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.get_by_label("Aerolínea", exact=True)).to_have_value(busiest.airline)
        expect(page.get_by_label("Mes")).to_contain_text("julio")
        assert "lang" not in address(page)
        page.get_by_role("button", name="English").click()
        expect(page.get_by_label("Month")).to_contain_text("July")
        expect(page.locator("#year [aria-selected=true]")).to_have_accessible_name(
            re.compile(", July: ")
        )
        assert address(page)["lang"] == "en"


def test_it_says_the_time_in_spanish(page: Page, origin: str, timed: Choice) -> None:
    show(page, f"{origin}/{timed._replace(day=3, hour=19).fragment}&lang=es")
    expect(page.get_by_label("Día", exact=True)).to_contain_text("miércoles")
    expect(page.locator("#year-title")).to_contain_text("miércoles 19:00")
    expect(page.locator("#reasons")).to_contain_text("Día miércoles")
    expect(page.locator("#memory")).to_contain_text("En cualquier horario vio")
    expect(page.locator("#about")).to_contain_text("el día y la hora")


def test_both_languages_have_the_same_words(page: Page, origin: str) -> None:
    page.goto(origin)
    english, spanish = page.evaluate("Object.values(WORDS).map(words => Object.keys(words))")
    assert english == spanish
