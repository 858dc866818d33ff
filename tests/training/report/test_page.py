"""The page is read as a browser would read it, and its numbers are counted again."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from tests.support.paths import ROOT
from training.__main__ import app
from training.errors import DataError
from training.flights.counts import Counts, weighted_rows
from training.project import ARTIFACTS
from training.release.publish import publish
from training.report.evaluation import CEILING, PUBLISHED, RATES, THIS, Evaluation
from training.report.page import PAGE, render, write

DATA = ROOT / "data"
EMPTY = {"meta", "br", "link", "img", "input", "hr", "base", "source", "embed"}
LOADING = {"src", "srcset", "data", "action", "poster", "background", "formaction", "ping"}


class Page(HTMLParser):
    """The tags of a page with their attributes, its tables, and whether its tags match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & {*self.open}:
            self.tables[-1][-1][-1] += data

    def table(self, *head: str) -> list[list[str]]:
        """Return the rows of the one table whose first heads are these."""
        (rows,) = (table[1:] for table in self.tables if table[0][: len(head)] == [*head])
        return rows


@pytest.fixture(scope="module")
def html() -> str:
    return (ARTIFACTS / PAGE).read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def made_again(folder: Path, *arguments: str) -> str:
    for name in ("metrics.json", "booster.ubj", "challenge.ubj"):
        shutil.copy(ARTIFACTS / name, folder)
    CliRunner().invoke(app, ["report", "--out", str(folder), *arguments], catch_exceptions=False)
    return (folder / PAGE).read_text()


def test_it_is_made_again_byte_for_byte(html: str, tmp_path: Path) -> None:
    assert made_again(tmp_path) == html


def test_it_is_the_same_from_the_raw_table(html: str, raw_flights: Path, tmp_path: Path) -> None:
    assert made_again(tmp_path, "--flights", str(raw_flights)) == html


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


def test_every_chart_has_a_name_and_its_numbers(html: str) -> None:
    figures = html.split("<figure")[1:]
    assert len(figures) == 13
    for figure in figures:
        body = figure.split("</figure>")[0]
        assert re.search(r'<svg role="img" aria-label="[^"]{10,}"', body)
        assert len(body.split("<tbody>")[1].split("<tr>")) > 2


def test_every_colour_of_a_chart_is_the_pages_own(html: str) -> None:
    charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert set(re.findall(r"(?:fill|stroke): ([^;\"]+)", charts)) - {"none"} <= {
        f"var(--{name})" for name in re.findall(r"--(\w+):", html)
    }


@pytest.mark.parametrize(
    ("head", "column"), [("Airline", "OPERA"), ("Month", "MES"), ("Type of flight", "TIPOVUELO")]
)
def test_rates_of_features_are_those_of_the_counts(page: Page, head: str, column: str) -> None:
    table = pd.read_csv(DATA / "scl_2017.csv").groupby(column)[["flights", "delayed"]].sum()
    expected = sorted((f"{n:,}", f"{d:,}", f"{100 * d / n:.1f}%") for n, d in table.to_numpy())
    assert sorted(tuple(row[1:4]) for row in page.table(head, "Flights")) == expected


def test_rates_beyond_the_features_are_those_of_the_flights(page: Page, raw_flights: Path) -> None:
    flights = pd.read_csv(raw_flights, dtype=str, keep_default_na=False)
    late = pd.to_datetime(flights["Fecha-O"]) - pd.to_datetime(flights["Fecha-I"])
    delayed = late.dt.total_seconds() > 900
    hour = flights["Fecha-I"].str[11:13]
    for head, key, values in [
        ("Hour of departure", hour, {f"{hour:02}": f"{hour:02}" for hour in range(24)}),
        ("Destination", flights["SIGLADES"], None),
        (
            "Day of the week",
            flights["DIANOM"],
            {"Mon": "Lunes", "Fri": "Viernes", "Sun": "Domingo"},
        ),
        ("Season", flights["MES"].astype(int) < 3, {"High: Jan, Feb": True}),
    ]:
        rows = {row[0]: row[1:4] for row in page.table(head, "Flights")}
        for shown, value in (values or {name: name for name in key.unique()}).items():
            n, d = (key == value).sum(), (delayed & (key == value)).sum()
            assert rows[shown] == [f"{n:,}", f"{d:,}", f"{100 * d / n:.1f}%"]


def test_the_published_model_has_the_published_confusion_matrix(page: Page) -> None:
    matrices = [table for table in page.tables if table[0][1:] == ["Warned", "Not warned"]]
    cells = [[cell.split()[0] for row in matrix[1:] for cell in row[1:]] for matrix in matrices]
    assert cells[1] == ["2,901", "1,313", "8,738", "9,556"]


def test_the_scores_are_ranked_as_scikit_learn_ranks_them(page: Page, santiago: Counts) -> None:
    cells = santiago.part("validation")
    evaluation = Evaluation.of(ARTIFACTS, santiago)
    rows, label, weight = weighted_rows(cells)
    expected = ["Ranking, ROC AUC"]
    for name in (THIS, PUBLISHED, RATES, CEILING):
        score = [*evaluation.scores[name], *evaluation.scores[name]]
        assert len(score) == len(rows)
        expected.append(f"{roc_auc_score(label, score, sample_weight=weight):.4f}")
    assert expected in page.table("On the validation flights")
    assert expected[3] == "0.6749"


def test_the_faults_of_the_notebook_are_counted(html: str, raw_flights: Path) -> None:
    at = pd.read_csv(raw_flights, dtype=str)["Fecha-I"].str[11:16]
    bounds = ["05:00", "11:59", "12:00", "18:59", "19:00", "23:59", "00:00", "04:59"]
    assert f"{at.isin(bounds).sum():,} flights" in html


def test_without_the_raw_tables_counts_the_page_says_what_it_lacks(santiago: Counts) -> None:
    html = render(Evaluation.of(ARTIFACTS, santiago), None)
    assert "which was not given" in html
    assert len(html.split("<figure")) == 9
    Page(html)


def test_a_model_of_other_flights_is_not_reported(elsewhere: Counts) -> None:
    with pytest.raises(DataError, match="was trained on other flights"):
        Evaluation.of(ARTIFACTS, elsewhere)


def test_another_airport_has_its_own_page_with_its_names_escaped(
    elsewhere: Counts, tmp_path: Path
) -> None:
    table = elsewhere.table.replace({"OPERA": {"zephyr, Ltd": "<b>$1.2345$ & #000001"}})
    counts = Counts.from_table(table)
    publish(counts, "all", tmp_path)
    html = write(counts, None, tmp_path).read_text()
    page = Page(html)
    assert {row[0] for row in page.table("Airline", "Flights")} == {*table["OPERA"]}
    assert "&lt;b&gt;$1.2345$ &amp; #000001</text>" in html
    assert "Santiago" not in html
    assert [row[0] for row in page.table("Month", "Flights")] == (
        ["Jan", "Feb", "Mar", "May", "Aug", "Nov", "Dec"]
    )
