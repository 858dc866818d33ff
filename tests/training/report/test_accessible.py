"""The page breaks no rule of axe, and fits the window, narrow and wide, by day and by night."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from training.project import ARTIFACTS
from training.report.page import PAGE


@pytest.mark.parametrize("width", [360, 1300])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(browser: Browser, width: int, scheme: Literal["light", "dark"]) -> None:
    with browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        page.goto((ARTIFACTS / PAGE).as_uri())
        page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width
