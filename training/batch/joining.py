"""Joining flights with their answers on the engine where they are, in no particular order."""

from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table
from pyarrow import csv, parquet

from training.errors import DataError
from training.flights.features import FEATURES
from training.flights.look_back import on_day
from training.tables.columns import Columns
from training.tables.rows import checked_rows, good, raw_rows
from training.tables.sources import BIGQUERY, Source, scheme_of

from .copying import ANSWER_TYPES, Progress


def joined(
    table: Table, answers: pd.DataFrame, columns: Columns, day: Table | None = None
) -> Table:
    """Return the rows of `table` with the answers of their cells, null where there is none."""
    known = ibis.memtable(pa.Table.from_pandas(answers, preserve_index=False))
    kept = {f"_{i}": table[name] for i, name in enumerate(table.columns)}
    read = raw_rows(table, columns, delays=False, **kept)
    rows = checked_rows(read if day is None else on_day(read, day), names=False)
    both = rows.left_join(known, [good(rows), *FEATURES])
    named = {name: both[f"_{i}"] for i, name in enumerate(table.columns)}
    return both.select(**named, **{name: both[name] for name in ANSWER_TYPES})


def create(source: Source, scored: Table, out: str, flights: int) -> None:
    """Write a table of the same engine, once it is known to hold as many flights."""
    check_written(out, flights, source.engine.to_pyarrow(scored.count()).as_py())
    scheme, name = scheme_of(out)
    database, _, table = name.rpartition(".")
    if scheme == BIGQUERY:  # Ibis takes a database for a dataset alone
        database, table = "", ".".join(f"`{part}`" for part in name.rsplit(".", 2))
    source.engine.create_table(table, scored, database=database or None, overwrite=True)


def fetch(source: Source, scored: Table, path: Path, version: str, progress: Progress) -> None:
    """Write what another engine answers to a file, a batch at a time."""
    flights = source.engine.to_pyarrow(scored.count()).as_py()
    batches = source.engine.to_pyarrow_batches(scored)
    schema = batches.schema
    writer = (
        parquet.ParquetWriter(path, schema.with_metadata({"model_version": version}))
        if path.suffix.lower() == ".parquet"
        else csv.CSVWriter(path, schema)
    )
    with writer:
        done = 0
        for batch in batches:
            writer.write_batch(batch.cast(schema))  # BigQuery has no 32-bit floats
            done += len(batch)
            progress(done / flights)


def check_written(out: str, flights: int, written: int) -> None:
    """Raise `DataError` unless as many rows are written as were read."""
    if written != flights:
        raise DataError(
            f"Cannot write {out}: {flights:,} rows were read, but {written:,} would be written."
        )
