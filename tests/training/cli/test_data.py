"""The commands take an address and the names of its columns, and split its flights as they say."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from training.__main__ import app
from training.cli.data import read_counts
from training.errors import DataError, UserError
from training.flights.counts import Counts
from training.flights.reading import read
from training.project import Airport, load

ODD = """line,kind,month,planned,late
Zephyr,Int,7,2019-07-14 19:30:00,1
Zephyr,Dom,8,2020-08-14 09:30:00,0
"""
OPTIONS = "--airline line --type kind --month month --scheduled planned --delay late"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception:
        raise done.exception
    return done.stderr


def test_one_csv_keeps_the_challenges_split_and_all_else_is_drawn(
    raw_flights: Path, tmp_path: Path, santiago: Counts
) -> None:
    assert read_counts(str(raw_flights)).sha256 == santiago.sha256
    (tmp_path / "a.csv").symlink_to(raw_flights)
    drawn = read_counts(str(tmp_path / "*.csv"))
    assert drawn.sha256 != santiago.sha256
    assert drawn.part("train")["flights"].sum() == santiago.part("train")["flights"].sum()
    out = tmp_path / "counts.csv"
    run("count", "--flights", raw_flights, "--out", out, "--split", "draw")
    assert read(out).sha256 == drawn.sha256


def test_bad_rows_are_left_out_without_another_split(
    raw_flights: Path, tmp_path: Path, santiago: Counts
) -> None:
    out = tmp_path / "counts.csv"
    run("count", "--flights", raw_flights, "--out", out, "--drop-bad")
    assert read(out).sha256 == santiago.sha256


def test_options_name_the_columns_and_map_the_types(tmp_path: Path) -> None:
    flights, out = tmp_path / "flights.csv", tmp_path / "counts.csv"
    head, *rows = ODD.splitlines()
    flights.write_text("\n".join([head, *rows * 60]))
    types = ["--type-map", "Int=I", "--type-map", "Dom=N"]
    run("count", "--flights", flights, "--out", out, *OPTIONS.split(), *types)
    counts = read(out)
    assert counts.categories.TIPOVUELO == ("I", "N")
    assert counts.timed
    alike = OPTIONS.replace("--type kind", "--type-value N").split()
    run("count", "--flights", flights, "--out", out, *alike)
    assert read(out).categories.TIPOVUELO == ("N",)


def test_a_type_that_is_mapped_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected TYPE=I or TYPE=N"):
        run("count", "--flights", "f.csv", "--out", tmp_path / "c.csv", "--type-map", "Int")


def test_a_split_by_rows_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ODD)
    (tmp_path / "b.csv").write_text(ODD)
    with pytest.raises(DataError, match="Cannot split"):
        run(
            *("count", "--flights", tmp_path / "*.csv", "--out", tmp_path / "counts"),
            *("--split", "rows", *OPTIONS.split()),
        )


def test_the_airports_own_counts_have_its_period(santiago: Counts, tmp_path: Path) -> None:
    assert read_counts(None).period == load().period
    (tmp_path / "counts.csv").write_text(santiago.to_csv())
    assert read_counts(str(tmp_path / "counts.csv")).period is None


def test_the_settings_of_an_airport_are_read(tmp_path: Path) -> None:
    path = tmp_path / "airport.toml"
    path.write_text(
        'data = "bigquery:p.d.t"\nplace = "New York (JFK)"\n'
        '[columns]\nairline = "line"\ntype_value = "N"\n[types]\nInt = "I"\n'
    )
    airport = load(path)
    assert isinstance(airport, Airport)
    assert (airport.data, airport.place, airport.period) == (
        "bigquery:p.d.t",
        "New York (JFK)",
        None,
    )
    assert (airport.columns.airline, airport.columns.type_value) == ("line", "N")
    assert airport.columns.types == (("Int", "I"),)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no data"),
        pytest.param('data = "a.csv"\nplaec = "x"', id="unknown key"),
        pytest.param('data = "a.csv"\n[columns]\nairlines = "x"', id="unknown column"),
        pytest.param("data = ", id="no TOML"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "airport.toml"
    path.write_text(text)
    with pytest.raises(UserError, match="Cannot read"):
        load(path)
    with pytest.raises(UserError, match="Cannot read"):
        load(tmp_path / "nowhere.toml")
