"""Tables of flights by their address, on whatever engine they lie."""

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

from . import files
from .columns import OPTIONS, Columns

__all__ = ["Columns", "Source", "open_source", "scheme_of"]

# DuckDB's own share; Python, pandas and what DuckDB does not count come on top, below 1 GB in sum.
MEMORY_LIMIT: Final = "512MB"
BIGQUERY: Final = "bigquery"
SPARK: Final = "spark"
REASON: Final = 300  # characters that are shown of what an engine says
LISTED: Final = 30  # columns


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

    def column(self, name: str, option: str | None = None) -> None:
        """Raise `DataError` unless the table has this column; `option` names another."""
        if name in self.table.columns:
            return
        has = ", ".join(f"`{column}`" for column in self.table.columns[:LISTED])
        more = ", ..." if len(self.table.columns) > LISTED else ""
        advice = f" Name another by {option}." if option else ""
        raise DataError(
            f"Cannot use {self.address}: it has no column `{name}`. It has {has}{more}.{advice}"
        )

    def role(self, columns: Columns, role: str) -> str:
        """Return the column of a role; raise `DataError` unless the table has it."""
        name: str = getattr(columns, role)
        self.column(name, OPTIONS[role])
        return name

    def file(self, path: Path) -> Table:
        """Return the rows of one of the files."""
        return _view(self.engine, f"file_{self.files.index(path)}", (path,))

    def check_rows(self, rows: int) -> None:
        """Raise `DataError` unless the source has this many rows, counted another way."""
        if not self.files:
            with self.trouble(f"read {self.address}"):
                expected = self.engine.to_pyarrow(self.table.count()).as_py()
        elif (expected := files.records(self.files)) != rows:
            expected = files.records_exactly(self.files)
        if rows != expected:
            raise DataError(
                f"Cannot use {self.address}: it has {expected:,} rows, of which {rows:,} were read."
            )

    @contextmanager
    def trouble(self, doing: str) -> Iterator[None]:
        """Turn what the engine raises into a `DataError` that begins with `doing`."""
        try:
            yield
        except self.failures as error:
            reason = None
            if self.files and "CSV" in str(error):
                reason = files.fault_of(self.files)
            raise DataError(f"Cannot {doing}: {reason or reason_of(error)}.") from error


def reason_of(error: Exception) -> str:
    """Return what an engine says in one line, without its advice, which is not for the user."""
    said = str(error).partition("\nPossible ")[0]
    if "Caused by: " in said:  # Java's own cause is the last one, in a line
        said = said.rpartition("Caused by: ")[2].partition("\n")[0]
    lines = said.splitlines()
    reason = ", ".join(stripped for line in lines if (stripped := line.strip(" ,.")))
    return reason if len(reason) <= REASON else f"{reason[:REASON]}..."


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


def files_of(address: str) -> tuple[Path, ...]:
    """Return the files of an address, or none where it names a table."""
    scheme, rest = scheme_of(address)
    if scheme == "duckdb":
        return files.named(rest)
    return (Path(rest),) if scheme == SPARK else ()


def _open_files(address: str, pattern: str) -> Source:
    import duckdb  # noqa: PLC0415  # every engine's own module is imported where it is asked for

    found = files.named(pattern)
    spill = Path(tempfile.gettempdir(), f"puntual-{os.getpid()}")
    engine = ibis.duckdb.connect(memory_limit=MEMORY_LIMIT, temp_directory=str(spill))
    # DuckDB tracks progress only with its progress bar enabled; we print our own.
    engine.raw_sql("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    # A writer of DuckDB 2.0 that is interrupted may wait without end for one of its own threads.
    engine.raw_sql("SET async_threads = 0")
    source = Source(address, engine, ibis.table({}, name="unread"), (duckdb.Error,), found)
    with source.trouble(f"read {address}"):
        table = _view(engine, "flights", found)
    return Source(address, engine, table, source.failures, found)


def _view(engine: BaseBackend, name: str, found: tuple[Path, ...]) -> Table:
    engine.raw_sql(f"CREATE OR REPLACE TEMP VIEW {name} AS {files.rows_sql(found)}")
    return engine.table(name)


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
        raise DataError(f"Cannot read {address}: {reason_of(error)}.") from error


def _open_spark(address: str, name: str) -> Source:
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise DataError(
            f"Cannot read {address}: PySpark is not installed. Run `make .build/spark/ready`."
        ) from error
    engine = _spark()
    failures = (PySparkException, Py4JError, ibis.common.exceptions.TableNotFound)
    try:
        if name.lower().endswith(".parquet"):
            table = engine.read_parquet(name)
        elif name.lower().endswith((".csv", ".csv.gz")):
            table = engine.read_csv(name, **SPARK_CSV)
        else:
            database, _, table_name = name.rpartition(".")
            table = engine.table(table_name, database=database or None)
    except failures as error:
        raise DataError(f"Cannot read {address}: {reason_of(error)}.") from error
    return Source(address, engine, table, failures)


# A row of too few or too many values is an error, and a quoted text may hold line breaks.
SPARK_CSV: Final = {
    "header": True,
    "inferSchema": False,
    "escape": '"',
    "multiLine": True,
    "mode": "FAILFAST",
    "enforceSchema": False,
}


def _spark() -> BaseBackend:
    """Return the Spark that its own configuration names, one in this process by default."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    builder = SparkSession.builder.appName("puntual").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    # It checks the number of values of a row only where it parses all of them.
    builder = builder.config("spark.sql.csv.parser.columnPruning.enabled", "false")
    session = builder.getOrCreate()
    return ibis.pyspark.connect(session)
