"""The page for everybody: the rules of axe, and a screen of any width."""

from collections.abc import Iterator
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tests.function.page.browsing import Choice, show

SIZES: Final[dict[str, ViewportSize]] = {
    "narrow": {"width": 360, "height": 800},
    "tablet": {"width": 1024, "height": 768},
    "wide": {"width": 1600, "height": 1000},
}
VIEWS: Final = [
    ("narrow", "light", "today"),
    ("narrow", "dark", "unseen"),
    ("tablet", "light", "late"),
    ("tablet", "dark", "today"),
    ("wide", "light", "unseen"),
    ("wide", "dark", "timed"),
]
# Cells whose text is wider than they are. On a phone the names of months may be, which have labels.
CUT: Final = """
    [...document.querySelectorAll(innerWidth < 640 ? "td" : "td, th")]
        .filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.outerHTML)
"""


@pytest.fixture(params=VIEWS, ids="-".join)
def view(request: pytest.FixtureRequest, browser: Browser, origin: str) -> Iterator[Page]:
    width, scheme, name = request.param
    choice: Choice = request.getfixturevalue(name)
    with browser.new_context(viewport=SIZES[width], color_scheme=scheme, locale="es-CL") as context:
        page = context.new_page()
        show(page, origin + choice.fragment)
        yield page


def test_it_is_accessible_and_fits(view: Page) -> None:
    results = Axe().run(view)
    assert results.violations_count == 0, results.generate_report()
    assert view.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert view.evaluate(CUT) == []
