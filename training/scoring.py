"""Scoring flights where they lie: the model answers each cell once, and the engine joins."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis
import pyarrow as pa
from ibis.expr.types import Table
from pyarrow import csv, parquet

from function.encoder import Encoder
from function.flights import Flight
from function.metadata import Categories
from function.model import Model

from .artifacts import whole
from .counting import MAX_CELLS
from .counts import DataError
from .sources import Columns, Source, open_source, scheme_of

ANSWERS: Final = ("delay", "probability")
KEYS: Final = ("_airline", "_kind", "_month")
LISTED: Final = 10
TICK: Final = 0.1  # seconds

type Cell = dict[str, Any]
type Progress = Callable[[float], object]  # takes the share that is done, from 0 to 1


class Scored(NamedTuple):
    """How many flights were answered, and by which model."""

    flights: int
    unknown: int  # of them, left without an answer
    model_version: str


def score(  # noqa: PLR0913  # each of them is an option of the command
    address: str,
    out: str,
    model_path: Path,
    columns: Columns | None = None,
    *,
    empty: bool = False,
    progress: Progress = lambda _: None,
) -> Scored:
    """Write every row of a source to `out`, with its `delay` and `probability`.

    `out` is a Parquet or CSV file, replaced as a whole or not at all, or a table of the source's
    own engine. Raise `DataError` at flights that the model does not know, or leave their answers
    null where they may be `empty`. The rows of files keep their order.
    """
    source, model = open_source(address), Model(model_path)
    columns = columns or Columns()
    _check(source, out, columns)
    cells = _cells(source, columns)
    known, unknown = _divide(cells, model.metadata.categories)
    flights = sum(cells["flights"].to_pylist())
    if unknown and not empty:
        raise DataError(_refusal(address, unknown, flights))
    answers = ibis.memtable(_answered(known, model, cells.schema))
    scored = joined(source.table, answers, columns)
    version = model.metadata.model_version
    with source.trouble(f"write {out}"):
        if scheme_of(out)[0] == "duckdb":
            with whole(Path(out)) as new:
                write = _copy if source.files else _fetch
                write(source, scored, new, {"model_version": version}, progress)
        else:
            database, _, table = scheme_of(out)[1].rpartition(".")
            source.engine.create_table(table, scored, database=database or None, overwrite=True)
    return Scored(flights, sum(row["flights"] for row in unknown), version)


def joined(table: Table, answers: Table, columns: Columns) -> Table:
    """Return the rows of `table` with the answers of their cells, null where there is none."""
    names = (columns.airline, columns.kind, columns.month)
    match = [table[name] == answers[key] for name, key in zip(names, KEYS, strict=True)]
    both = table.left_join(answers, match)
    return both.select(*(both[name] for name in (*table.columns, *ANSWERS)))


def flight_of(airline: object, kind: object, month: object, known: Categories) -> Flight | None:
    """Return the flight as the model knows it, or nothing: never one that it would reject."""
    if isinstance(month, str):
        month = int(month) if re.fullmatch(r"0*[0-9]{1,2}", month, re.ASCII) else None
    if airline in known.OPERA and kind in known.TIPOVUELO and month in known.MES:
        return Flight(str(airline), str(kind), int(str(month).partition(".")[0]))
    return None


def _check(source: Source, out: str, columns: Columns) -> None:
    for name in (columns.airline, columns.kind, columns.month):
        source.column(name)
    taken = {name.casefold() for name in source.table.columns} & {*ANSWERS, *KEYS}
    if taken:
        raise DataError(f"Cannot score {source.address}: it has a column `{min(taken)}` already.")
    ours, theirs = scheme_of(source.address)[0], scheme_of(out)[0]
    if theirs != "duckdb" and theirs != ours:
        raise DataError(f"Cannot write {out}: the flights are in {ours}. Name a file, or a table.")
    if theirs == "duckdb" and not out.endswith((".parquet", ".csv")):
        raise DataError(f"Cannot write {out}: expected a name that ends in .parquet or .csv.")


def _cells(source: Source, columns: Columns) -> pa.Table:
    """Return the kinds of flights that occur, as they stand, and the number of each."""
    table = source.table
    names = dict(zip(KEYS, (columns.airline, columns.kind, columns.month), strict=True))
    cells = table.group_by(**{key: table[name] for key, name in names.items()})
    with source.trouble(f"read {source.address}"):
        found = source.engine.to_pyarrow(cells.agg(flights=table.count()).limit(MAX_CELLS + 1))
    if len(found) > MAX_CELLS:
        raise DataError(
            f"Cannot score {source.address}: expected at most {MAX_CELLS:,} kinds of flights, got "
            f"more. Is the airline's name in the column `{columns.airline}`?"
        )
    return found


def _divide(cells: pa.Table, known: Categories) -> tuple[list[Cell], list[Cell]]:
    """Divide the cells into those that the model knows, with their `flight`, and the others."""
    rows = [
        row | {"flight": flight_of(*(row[key] for key in KEYS), known)} for row in cells.to_pylist()
    ]
    return [row for row in rows if row["flight"]], [row for row in rows if not row["flight"]]


def _refusal(address: str, unknown: list[Cell], flights: int) -> str:
    rows = sorted(unknown, key=lambda row: -row["flights"])
    shown = ", ".join(
        f"{row['flights']:,} of {tuple(row[key] for key in KEYS)}" for row in rows[:LISTED]
    )
    more = f" and {len(rows) - LISTED} other kinds" if len(rows) > LISTED else ""
    return (
        f"Cannot score {address}: the model does not know {sum(row['flights'] for row in rows):,} "
        f"of {flights:,} flights: {shown}{more}. `--unknown empty` leaves their answers empty."
    )


def _answered(known: list[Cell], model: Model, schema: pa.Schema) -> pa.Table:
    """Return the answers of the cells, under the keys as they stand in the source."""
    encoder = Encoder(model.metadata.categories)
    cells = encoder.cells([row["flight"] for row in known])
    prediction = model.predict(encoder.one_hot, cells)
    keys = {key: pa.array([row[key] for row in known], schema.field(key).type) for key in KEYS}
    return pa.table({**keys, **prediction._asdict()})


def _copy(
    source: Source, scored: Table, path: Path, metadata: dict[str, str], progress: Progress
) -> None:
    """Let DuckDB write, and interrupt it where this thread is interrupted."""
    engine = source.engine
    with ThreadPoolExecutor(1) as pool:
        if path.suffix == ".parquet":
            job = pool.submit(engine.to_parquet, scored, path, kv_metadata=metadata)
        else:
            job = pool.submit(engine.to_csv, scored, path, header=True)
        try:
            while wait([job], TICK).not_done:
                progress(max(engine.con.query_progress(), 0) / 100)
        except BaseException:
            engine.con.interrupt()
            raise
        job.result()


def _fetch(
    source: Source, scored: Table, path: Path, metadata: dict[str, str], progress: Progress
) -> None:
    """Write what another engine answers, a batch at a time."""
    flights = source.engine.execute(scored.count())
    batches = source.engine.to_pyarrow_batches(scored)
    schema = batches.schema
    writer = (
        parquet.ParquetWriter(path, schema.with_metadata(metadata))
        if path.suffix == ".parquet"
        else csv.CSVWriter(path, schema)
    )
    with writer:
        done = 0
        for batch in batches:
            writer.write_batch(batch)
            done += len(batch)
            progress(done / flights)
