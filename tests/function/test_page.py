"""The page, in a real browser."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)
from starlette.testclient import TestClient

from function.explain import Explanation, Reasons

ALONE = [  # the browser starts with nothing to say to anybody but the page
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MINUS = "\N{MINUS SIGN}"
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 375, "height": 800}
LATE = "#airline=Plus+Ultra+Lineas+Aereas&type=I&month=9"
UNSEEN = "#airline=Aeromexico&type=N&month=7"


@pytest.fixture(scope="module")
def origin(client: TestClient) -> Iterator[str]:
    """Serve the function on a free port of this machine, and return its origin."""
    server = uvicorn.Server(uvicorn.Config(client.app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ALONE)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport=WIDE, locale="en-US") as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, origin: str) -> Iterator[Page]:
    """Return a page that asks nothing of other hosts, and has nothing to complain of."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    yield page
    own = (f"{origin}/", "data:")
    assert [complaint for complaint in complaints if not complaint.startswith(own)] == []


def show(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#map")).to_be_visible()


def explained(client: TestClient, airline: str, kind: str, month: int) -> Reasons:
    flight = {"OPERA": airline, "TIPOVUELO": kind, "MES": month}
    response = client.post("/explain", json={"flights": [flight]})
    return msgspec.json.decode(response.content, type=Explanation).explanations[0]


def share(client: TestClient, month: int) -> str:
    """Return how the page shows the probability of the flight in LATE, in a month."""
    return f"{100 * explained(client, 'Plus Ultra Lineas Aereas', 'I', month).probability:.0f}%"


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).fragment)


def test_a_browser_and_curl_get_the_page(client: TestClient) -> None:
    for accept in ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*"]:
        response = client.get("/", headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_choice_is_explained_at_once(page: Page, origin: str, client: TestClient) -> None:
    show(page, origin)
    page.get_by_label("Airline", exact=True).select_option("Sky Airline")
    page.get_by_role("radio", name="International").check()
    page.get_by_label("Month").select_option("December")
    reasons = explained(client, "Sky Airline", "I", 12)
    expect(page.locator("#share")).to_have_text(f"{100 * reasons.probability:.0f}%")
    expect(page.locator("#status")).to_have_text("Predicted: delayed")
    expect(page.locator("#memory")).to_contain_text(f"saw {reasons.training.flights} such")
    assert address(page) == {"airline": ["Sky Airline"], "type": ["I"], "month": ["12"]}
    spoken = page.get_by_role("status")
    expect(spoken).to_contain_text("Sky Airline, International, December: ")


def test_a_link_shows_what_its_sender_saw(page: Page, origin: str) -> None:
    show(page, origin + LATE)
    expect(page.get_by_label("Airline", exact=True)).to_have_value("Plus Ultra Lineas Aereas")
    expect(page.get_by_role("radio", name="International")).to_be_checked()
    expect(page.get_by_label("Month")).to_have_value("9")
    chosen = page.locator("[aria-selected=true]")
    expect(chosen).to_have_accessible_name(re.compile("^Plus Ultra Lineas Aereas, September: "))


def test_a_link_to_what_is_unknown_shows_another_flight(page: Page, origin: str) -> None:
    show(page, f"{origin}/#airline=Nobody&type=X&month=13&lang=xx")
    assert address(page) == {"airline": ["Grupo LATAM"], "type": ["N"], "month": ["1"]}


@pytest.mark.parametrize("view", [LATE, UNSEEN], ids=["late", "unseen"])
def test_the_bars_add_up(page: Page, origin: str, client: TestClient, view: str) -> None:
    show(page, origin + view)
    shown = page.locator("#reasons td:last-child").all_inner_texts()
    base, *adds, whole = (
        float(text.removesuffix(" pts").rstrip("%").replace(MINUS, "-")) for text in shown
    )
    assert base + sum(adds) == pytest.approx(whole)
    choice = {field: values[0] for field, values in address(page).items()}
    reasons = explained(client, choice["airline"], choice["type"], int(choice["month"]))
    exact = [100 * add for add in msgspec.structs.astuple(reasons.adds)]
    assert adds == pytest.approx(exact, abs=0.11)
    ends = page.locator("#reasons .bar i").evaluate_all(
        "bars => bars.map(bar => { const { left, right } = bar.getBoundingClientRect();"
        " return [left, right]; })"
    )
    edge = ends[0][1]  # where the average flight ends, the first addition begins
    for (left, right), add in zip(ends[1:-1], adds, strict=True):
        assert edge == pytest.approx(left if add > 0 else right, abs=2.5)
        edge = right if add > 0 else left
    assert edge == pytest.approx(ends[-1][1], abs=2.5)
    left, right = page.locator("#reasons .bar").first.evaluate(
        "bar => { const { left, right } = bar.getBoundingClientRect(); return [left, right]; }"
    )
    assert all(left - 0.5 <= end <= right + 0.5 for ends_ in ends for end in ends_)


def test_a_click_on_the_map_chooses_its_flight(page: Page, origin: str) -> None:
    show(page, origin + LATE)
    cell = page.get_by_role("gridcell", name="Qantas Airways, March: ")
    cell.click()
    expect(cell).to_have_attribute("aria-selected", "true")
    expect(page.locator("[aria-selected=true]")).to_have_count(1)
    expect(page.get_by_label("Airline", exact=True)).to_have_value("Qantas Airways")
    expect(page.locator("#share")).to_have_text(f"{cell.inner_text()}%")
    assert address(page)["month"] == ["3"]


def test_the_map_is_filled_by_one_batch(page: Page, origin: str, client: TestClient) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    show(page, origin + LATE)
    expect(page.get_by_role("gridcell")).to_have_count(23 * 12)
    assert asked.count("/predict") == 1
    for cell in page.get_by_role("gridcell").all()[::37]:
        airline, month = cell.get_attribute("data-airline"), cell.get_attribute("data-month")
        reasons = explained(client, str(airline), "I", int(str(month)))
        expect(cell).to_have_text(f"{100 * reasons.probability:.0f}")


def test_unseen_cells_look_different_and_say_so(page: Page, origin: str) -> None:
    show(page, origin + LATE)
    seen = page.get_by_role("gridcell", name="Lacsa, December")
    unseen = page.get_by_role("gridcell", name="Lacsa, January")
    expect(unseen).to_have_accessible_name(re.compile("never seen in training"))
    expect(seen).not_to_have_accessible_name(re.compile("never seen in training"))
    expect(unseen).to_have_css("background-image", re.compile("gradient"))
    expect(seen).to_have_css("background-image", "none")
    unseen.click()
    expect(page.locator("#memory")).to_contain_text("Training never saw such a flight")


def test_airlines_that_never_flew_the_type_are_folded_away(page: Page, origin: str) -> None:
    show(page, f"{origin}/#airline=Sky+Airline&type=N&month=7")
    cell = page.get_by_role("gridcell", name="Aeromexico, July: ")
    expect(cell).to_be_hidden()
    page.get_by_role("button", name="Show 19 airlines").click()
    cell.click()
    expect(page.locator("#memory")).to_contain_text("A guess")


def test_the_keyboard_reaches_everything(page: Page, origin: str) -> None:
    show(page, origin + LATE)
    page.get_by_label("Month").focus()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("aria-selected", "true")
    for key in ["ArrowUp", "ArrowRight", "Home", "ArrowLeft", "ArrowDown"]:
        page.keyboard.press(key)
    focused = page.locator(":focus")
    expect(focused).to_have_accessible_name(re.compile("^Plus Ultra Lineas Aereas, January: "))
    page.keyboard.press("Control+End")
    expect(focused).to_have_accessible_name(re.compile("^JetSmart SPA, December: "))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Airline", exact=True)).to_have_value("JetSmart SPA")
    expect(focused).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="National", exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name="National", exact=True)).to_be_focused()


def test_it_speaks_spanish_to_who_does(browser: Browser, origin: str) -> None:
    with browser.new_context(locale="es-CL") as context:
        page = context.new_page()
        show(page, origin + UNSEEN)
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.get_by_label("Aerolínea", exact=True)).to_have_value("Aeromexico")
        expect(page.get_by_label("Mes")).to_contain_text("julio")
        assert "lang" not in address(page)
        page.get_by_role("button", name="English").click()
        expect(page.get_by_label("Month")).to_contain_text("July")
        expect(page.get_by_role("gridcell", name="Aeromexico, July: ")).to_be_visible()
        assert address(page)["lang"] == ["en"]


@pytest.mark.parametrize("break_", ["refused", "unreachable"])
def test_an_error_is_shown_until_it_is_mended(
    context: BrowserContext, origin: str, break_: str
) -> None:
    def answer(route: Route) -> None:
        if break_ == "refused":
            route.fulfill(status=400, json={"error": "Expected the moon"})
        else:
            route.abort()

    page = context.new_page()
    show(page, origin + LATE)
    page.route("**/explain", answer)
    page.get_by_label("Month").select_option("May")
    said = {"refused": "Expected the moon", "unreachable": "The service does not answer"}[break_]
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.locator("#result")).to_have_class("stale")
    page.unroute("**/explain")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#result")).not_to_have_class("stale")
    expect(page.locator("#reasons")).to_contain_text("May")


def test_a_service_that_wakes_up_late_is_asked_again(
    context: BrowserContext, origin: str, client: TestClient
) -> None:
    page = context.new_page()
    page.route("**/model", lambda route: route.abort())
    page.goto(origin + LATE)
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    page.unroute("**/model")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#share")).to_have_text(share(client, 9))


def test_the_last_choice_wins_however_late_the_answers_come(
    page: Page, origin: str, client: TestClient
) -> None:
    show(page, origin + LATE)
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
        expect(page.locator("#share")).to_have_text(share(client, 12))


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


@pytest.mark.parametrize(
    ("viewport", "scheme", "view"),
    [
        pytest.param(WIDE, "light", LATE, id="wide-light-late"),
        pytest.param(WIDE, "dark", UNSEEN, id="wide-dark-unseen"),
        pytest.param(NARROW, "light", UNSEEN, id="narrow-light-unseen"),
        pytest.param(NARROW, "dark", LATE, id="narrow-dark-late"),
    ],
)
def test_it_is_accessible(
    browser: Browser,
    origin: str,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
    view: str,
) -> None:
    with browser.new_context(viewport=viewport, color_scheme=scheme, locale="es-CL") as context:
        page = context.new_page()
        show(page, origin + view)
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
