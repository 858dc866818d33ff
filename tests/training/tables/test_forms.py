"""What public bug reports say of tables: nothing of it changes a flight without a word."""

import gzip
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count
from training.flights.features import FEATURES
from training.project import ARTIFACTS
from training.tables.columns import Columns

MODEL = ARTIFACTS / "model.onnx"
TEN = datetime(2017, 7, 14, 10, 0)
FLIGHTS = pd.DataFrame(
    {
        "OPERA": "Sky Airline",
        "TIPOVUELO": "N",
        "MES": 7,
        "Fecha-I": TEN,
        "Fecha-O": [TEN.replace(hour=10 + i % 2) for i in range(40)],
    }
)
CELL = ("Sky Airline", "N", 7, 10, "Viernes")


def totals(address: object, columns: Columns | None = None) -> dict[tuple[object, ...], object]:
    table = count(str(address), columns).counts.table.groupby(FEATURES[:5])[["flights", "delayed"]]
    sums = table.sum()
    return {cell: tuple(row) for cell, row in zip(sums.index, sums.to_numpy(), strict=True)}


def scored(source: object, out: Path) -> pd.DataFrame:
    score(str(source), str(out), MODEL, empty=True)
    read = pd.read_csv if out.suffix == ".csv" else pd.read_parquet
    return read(out)


@pytest.mark.parametrize("folder", ["MES=3", "OPERA=Copa Air", "year=2017", "delay=1", "mes=3"])
@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_a_folder_never_replaces_a_column_and_adds_none(
    tmp_path: Path, folder: str, name: str
) -> None:
    (tmp_path / folder).mkdir()
    for path in (tmp_path / name, tmp_path / folder / name):
        write = FLIGHTS.to_csv if path.suffix == ".csv" else FLIGHTS.to_parquet
        write(path, index=False)
    assert totals(tmp_path / folder / name) == {CELL: (40, 20)}
    plain = scored(tmp_path / name, tmp_path / "plain.csv")
    assert scored(tmp_path / folder / name, tmp_path / "out.csv").equals(plain)


@pytest.mark.santiago
@pytest.mark.parametrize("name", ["f.csv", "f.parquet"])
def test_a_folder_gives_the_airline_and_the_month_that_files_lack(
    tmp_path: Path, name: str
) -> None:
    flights = FLIGHTS[["TIPOVUELO"]].assign(late=[0, 1] * 20)
    for airline in ("Sky%20Airline", "Copa Air"):
        path = tmp_path / f"OPERA={airline}" / "MES=07" / name
        path.parent.mkdir(parents=True)
        (flights.to_csv if path.suffix == ".csv" else flights.to_parquet)(path, index=False)
    address = tmp_path / "OPERA=*" / "*" / name
    cells = {("Copa Air", "N", 7, -1, ""): (40, 20), ("Sky Airline", "N", 7, -1, ""): (40, 20)}
    assert totals(address, Columns(delay="late")) == cells
    out = scored(address, tmp_path / "out.csv")
    assert list(out.columns) == ["TIPOVUELO", "late", "delay", "probability"]
    assert out["probability"].nunique() == 2


def test_dates_in_one_file_and_times_in_another_are_refused(tmp_path: Path) -> None:
    FLIGHTS.to_parquet(tmp_path / "a.parquet")
    dates = FLIGHTS.assign(**{"Fecha-I": FLIGHTS["Fecha-I"].dt.date})
    dates.to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"`Fecha-I` holds dates in .*b\.parquet, but times in"):
        count(str(tmp_path / "*.parquet"))
    with pytest.raises(DataError, match=r"expected local times .*, got date\. See data/recipes"):
        count(str(tmp_path / "b.parquet"))


@pytest.mark.santiago
@pytest.mark.parametrize("time", ["infinity", "-infinity", "0999-01-01 10:00:00"])
@pytest.mark.parametrize("column", ["Fecha-I", "Fecha-O"])
def test_times_that_no_text_could_give_are_bad(tmp_path: Path, time: str, column: str) -> None:
    FLIGHTS.drop(columns="MES").to_parquet(tmp_path / "good.parquet")
    path = tmp_path / "flights.parquet"
    duckdb.sql(
        f"""COPY (SELECT * REPLACE (if(i = 3, '{time}'::TIMESTAMP, "{column}") AS "{column}")
        FROM (SELECT *, row_number() OVER () AS i FROM '{tmp_path}/good.parquet')) TO '{path}'"""
    )
    with pytest.raises(DataError, match=rf"got '{time}' - at row 3, column `{column}`"):
        count(str(path))
    assert count(str(path), drop_bad=True).left_out == 1
    assert scored(path, tmp_path / "out.csv")["delay"].isna().sum() == (column == "Fecha-I")


def test_texts_that_are_stored_as_binary_are_utf_8(tmp_path: Path) -> None:
    row = ["Aeroméxico", "N", "7", "2017-07-14 10:00", "2017-07-14 10:00"]
    late = [*row[:4], "2017-07-14 11:00"]
    columns = {
        name: pa.array([value.encode() for value in values] * 20, pa.binary())
        for name, values in zip(FLIGHTS, zip(row, late, strict=True), strict=True)
    }
    columns["raw"] = pa.array([b"\xff"] * 40, pa.binary())
    pq.write_table(pa.table(columns), tmp_path / "flights.parquet")
    assert totals(tmp_path / "flights.parquet") == {("Aeroméxico", *CELL[1:]): (40, 20)}
    out = scored(tmp_path / "flights.parquet", tmp_path / "out.csv")
    assert out.iloc[0, :6].tolist() == ["Aeroméxico", "N", 7, *row[3:], "\\xFF"]


@pytest.mark.santiago
def test_a_month_that_is_no_number_is_one_bad_row(tmp_path: Path) -> None:
    FLIGHTS.to_parquet(tmp_path / "good.parquet")
    path = tmp_path / "flights.parquet"
    duckdb.sql(
        f"COPY (SELECT * REPLACE (if(i = 3, 'NaN'::DOUBLE, MES) AS MES) FROM (SELECT *, "
        f"row_number() OVER () AS i FROM '{tmp_path}/good.parquet')) TO '{path}'"
    )
    with pytest.raises(DataError, match=r"got nan - at row 3, column `MES`\. 1 of 40 rows are bad"):
        count(str(path))
    assert count(str(path), drop_bad=True).left_out == 1
    assert scored(path, tmp_path / "out.csv")["delay"].isna().sum() == 1


@pytest.mark.santiago
def test_a_column_of_nulls_alone_is_one_without_values(tmp_path: Path) -> None:
    path = tmp_path / "flights.parquet"
    FLIGHTS.assign(**{"Fecha-I": None, "late": [0, 1] * 20}).to_parquet(path)
    assert totals(path, Columns(delay="late")) == {("Sky Airline", "N", 7, -1, ""): (40, 20)}
    assert scored(path, tmp_path / "out.csv")["delay"].notna().all()
    FLIGHTS.assign(MES=None).to_parquet(path)
    with pytest.raises(DataError, match="40 of 40 rows are bad"):
        count(str(path))


@pytest.mark.santiago
@pytest.mark.parametrize("given", ["f.csv", "f.parquet"])
@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_names_come_out_as_they_went_in(tmp_path: Path, given: str, out: str) -> None:
    flights = FLIGHTS.assign(x=1, X=2).assign(**{"": 3, 'a "b",\nc': 4})
    path = tmp_path / given
    (flights.to_csv if path.suffix == ".csv" else flights.to_parquet)(path, index=False)
    score(str(path), str(tmp_path / out), MODEL)
    if out == "out.parquet":
        table = pq.read_table(tmp_path / out)
        names, values = table.schema.names, table.to_pylist()[1]
        assert b"model_version" in table.schema.metadata
    else:
        rows = pd.read_csv(tmp_path / out, header=None, dtype=str, keep_default_na=False)
        assert len(rows) == 41
        names, values = rows.iloc[0].tolist(), dict(zip(rows.iloc[0], rows.iloc[2], strict=True))
    assert names == [*flights.columns, "delay", "probability"]
    assert [int(values[name]) for name in ("x", "X", "", 'a "b",\nc')] == [1, 2, 3, 4]


def test_a_compressed_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    content = gzip.compress(FLIGHTS.to_csv(index=False).encode())
    (tmp_path / "flights.csv").write_bytes(content)
    assert totals(tmp_path / "flights.csv") == {CELL: (40, 20)}


@pytest.mark.parametrize("zeros", [0, 1, 511, pytest.param(3 << 20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("streams", [1, 2])
def test_zero_bytes_behind_a_compressed_file_are_nothing(
    tmp_path: Path, zeros: int, streams: int
) -> None:
    lines = FLIGHTS.to_csv(index=False).encode().splitlines(keepends=True)
    parts = [lines] if streams == 1 else [lines[:9], lines[9:]]
    content = b"".join(gzip.compress(b"".join(part)) for part in parts)
    path = tmp_path / "MES=7" / "flights.csv.gz"
    path.parent.mkdir()
    path.write_bytes(content + b"\0" * zeros)
    assert totals(path) == {CELL: (40, 20)}
    path.write_bytes(content + b"\0" * zeros + b"x")
    with pytest.raises(DataError, match="Cannot read"):
        count(str(path))


def test_a_header_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    header = "OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O,AÑO\n"
    path = tmp_path / "flights.csv"
    path.write_bytes(header.encode("latin-1"))
    with pytest.raises(DataError) as refusal:
        count(str(path))
    saying = "it is not UTF-8 - at line 1. Save it as UTF-8. See data/recipes.md."
    assert str(refusal.value) == f"Cannot read {path}: {saying}"
    path.write_bytes(header.encode() + b"\xd1,N,1,2,3,4\n")
    with pytest.raises(DataError) as refusal:
        count(str(path))
    assert str(refusal.value) == f"Cannot read {path}: {saying.replace('line 1', 'line 2')}"


@pytest.mark.parametrize("name", ["NULL", "NaN", "\\N"])
def test_names_that_stand_for_nothing_are_noted(tmp_path: Path, name: str) -> None:
    FLIGHTS.assign(OPERA=name).to_csv(tmp_path / "flights.csv", index=False)
    notes = count(str(tmp_path / "flights.csv")).notes
    assert notes == (f"The airline of 40 flights is named {name!r}. Is there none?",)


@pytest.mark.parametrize("digits", [3, 6, 7, 9, 12])
@pytest.mark.parametrize("kind", ["text", "timestamp"])
def test_a_fraction_is_cut_off(tmp_path: Path, kind: str, digits: int) -> None:
    scheduled = f"2017-12-31 23:59:59.{'9' * digits}"
    actual = [f"2018-01-01 00:{late}:59.{'9' * digits}" for late in (14, 15)] * 20
    flights = FLIGHTS.assign(MES=12, **{"Fecha-I": scheduled, "Fecha-O": actual})
    path = tmp_path / ("flights.csv" if kind == "text" else "flights.parquet")
    if kind == "text":
        flights.to_csv(path, index=False)
    else:
        times = {
            name: flights[name].str[:29].astype("datetime64[ns]") for name in flights.columns[3:]
        }
        flights.assign(**times).to_parquet(path)
    assert totals(path) == {("Sky Airline", "N", 12, 23, "Domingo"): (40, 20)}
