"""A query's rows are flights as those of a file are, and nothing but one SELECT is run."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count
from training.project import ARTIFACTS
from training.tables.sources import files_of, open_source

FLIGHTS = "Airline;Left;Late\n" + "".join(
    f"Sky;0{1 + i % 9}/02/2017 07:0{i % 10};{i % 2 * 16}\n" for i in range(40)
)
SELECT = """-- Flights of a file with semicolons.
SELECT Airline AS OPERA, 'N' AS TIPOVUELO, "Left" AS "Fecha-I",
    "Left" + to_minutes(Late) AS "Fecha-O"
FROM read_csv('raw/*.csv', delim = ';', timestampformat = '%d/%m/%Y %H:%M');
"""


def written(folder: Path, query: str = SELECT) -> str:
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / "flights.csv").write_text(FLIGHTS)
    (folder / "flights.sql").write_text(query)
    return str(folder / "flights.sql")


def test_a_query_is_counted_with_paths_from_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = written(tmp_path)
    here = tmp_path / "here"
    (here / "raw").mkdir(parents=True)
    (here / "raw" / "flights.csv").write_text("another file of the working directory\n")
    monkeypatch.chdir(here)
    for each in (address, "../flights.sql"):
        counted = count(each)
        table = counted.counts.table
        assert (table["flights"].sum(), table["delayed"].sum()) == (40, 20)
        assert counted.counts.period == "2017"
    assert Path.cwd() == here


@pytest.mark.parametrize(
    "query",
    [
        SELECT.replace("SELECT", "WITH f AS (SELECT", 1).replace(";\n", ") FROM f -- end"),
        "FROM (" + SELECT.strip().removesuffix(";") + ")",
        "(" + SELECT.strip().removesuffix(";") + ")",
        "\ufeff" + SELECT + "/* the end; */",
        SELECT.replace(";\n", " UNION ALL FROM (")
        + SELECT.strip().removesuffix(";")
        + ") LIMIT 40",
    ],
    ids=["with", "from first", "parentheses", "byte order mark", "union"],
)
def test_every_form_of_one_select_is_run(tmp_path: Path, query: str) -> None:
    assert count(written(tmp_path, query)).counts.table["flights"].sum() == 40


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT 1; SELECT 2", "expected one SELECT, got SELECT, SELECT"),
        ("-- only a comment\n", "expected one SELECT, got nothing"),
        ("COPY (SELECT 1) TO 'made.csv'", "expected one SELECT, got COPY"),
        ("ATTACH 'made.csv'", "expected one SELECT, got ATTACH"),
        ("CREATE TABLE a AS SELECT 1", "expected one SELECT, got CREATE"),
        ("PRAGMA show_tables", "expected one SELECT, got PRAGMA"),
        ("SET threads = 1; SELECT 1", "expected one SELECT, got SET, SELECT"),
        ("WITH a AS (COPY (SELECT 1) TO 'made.csv') FROM a", "expected one SELECT, got COPY in it"),
        ("WITH a AS (INSERT INTO b VALUES (1) RETURNING 1) FROM a", "got INSERT in it"),
        ("SELECT (WITH a AS (DELETE FROM b RETURNING 1) FROM a)", "got DELETE in it"),
        ("DESCRIBE SELECT 1", "expected one SELECT, got SHOW in it"),
        ("SELEC 1", "syntax error at or near"),
        ("SELECT a\nFROM nowhere", "Table with name nowhere does not exist"),
        ("FROM files", "Table with name files does not exist"),
        ("FROM 'none.csv'", "No files found that match the pattern"),
        ("FROM 'https://example.com/a.csv'", "requires the extension httpfs to be loaded."),
        (
            "FROM read_csv('raw/*.csv', delim = ';', columns = {'a': 'INT'})",
            "Error when sniffing file",
        ),
        ("SELECT $1", "parameter"),
    ],
)
def test_all_else_is_refused_before_it_does_anything(
    tmp_path: Path, query: str, reason: str
) -> None:
    address = written(tmp_path, query)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError) as refusal:
        count(address)
    assert reason in str(refusal.value)
    assert str(refusal.value).startswith(f"Cannot run {address}: ")
    assert "\n" not in str(refusal.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_fault_names_the_row_of_the_result_and_its_values(tmp_path: Path) -> None:
    rows = SELECT.replace(
        "to_minutes(Late)", "to_minutes(if(row_number() OVER () = 7, NULL, Late))"
    )
    with pytest.raises(DataError) as refusal:
        count(written(tmp_path, rows))
    assert (
        "got nothing - at row 7, column `Fecha-O` (`OPERA` 'Sky', `TIPOVUELO` 'N', "
        "`Fecha-I` '2017-02-07 07:06:00')"
    ) in str(refusal.value)


@pytest.mark.santiago
def test_the_rows_of_a_query_are_scored_in_their_order_without_an_actual_time(
    tmp_path: Path,
) -> None:
    query = (
        "SELECT ['Sky Airline', 'Copa Air'][1 + i % 2] AS OPERA, 'N' AS TIPOVUELO, "
        "1 + i % 12 AS MES, i, random() AS x FROM range(300000) AS r(i) ORDER BY hash(i)"
    )
    out = tmp_path / "scored.parquet"
    address = written(tmp_path, query)
    assert score(address, str(out), ARTIFACTS / "model.onnx").flights == 300_000
    table = pq.read_table(out)
    order = duckdb.execute("SELECT i FROM range(300000) AS r(i) ORDER BY hash(i)").fetchall()
    assert table["i"].to_pylist() == [i for (i,) in order]
    columns = ["OPERA", "TIPOVUELO", "MES", "i", "x", "delay", "probability"]
    assert table.column_names == columns


def test_the_files_that_a_query_names_are_known(tmp_path: Path) -> None:
    address = written(tmp_path, f"FROM 'raw/flights.csv', '{tmp_path}/raw/*.csv' AS b, glob('**')")
    here = [tmp_path / "flights.sql", tmp_path / "raw" / "flights.csv"]
    assert [*map(Path.resolve, files_of(address))] == here
    with pytest.raises(DataError, match="it is read from"):
        score(written(tmp_path), str(here[1]), ARTIFACTS / "model.onnx")


def test_a_query_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Cannot read .*none\.sql: No such file"):
        open_source(str(tmp_path / "none.sql"))
    (tmp_path / "latin.SQL").write_bytes("SELECT 'ñ'".encode("latin-1"))
    with pytest.raises(DataError, match=r"it is not UTF-8\. Save it as UTF-8"):
        open_source(str(tmp_path / "latin.SQL"))
