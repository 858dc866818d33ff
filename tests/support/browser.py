"""One browser for all tests of a process: Playwright cannot be started twice in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALONE: Final = [  # the browser starts with nothing to say to anybody but the page
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """Open the machine's chromium, without a window."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # most tests need none

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ALONE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium on this machine")
    with open_browser() as browser:
        yield browser
