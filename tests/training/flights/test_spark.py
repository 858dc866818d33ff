"""A real Spark counts and scores the real flights as DuckDB does."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.support.paths import ROOT
from training.batch.scoring import score
from training.errors import DataError
from training.flights.aggregation import count
from training.flights.reading import read
from training.project import ARTIFACTS

MODEL = ARTIFACTS / "model.onnx"

# PySpark 4.3 and Ibis 12 are older than pandas 3, which says so at every turn.
pytestmark = pytest.mark.filterwarnings(
    "ignore:PySpark does not yet fully support pandas:FutureWarning",
    "ignore:The copy keyword is deprecated:DeprecationWarning",
    "ignore:The 'future.infer_string' option:DeprecationWarning",
    "ignore:toPandas attempted Arrow optimization:UserWarning",
)


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[None]:
    """Put PySpark, which is installed apart, on the path."""
    packages = ROOT / ".build" / "spark"
    if shutil.which("java") is None:
        pytest.skip("there is no Java")
    if not (packages / "ready").exists():
        pytest.skip("PySpark is not installed: `make .build/spark/ready`")
    sys.path.append(str(packages))
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"  # else it waits for the name of this machine
    interrupted = signal.getsignal(signal.SIGINT)  # which PySpark replaces
    yield
    signal.signal(signal.SIGINT, interrupted)
    from pyspark.sql import SparkSession  # noqa: PLC0415  # it is on the path only now

    SparkSession.builder.getOrCreate().stop()
    sys.path.remove(str(packages))


def test_spark_gives_the_counts_of_duckdb_to_the_byte(raw_flights: Path) -> None:
    assert count(f"spark:{raw_flights}").counts.sha256 == count(str(raw_flights)).counts.sha256


def test_spark_gives_the_scores_of_duckdb_bit_for_bit(raw_flights: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "duckdb.parquet", tmp_path / "spark.parquet"]
    for address, path in zip((f"{raw_flights}", f"spark:{raw_flights}"), paths, strict=True):
        assert score(address, str(path), MODEL).flights == 68_206
    duckdb, spark = (
        pd.read_parquet(path).sort_values(["Fecha-I", "OPERA", "SIGLADES", "Fecha-O"])
        for path in paths
    )
    assert spark["probability"].to_numpy().tobytes() == duckdb["probability"].to_numpy().tobytes()
    columns = list(duckdb.columns)
    assert spark[columns].to_numpy().tolist() == duckdb[columns].to_numpy().tolist()


def test_spark_reads_parquet_and_refuses_bad_rows_without_lines(tmp_path: Path) -> None:
    path = tmp_path / "flights.parquet"
    times = pd.to_datetime(["2017-01-01 10:00", "2017-01-01 10:30"] * 20)
    flights = pd.DataFrame({"OPERA": "Sky Airline", "TIPOVUELO": "N", "MES": 1}, index=times)
    flights["Fecha-I"], flights["Fecha-O"] = times[0], times
    flights.loc[times[:1], "MES"] = [13] + [1] * 19
    flights.to_parquet(path, index=False)
    with pytest.raises(DataError, match=r"got 13 - at column `MES`. 1 of 40 rows are bad"):
        count(f"spark:{path}")
    assert count(f"spark:{path}", drop_bad=True).left_out == 1


@pytest.mark.parametrize("row", ["Sky,N,1", "Sky,N,1,,,,"])
def test_a_row_of_another_length_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "flights.csv"
    good = "Sky,N,1,2017-01-01 10:00:00,2017-01-01 10:00:00\n"
    path.write_text(f"OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n{good * 40}{row}\n")
    with pytest.raises(DataError, match=f"Malformed CSV record: {row}"):
        count(f"spark:{path}")


def test_line_breaks_in_quotes_and_other_hours_are_counted_as_by_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "flights.csv"
    rows = "".join(
        f'"S""k\ny",I,{month},2017-0{month}-0{day}T{hour:02}:59,2017-0{month}-0{day} {late}:30\n'
        for month in (1, 2, 9)
        for day in range(1, 9)
        for hour, late in ((0, "00"), (9, "12"), (23, "23"))
    )
    path.write_text(f"OPERA,TIPOVUELO,MES,Fecha-I,Fecha-O\n{rows}")
    spark = count(f"spark:{path}").counts
    assert spark.to_csv() == count(str(path)).counts.to_csv()
    assert spark.period == "2017"
    assert spark.categories.OPERA == ('S"k\ny',)


def test_weeks_and_the_day_so_far_are_those_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "flights.csv"
    times = pd.DatetimeIndex(
        [
            *pd.date_range("2016-12-31 20:00", periods=400, freq="7min"),
            *pd.date_range("2017-01-16", periods=400, freq="11min"),
            *pd.to_datetime(["1970-01-05 00:00:00", "1970-01-11 23:59:59"]),
        ]
    )
    late = pd.to_timedelta([(i * i) % 37 for i in range(len(times))], unit="min")
    table = pd.DataFrame({"OPERA": "Sky", "TIPOVUELO": "N", "MES": times.month, "Fecha-I": times})
    table.assign(**{"Fecha-O": times + late}).to_csv(path, index=False)
    counts = count(f"spark:{path}").counts
    assert counts.to_csv() == count(str(path)).counts.to_csv()
    assert {*counts.table["HOY"]} == {-1, 4, 5, 6, 7}
    assert {0, 2451, 2454} <= {*counts.table["week"]}
    path.write_text(f"{path.read_text()}Sky,N,1,1970-01-04 23:59:59,1970-01-04 23:59:59\n")
    with pytest.raises(DataError, match="1970-01-04 23:59:59' - at column `Fecha-I`"):
        count(f"spark:{path}")


def test_counts_are_read_as_by_duckdb_and_a_bad_value_is_told_without_a_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "counts.csv"
    rows = "Sky,N,1,9,Lunes,train,9,1\nSky,N,1,-1,,train,9,1\nSky,N,1,9,Lunes,validation,9,1\n"
    path.write_text(f"OPERA,TIPOVUELO,MES,HORA,DIANOM,split,flights,delayed\n{rows}")
    assert read(f"spark:{path}").to_csv() == read(path).to_csv()
    path.write_text(path.read_text().replace("Lunes,validation", "Monday,validation"))
    with pytest.raises(DataError, match="or nothing, got 'Monday' - at column `DIANOM`"):
        read(f"spark:{path}")


def test_a_table_that_spark_does_not_have_is_refused() -> None:
    with pytest.raises(DataError, match="Cannot read spark:nowhere"):
        count("spark:nowhere")
