"""Tables of flights by their address, on whatever engine they lie."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import ibis
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from training.errors import RECIPES, DataError

from . import files, memory, queries
from .columns import Columns
from .reasons import reason_of

__all__ = ["Columns", "Source", "open_source", "scheme_of"]

BIGQUERY: Final = "bigquery"
SPARK: Final = "spark"
MAX_COLUMNS: Final = 30  # columns


@dataclass(frozen=True)
class Source:
    """A table of flights and the engine that reads it.

    `files` are what a table of files consists of; `failures` is what its engine raises where it
    cannot read, write or carry on. The rows of a source that is `ordered` keep their order.
    `partitions` are columns that no file has: the names of folders give their values. `given` are
    the names in the files of columns that the engine renames, by those that it gives them.
    """

    address: str
    engine: BaseBackend
    table: Table
    failures: tuple[type[Exception], ...]
    files: tuple[Path, ...] = ()
    ordered: bool = False
    partitions: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_columns(self) -> list[str]:
        """The columns of the rows themselves."""
        return [name for name in self.table.columns if name not in self.partitions]

    def column(self, name: str) -> None:
        """Raise `DataError` unless the table has this column."""
        if name in self.table.columns:
            return
        has = ", ".join(f"`{column}`" for column in self.table.columns[:MAX_COLUMNS])
        more = ", ..." if len(self.table.columns) > MAX_COLUMNS else ""
        raise DataError(
            f"Cannot use {self.address}: it has no column `{name}`. It has {has}{more}."
        )

    def file(self, path: Path) -> Table:
        """Return the rows of one of the files."""
        name = f"file_{self.files.index(path)}"
        return _view(self.engine, name, (path,), self.partitions)

    def check_times(self, names: Iterable[str]) -> None:
        """Raise `DataError` where a column is a date in one file and a time in another."""
        for name in names:
            if self.table[name].type().is_timestamp() and (found := files.mixed(self.files, name)):
                raise DataError(
                    f"Cannot use {self.address}: the column `{name}` holds dates in {found[0]}, "
                    f"but times in {found[1]}. {RECIPES}"
                )

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
            reason = reason or reason_of(error)
            if "Out of Memory" in reason:
                # DuckDB may use what was free, unless something else has taken it since.
                bound = self.engine.con.execute("SELECT current_setting('memory_limit')").fetchone()
                reason = f"DuckDB needs more memory than {bound[0]}, half of what was free"
            raise DataError(f"Cannot {doing}: {reason}.") from error


def scheme_of(address: str) -> tuple[str, str]:
    """Return the engine of an address and the rest: `duckdb` where it names files."""
    scheme, _, rest = address.partition(":")
    return (scheme, rest) if scheme in {BIGQUERY, SPARK} else ("duckdb", address)


def open_source(address: str) -> Source:
    """Open a table by its address; raise `DataError` where there is none.

    `flights.csv`, `2017/*.parquet`: files, by DuckDB inside this process; `flights.sql`: a file
    with a query, by the same. `bigquery:P.D.T`: a table of BigQuery. `spark:D.T` or `spark:PATH`:
    a table or files of Spark.
    """
    openers: dict[str, Callable[[str, str], Source]] = {
        BIGQUERY: _open_bigquery,
        SPARK: _open_spark,
        "duckdb": _open_duckdb,
    }
    scheme, rest = scheme_of(address)
    return openers[scheme](address, rest)


def files_of(address: str) -> tuple[Path, ...]:
    """Return the files of an address, or none where it names a table.

    Those of a query are its own and what its text names.
    """
    scheme, rest = scheme_of(address)
    if scheme == "duckdb":
        return queries.files_of(Path(rest)) if queries.is_query(rest) else files.named(rest)
    return (Path(rest),) if scheme == SPARK else ()


def _open_duckdb(address: str, name: str) -> Source:
    import duckdb  # noqa: PLC0415  # every engine's own module is imported where it is asked for

    query = queries.is_query(name)
    found = () if query else files.named(name)
    spill = Path(tempfile.gettempdir(), f"puntual-{os.getpid()}")
    engine = ibis.duckdb.connect(
        memory_limit=memory.text(memory.limit()), temp_directory=str(spill)
    )
    # DuckDB tracks progress only with its progress bar enabled; we print our own.
    engine.raw_sql("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    # A writer of DuckDB 2.0 that is interrupted may wait without end for one of its own threads.
    engine.raw_sql("SET async_threads = 0")
    unread = ibis.table({}, name="unread")
    source = Source(address, engine, unread, (duckdb.Error,), found, ordered=True)
    with source.trouble(f"{'run' if query else 'read'} {address}"):
        if query:
            queries.materialize(engine.con, Path(name))
            table = engine.table(queries.ROWS)
        else:
            table = _view(engine, "flights", found)
            return _with_partitions(replace(source, table=table))
    return replace(source, table=table)


def _with_partitions(source: Source) -> Source:
    """Return a source of files with what folders and the files' own names add."""
    has = source.table.columns
    pairs = zip(has, files.names_of(source.files[0]), strict=False)
    given = {name: own for name, own in pairs if name != own}
    partitions = files.partitions_of(source.files, has)
    table = source.table
    if partitions:
        table = _view(source.engine, "flights", source.files, partitions)
    return replace(source, table=table, partitions=partitions, given=given)


def _view(
    engine: BaseBackend, name: str, found: tuple[Path, ...], partitions: tuple[str, ...] = ()
) -> Table:
    engine.raw_sql(f"CREATE OR REPLACE TEMP VIEW {name} AS {files.rows_sql(found, partitions)}")
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
