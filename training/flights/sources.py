"""Tables of flights by their address, on whatever engine they lie."""

import glob
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from training.errors import DataError

# DuckDB's own share; Python, pandas and what DuckDB does not count come on top, below 1 GB in sum.
MEMORY_LIMIT: Final = "512MB"
BIGQUERY: Final = "bigquery"
SPARK: Final = "spark"


@dataclass(frozen=True)
class Columns:
    """What a table calls the columns that count; `delay` stands for both times where it is set."""

    airline: str = "OPERA"
    kind: str = "TIPOVUELO"
    month: str = "MES"
    scheduled: str = "Fecha-I"
    actual: str = "Fecha-O"
    delay: str | None = None


@dataclass(frozen=True)
class Source:
    """A table of flights and the engine that reads it.

    `files` are what a table of files consists of; `failures` is what its engine raises where it
    cannot read, write or carry on.
    """

    address: str
    engine: BaseBackend
    table: Table
    failures: tuple[type[Exception], ...]
    files: tuple[Path, ...] = ()

    def column(self, name: str) -> None:
        """Raise `DataError` unless the table has this column."""
        if name not in self.table.columns:
            raise DataError(f"Cannot use {self.address}: it has no column `{name}`.")

    @contextmanager
    def trouble(self, doing: str) -> Iterator[None]:
        """Turn what the engine raises into a `DataError` that begins with `doing`."""
        try:
            yield
        except self.failures as error:
            reason = str(error).strip().partition("\n")[0]
            raise DataError(f"Cannot {doing}: {reason}") from error


def scheme_of(address: str) -> tuple[str, str]:
    """Return the engine of an address and the rest: `duckdb` where it names files."""
    scheme, _, rest = address.partition(":")
    return (scheme, rest) if scheme in {BIGQUERY, SPARK} else ("duckdb", address)


def open_source(address: str) -> Source:
    """Open a table by its address; raise `DataError` where there is none.

    `flights.csv`, `2017/*.parquet`: files, by DuckDB inside this process. `bigquery:P.D.T`: a
    table of BigQuery. `spark:D.T` or `spark:PATH`: a table or files of Spark.
    """
    openers: dict[str, Callable[[str, str], Source]] = {
        BIGQUERY: _open_bigquery,
        SPARK: _open_spark,
        "duckdb": _open_files,
    }
    scheme, rest = scheme_of(address)
    return openers[scheme](address, rest)


def read_files(engine: BaseBackend, files: tuple[Path, ...]) -> Table:
    """Return the rows of CSV or Parquet files, those of CSV as the texts that they are."""
    kinds = {file.name.removesuffix(".gz").rpartition(".")[2].lower() for file in files}
    names = [str(file) for file in files]
    if kinds == {"csv"}:
        # Said in full: what DuckDB guesses, it guesses so that bad rows at the top are skipped.
        dialect = {"delim": ",", "quote": '"', "escape": '"', "header": True, "skip": 0}
        return engine.read_csv(names, all_varchar=True, union_by_name=True, **dialect)
    if kinds == {"parquet"}:
        return engine.read_parquet(names, union_by_name=True)
    raise DataError(f"Cannot read {names[0]}: expected files all `.csv` or all `.parquet`.")


def _open_files(address: str, pattern: str) -> Source:
    import duckdb  # noqa: PLC0415  # every engine's own module is imported where it is asked for

    files = tuple(map(Path, sorted(glob.glob(pattern, recursive=True))))  # noqa: PTH207  # absolute patterns too
    if not files:
        raise DataError(f"Cannot read {address}: no such file.")
    spill = Path(tempfile.gettempdir(), f"puntual-{os.getpid()}")
    engine = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=str(spill))
    # Else it keeps no account of its progress, which we show ourselves.
    engine.raw_sql("SET enable_progress_bar = true; SET enable_progress_bar_print = false")

    source = Source(address, engine, ibis.table({}, name="unread"), (duckdb.Error,), files)
    with source.trouble(f"read {address}"):
        table = read_files(engine, files)
    return Source(address, engine, table, source.failures, files)


def _open_bigquery(address: str, name: str) -> Source:
    from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

    failures = (GoogleAPIError, GoogleAuthError, ibis.common.exceptions.TableNotFound)
    project, _, table = name.partition(".")
    dataset, _, table = table.rpartition(".")
    if not (project and dataset and table):
        raise DataError(f"Cannot read {address}: expected bigquery:PROJECT.DATASET.TABLE.")
    try:
        engine = ibis.bigquery.connect(project_id=project, dataset_id=dataset)
        return Source(address, engine, engine.table(table), failures)
    except failures as error:
        raise DataError(f"Cannot read {address}: {error}") from error


def _open_spark(address: str, name: str) -> Source:
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            f"Cannot read {address}: PySpark is not installed. Run `make .build/spark/ready`."
        ) from error
    engine = _spark()
    failures = (PySparkException, ibis.common.exceptions.TableNotFound)
    try:
        if name.endswith(".parquet"):
            table = engine.read_parquet(name)
        elif name.endswith((".csv", ".csv.gz")):
            table = engine.read_csv(name, header=True, inferSchema=False, escape='"')
        else:
            database, _, table_name = name.rpartition(".")
            table = engine.table(table_name, database=database or None)
    except failures as error:
        raise DataError(f"Cannot read {address}: {str(error).partition(chr(10))[0]}") from error
    return Source(address, engine, table, failures)


def _spark() -> BaseBackend:
    """Return the Spark that its own configuration names, one in this process by default."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    builder = SparkSession.builder.appName("puntual").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    return ibis.pyspark.connect(session)
