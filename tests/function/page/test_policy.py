"""What the page may do, and that its bytes and its policy belong together."""

import base64
import hashlib
import re

import pytest
from playwright.sync_api import BrowserContext
from starlette.testclient import TestClient

from function.page import page as served
from function.page import render
from tests.function.page.browsing import show
from tests.support.paths import ROOT

SOURCE = (ROOT / "function" / "page.html").read_bytes()


def test_a_browser_and_curl_get_the_page(client: TestClient) -> None:
    for accept in ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*"]:
        response = client.get("/", headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"], ids=["windows", "old-mac", "unix"])
def test_the_line_ends_of_a_checkout_change_nothing(end: bytes) -> None:
    unix = re.sub(rb"\r\n?", b"\n", SOURCE)
    rendered = render(unix.replace(b"\n", end))
    assert rendered.html == unix
    assert rendered == served()


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_the_bytes_that_are_served(client: TestClient, tag: str) -> None:
    response = client.get("/")
    ((text,),) = [re.findall(rf"<{tag}>(.*?)</{tag}>".encode(), response.content, re.DOTALL)]
    digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_policy_allows_nothing_else(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = dict(entry.split(" ", 1) for entry in headers["Content-Security-Policy"].split("; "))
    assert policy.pop("style-src").startswith("'sha256-")
    assert policy.pop("script-src").startswith("'sha256-")
    assert policy == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "img-src": "data:",
    }
    assert headers["Referrer-Policy"] == "no-referrer"


def test_it_is_one_file_that_loads_nothing() -> None:
    assert not re.findall(
        rb"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](?!data:)""", SOURCE
    )
    assert not re.findall(rb"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", SOURCE)


def test_it_names_no_airport() -> None:
    assert not re.findall(rb"santiago|\bSCL\b|flights of 2017", SOURCE, re.IGNORECASE)


def test_the_policy_stops_what_is_not_of_the_page(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    show(page, origin)
    page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'),"
        " { textContent: 'window.intruded = true' }))"
    )
    assert page.evaluate("window.intruded") is None
    elsewhere = "fetch('http://127.0.0.1:9/').then(() => 'sent', error => error.name)"
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        assert page.evaluate(elsewhere) == "TypeError"
