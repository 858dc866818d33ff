"""The commands take an address, and read its flights as they say."""

from pathlib import Path
from typing import cast

import msgspec
import pytest
from typer.testing import CliRunner, Result

from training.__main__ import app
from training.cli.data import read_counts
from training.cli.options import ColumnOptions, repeated
from training.errors import DataError
from training.flights.counts import Counts
from training.flights.reading import read
from training.project import Airport, load
from training.tables.columns import Columns


def ended(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.mark.slow
def test_the_same_flights_are_the_same_counts_wherever_they_lie(
    raw_flights: Path, tmp_path: Path, santiago: Counts
) -> None:
    assert read_counts(str(raw_flights)).sha256 == santiago.sha256
    assert read_counts(str(raw_flights), drop_bad=True).sha256 == santiago.sha256
    header, *rows = raw_flights.read_text().splitlines(keepends=True)
    (tmp_path / "a.csv").write_text(header + "".join(rows[:1:-2]))
    (tmp_path / "b.csv").write_text(header + "".join(rows[1::-1] + rows[2::2]))
    assert sum(len(path.read_text().splitlines()) - 1 for path in tmp_path.iterdir()) == len(rows)
    assert read_counts(str(tmp_path / "*.csv")).sha256 == santiago.sha256
    out = tmp_path / "counts.csv"
    assert ended("count", "--flights", tmp_path / "*.csv", "--out", out).exit_code == 0
    assert read(out).sha256 == santiago.sha256


@pytest.mark.parametrize("command", ["count", "train", "select", "evaluate"])
def test_no_command_lets_its_user_choose_a_split(command: str) -> None:
    result = ended(command, "--split", "draw")
    assert result.exit_code == 2
    assert "No such option: --split" in result.output


def test_a_bad_row_that_is_left_out_leaves_the_split_of_the_others(tmp_path: Path) -> None:
    header = "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n"
    rows = [
        f"Sky,N,1,2017-01-0{1 + i % 7} 10:00:00,2017-01-0{1 + i % 7} 1{i % 2}:00:00\n"
        for i in range(100)
    ]
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(header + "".join(rows))
    bad.write_text(header + "".join([*rows[:30], "Sky,N,13,,\n", *rows[30:], "Sky,,1,,\n"]))
    expected, found = read_counts(str(good)), read_counts(str(bad), drop_bad=True)
    assert found.sha256 == expected.sha256
    assert found.for_training().sha256 == expected.for_training().sha256


def test_a_project_may_leave_bad_rows_out_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n"
    rows = [f"Sky,N,1,2017-01-01 10:00:00,2017-01-01 1{i % 2}:00:00\n" for i in range(60)]
    flights = tmp_path / "flights.csv"
    flights.write_text(header + "".join([*rows, "Sky,N,1,2017-01-01 10:00:00,\n"]))
    strict, lenient = (
        msgspec.structs.replace(load(), drop_bad=drop_bad) for drop_bad in (False, True)
    )
    monkeypatch.setattr("training.cli.data.load", lambda: strict)
    with pytest.raises(DataError, match="1 of 61 rows are bad"):
        read_counts(str(flights))
    monkeypatch.setattr("training.cli.data.load", lambda: lenient)
    assert read_counts(str(flights)).table["flights"].sum() == 60


@pytest.mark.santiago
def test_the_options_of_a_command_can_be_repeated_in_the_next() -> None:
    assert repeated(Columns(), drop_bad=False, drop_many=False) == []
    options = ColumnOptions(
        airline="My line", delay="late", type_value="N", type_map=["Int=I", "Dom=N"], scheduled=""
    )
    assert repeated(options.columns(), drop_bad=True, drop_many=True) == [
        *("--airline", "My line", "--scheduled", "", "--delay", "late", "--type-value", "N"),
        *("--type-map", "Int=I", "--type-map", "Dom=N"),
        *("--drop-bad", "--drop-many"),
    ]


@pytest.mark.parametrize("command", ["count", "explore"])
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path, command: str) -> None:
    flights = tmp_path / "flights.csv"
    flights.write_text("no,flights\n")
    for out, reason in (
        (flights, "it is read from"),
        (tmp_path, "it is a folder"),
        (flights / "counts.csv", "Not a directory"),
    ):
        result = ended(command, "--flights", flights, "--out", out)
        assert reason in str(result.exception)
    assert flights.read_text() == "no,flights\n"


def test_the_same_column_options_reach_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Columns] = []

    def read_source(_: str, columns: Columns, **__: object) -> None:
        seen.append(columns)
        raise DataError("stop")

    def score(*arguments: object, **_: object) -> None:
        seen.append(cast("Columns", arguments[3]))
        raise DataError("stop")

    monkeypatch.setattr("training.flights.reading.read_source", read_source)
    monkeypatch.setattr("training.batch.scoring.score", score)
    options = "--airline A --type T --month M --scheduled S --delay D --type-map Int=I"
    files = ["--flights", "f.csv", "--out", tmp_path / "o.csv"]
    (tmp_path / "f.csv").touch()
    monkeypatch.chdir(tmp_path)
    for command in (
        ["count", *files],
        ["explore", *files],
        ["score", *files],
        ["train"],
        ["select"],
        ["report"],
    ):
        result = ended(*command, *options.split(), "--type-map", "Dom=N")
        assert str(result.exception) == "stop", (command, result.output)
    types = (("Int", "I"), ("Dom", "N"))
    actual = load().columns.actual
    assert seen == [Columns("A", "T", "M", "S", actual, "D", types=types)] * 6
    assert "expected --type-map TYPE=TYPE" in str(ended("train", "--type-map", "Int").exception)


def test_an_actual_column_replaces_the_projects_delay_column(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airport = Airport("data", None, None, Columns(delay="late"))
    monkeypatch.setattr("training.cli.options.load", lambda: airport)
    assert ColumnOptions().columns().delay == "late"
    assert ColumnOptions(actual="left").columns() == Columns(actual="left")
    minutes = ColumnOptions(delay_minutes="dep_delay").columns()
    assert minutes == Columns(delay_minutes="dep_delay")


def test_training_begins_with_what_it_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n"
    rows = [
        f"Sky,N,1,2017-01-0{1 + i % 7} 10:00,2017-01-0{1 + i % 7} 1{i % 2}:00\n" for i in range(60)
    ]
    (tmp_path / "flights.csv").write_text(header + "".join(rows) + "Sky,N,1,2017-01-31 10:00,\n")
    (tmp_path / "flights.sql").write_text("FROM 'flights.csv'")
    strict = msgspec.structs.replace(load(), drop_bad=False)
    monkeypatch.setattr("training.cli.data.load", lambda: strict)
    for name in ("flights.csv", "flights.sql"):
        read_counts(str(tmp_path / name), drop_bad=True, described=True)
        said = capsys.readouterr().err
        assert said == (
            "60 flights of 1 airline, 30 late, 50.0%, 2017-01-01 to 2017-01-07, 1 left out\n"
        )
