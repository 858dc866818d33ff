"""The page loads nothing, is whole, and is made again byte for byte."""

import dataclasses
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from tests.support.at_hand import is_santiago
from tests.support.html import Page
from tests.support.paths import ROOT
from training.__main__ import app
from training.flights.counts import Counts
from training.project import ARTIFACTS
from training.release.card import NO_WEEKS
from training.release.publish import publish
from training.report.evaluation import Evaluation
from training.report.page import PAGE, render, write

LOADING = {"src", "srcset", "data", "action", "poster", "background", "formaction", "ping"}


@pytest.fixture(scope="module")
def html() -> str:
    return (ARTIFACTS / PAGE).read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def made_again(folder: Path, *arguments: str) -> str:
    for name in ("metrics.json", "booster.ubj"):
        shutil.copy(ARTIFACTS / name, folder)
    CliRunner().invoke(app, ["report", "--out", str(folder), *arguments], catch_exceptions=False)
    return (folder / PAGE).read_text()


def published(counts: Counts, folder: Path, place: str | None = None) -> str:
    publish(counts, "all", folder, place)
    return write(counts, None, folder, "theirs.csv").read_text()


@pytest.mark.slow
def test_it_is_made_again_byte_for_byte(html: str, tmp_path: Path) -> None:
    flights = os.environ.get("PUNTUAL_FLIGHTS") if is_santiago() else None
    assert made_again(tmp_path, *(["--data", flights] if flights else [])) == html


def test_it_loads_nothing_and_runs_nothing(html: str, page: Page) -> None:
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not LOADING & {*attributes}, tag
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "@import" not in html
    assert "//" not in html  # of no scheme, and of none left out
    assert set(re.findall(r"url\((.)", html)) == {"#"}


def test_every_id_is_one_and_every_reference_has_its_id(html: str, page: Page) -> None:
    ids = Counter(value for _, attributes in page.tags if (value := attributes.get("id")))
    assert [name for name, times in ids.items() if times > 1] == []
    assert set(re.findall(r'(?:href="|url\()#([\w-]+)', html)) <= {*ids}


@pytest.mark.santiago
def test_every_chart_has_a_name_and_its_numbers(html: str) -> None:
    figures = html.split("<figure")[1:]
    assert len(figures) == 16
    for figure in figures:
        body = figure.split("</figure>")[0]
        assert re.search(r'<svg role="img" aria-label="[^"]{10,}"', body)
        assert len(body.split("<tbody>")[1].split("<tr>")) > 2


def test_every_colour_of_a_chart_is_the_pages_own(html: str) -> None:
    charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", charts)) - {"none"} <= {
        f"var(--{name})" for name in re.findall(r"--(\w+):", html)
    }


@pytest.mark.slow
@pytest.mark.santiago
def test_without_an_exploration_its_parts_are_missing(evaluation: Evaluation) -> None:
    html = render(evaluation)
    assert len(html.split("<figure")) == 15
    assert "<h3>Destination" not in html
    assert "<h3>How long" not in html
    Page(html)


@pytest.mark.slow
@pytest.mark.santiago
def test_the_page_says_place_and_period_of_its_model(evaluation: Evaluation) -> None:
    told = replace(evaluation.metrics, place="New York (JFK)", period="2013")
    html = render(dataclasses.replace(evaluation, metrics=told))
    assert "<h1>Will a flight at New York (JFK) leave late?</h1>" in html
    assert "flights at New York (JFK) of 2013," in html


def test_another_airport_without_times_has_its_own_page(elsewhere: Counts, tmp_path: Path) -> None:
    table = elsewhere.table.replace({"OPERA": {"zephyr, Ltd": "<b>$1.2345$ & #000001"}})
    html = published(Counts.from_table(table), tmp_path)
    page = Page(html)
    assert {row[0] for row in page.table("Airline", "Flights")} == {*table["OPERA"]}
    assert "&lt;b&gt;$1.2345$ &amp; #000001</text>" in html
    assert "<h1>Will a flight leave late?</h1>" in html
    for words in (
        "Santiago",
        "challenge",
        "otebook",
        "Challenge",
        "with times",
        "eekday",
        "day so far",
        "week by week",
    ):
        assert words not in html
    assert NO_WEEKS in html
    assert [row[0] for row in page.table("Month", "Flights")] == (
        ["Jan", "Feb", "Mar", "May", "Aug", "Nov", "Dec"]
    )


@pytest.mark.slow
def test_another_airport_with_times_has_its_own_page(
    elsewhere_timed: Counts, tmp_path: Path
) -> None:
    html = published(elsewhere_timed, tmp_path, "Elsewhere")
    page = Page(html)
    assert "<h1>Will a flight at Elsewhere leave late?</h1>" in html
    for words in ("Santiago", "challenge", "otebook", "Challenge", "day so far", "week by week"):
        assert words not in html
    assert NO_WEEKS in html
    assert [row[0] for row in page.table("Hour of departure", "Flights")] == [
        "00",
        "06",
        "12",
        "23",
    ]


@pytest.mark.parametrize(
    "folder", ["training/report", "training/release/card.py", "training/release/card.md.j2"]
)
def test_nothing_names_the_airport_in_its_source(folder: str) -> None:
    path = ROOT / folder
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    texts = [file.read_text() for file in files if file.is_file()]
    assert texts
    assert not any("Santiago" in text or "SCL" in text for text in texts)
