"""No row of a file vanishes, and what is malformed is refused with its line."""

import gzip
import os
import random
from pathlib import Path

import duckdb
import pytest

from training.errors import DataError
from training.flights.aggregation import count
from training.tables import csv_files, files
from training.tables.sources import open_source

HEADER = "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n"
GOOD = [f"Sky,N,1,2017-01-01 10:00:00,2017-01-01 1{late}:00:00\n" for late in [0, 1] * 20]
COMMENT = "#9 Air,N,1,2017-01-01 10:00:00,2017-01-01 10:00:00\n"


def written(folder: Path, text: str, name: str = "flights.csv") -> str:
    path = folder / name
    content = text.encode()
    path.write_bytes(gzip.compress(content) if name.lower().endswith(".gz") else content)
    return str(path)


def flights(address: str) -> int:
    return int(count(address).counts.table["flights"].sum())


def test_an_airline_that_begins_with_a_number_sign_is_counted(tmp_path: Path) -> None:
    assert flights(written(tmp_path, HEADER + "".join(GOOD) + COMMENT * 5)) == 45


@pytest.mark.parametrize("name", ["f.csv", "f.CSV", "f.csv.gz", "F.CSV.GZ", "f[1].csv", "f*.csv"])
def test_a_file_is_read_whatever_its_name_looks_like(tmp_path: Path, name: str) -> None:
    written(tmp_path, HEADER, "f1.csv")
    assert flights(written(tmp_path, HEADER + "".join(GOOD), name)) == 40


def test_parquet_is_read_whatever_the_case_of_its_suffix(tmp_path: Path) -> None:
    source, path = written(tmp_path, HEADER + "".join(GOOD)), tmp_path / "x.PARQUET"
    duckdb.sql(f"COPY (FROM read_csv('{source}')) TO '{path}' (FORMAT parquet)")
    assert flights(str(path)) == 40


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("#9 Air,N,1\n", "expected 5 values, got 3 - at line 42", id="too short"),
        pytest.param("\n\na,b,c,d,e,f\n", "expected 5 values, got 6 - at line 44", id="too long"),
        pytest.param('"Sky,N,1,a,b\n', "a quote is never closed - at line 42", id="open quote"),
        pytest.param(GOOD[0][:-1] + "\r\n", r"its lines end in \r\n and \n", id="line ends"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError) as refusal:
        count(written(tmp_path, HEADER + "".join(GOOD) + text))
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param((HEADER + "Ñ,N").encode("latin-1"), "not UTF-8 - at line 2", id="Latin-1"),
        pytest.param(HEADER.encode("utf-16"), "it is UTF-16. Save it as UTF-8", id="UTF-16"),
        pytest.param(HEADER.replace(",", ";").encode(), "got semicolons", id="semicolons"),
        pytest.param(HEADER.replace(",", "\t").encode(), "got tabs", id="tabs"),
        pytest.param(b"\n\n", "it is empty", id="empty"),
    ],
)
def test_a_file_of_another_form_says_what_to_do(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "flights.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        count(str(path))


def test_a_folder_and_a_broken_archive_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"it is a folder\. Name its files"):
        count(str(tmp_path))
    (tmp_path / "f.csv.gz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="Not a gzipped file"):
        count(str(tmp_path / "f.csv.gz"))


def test_rows_that_the_engine_does_not_read_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = files.DIALECT.replace("comment = ''", "comment = '#'")
    monkeypatch.setattr(files, "DIALECT", dialect)
    with pytest.raises(DataError, match="it has 45 rows, of which 40 were read"):
        count(written(tmp_path, HEADER + "".join(GOOD) + COMMENT * 5))


def test_records_are_counted_as_duckdb_and_python_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(1)  # noqa: S311  # forms of files, no secrets
    values = ["", "1", '"x"', '"a,b"', '"l\nm"', '"l\r\nm"', '"q""q"', '""', " ", "#9", '"\n\n"']
    for _ in range(200):
        monkeypatch.setattr(csv_files, "BLOCK", rng.choice([1, 2, 7, 64, 4096]))
        lines = [""] * rng.choice([0, 0, 1, 2]) + ["a,b"]
        lines += [",".join(rng.choices(values, k=2)) for _ in range(rng.randrange(6))]
        lines = [line for each in lines for line in ([each, ""] if rng.random() < 0.2 else [each])]
        end = rng.choice(["\n", "\r\n"])
        path = Path(written(tmp_path, end.join(lines) + rng.choice(["", end])))
        found = duckdb.sql(files.rows_sql((path,)))
        assert found is not None
        read = len(found.fetchall())
        assert read == csv_files.records(path) == csv_files.records_exactly(path)


def test_a_quote_inside_a_value_is_counted_exactly(tmp_path: Path) -> None:
    address = written(tmp_path, HEADER + GOOD[0].replace("Sky", '5" Sky') + "".join(GOOD))
    source = open_source(address)
    source.check_rows(41)
    with pytest.raises(DataError, match="it has 41 rows, of which 40 were read"):
        source.check_rows(40)


@pytest.mark.slow
def test_the_engine_sorts_more_than_its_memory_on_disk_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.tables.memory.limit", lambda: 200 << 20)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    engine = open_source(written(tmp_path, HEADER + "".join(GOOD))).engine
    rows = "SELECT repeat('x', 40) || i AS text FROM range(6000000) AS r(i)"
    engine.raw_sql(f"CREATE TEMP TABLE sorted AS {rows} ORDER BY hash(i)")
    spill = tmp_path / f"puntual-{os.getpid()}"
    assert list(spill.iterdir())
    engine.disconnect()
    assert not spill.exists()
