"""What the page says of the chosen flight."""

import msgspec
import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from tests.function.page.browsing import (
    MONTHS,
    Choice,
    address,
    explained,
    percent,
    show,
    type_name,
)

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(params=["late", "unseen", "timed", "today"])
def choice(request: pytest.FixtureRequest) -> Choice:
    chosen: Choice = request.getfixturevalue(request.param)
    return chosen


def test_the_choice_is_explained_at_once(
    page: Page, origin: str, client: TestClient, busiest: Choice, late: Choice
) -> None:
    show(page, origin + busiest.fragment)
    page.get_by_label("Airline", exact=True).select_option(late.airline)
    page.get_by_role("radio", name=type_name(late.type)).check()
    page.get_by_label("Month").select_option(MONTHS[late.month - 1])
    reasons = explained(client, late)
    expect(page.locator("#share")).to_have_text(percent(reasons.probability))
    expect(page.locator("#status")).to_have_text("Predicted: delayed")
    expect(page.locator("#memory")).to_contain_text(f"saw {reasons.training.flights:,} such")
    assert address(page) == {
        "airline": late.airline,
        "type": late.type,
        "month": str(late.month),
    }
    name = f"{late.airline}, {type_name(late.type)}, {MONTHS[late.month - 1]}: "
    expect(page.get_by_role("status")).to_contain_text(name)


def test_a_link_shows_what_its_sender_saw(page: Page, origin: str, late: Choice) -> None:
    show(page, origin + late.fragment)
    expect(page.get_by_label("Airline", exact=True)).to_have_value(late.airline)
    expect(page.get_by_role("radio", name=type_name(late.type))).to_be_checked()
    expect(page.get_by_label("Month")).to_have_value(str(late.month))
    expect(page.locator("#year [aria-selected=true]")).to_have_count(1)


def test_a_link_to_what_is_unknown_shows_another_flight(
    page: Page, origin: str, busiest: Choice
) -> None:
    show(page, f"{origin}/#airline=Nobody&type=X&month=13&day=8&hour=24&lang=xx")
    assert f"#{page.url.partition('#')[2]}" == busiest.fragment


def test_a_link_that_changes_is_followed(page: Page, origin: str, busiest: Choice) -> None:
    show(page, origin)
    page.evaluate("fragment => { location.hash = fragment; }", busiest._replace(month=5).fragment)
    expect(page.get_by_label("Month")).to_have_value("5")


def test_the_bars_add_up(page: Page, origin: str, client: TestClient, choice: Choice) -> None:
    show(page, origin + choice.fragment)
    shown = page.locator("#reasons td:last-child").all_inner_texts()
    base, *adds, whole = (
        float(text.removesuffix(" pts").rstrip("%").replace(MINUS, "-")) for text in shown
    )
    assert base + sum(adds) == pytest.approx(whole)
    reasons = msgspec.to_builtins(explained(client, choice).adds)
    order = [
        name for name in ("OPERA", "TIPOVUELO", "MES", "DIANOM", "HORA", "HOY") if name in reasons
    ]
    assert adds == pytest.approx([100 * reasons[name] for name in order], abs=0.11)
    assert len(adds) == (3 if choice.day is None else 5 if choice.late is None else 6)


def test_the_bars_are_where_the_sums_are(page: Page, origin: str, choice: Choice) -> None:
    show(page, origin + choice.fragment)
    shown = page.locator("#reasons td:last-child").all_inner_texts()[1:-1]
    adds = [float(text.removesuffix(" pts").replace(MINUS, "-")) for text in shown]
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


def test_a_flight_that_training_never_saw_is_a_guess(
    page: Page, origin: str, unseen: Choice
) -> None:
    show(page, origin + unseen.fragment)
    expect(page.locator("#memory")).to_contain_text("A guess")
    expect(page.locator("#memory")).to_contain_text("Training never saw such a flight")
