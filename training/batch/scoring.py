"""Scoring flights where they lie: the model answers each cell once, and the engine joins."""

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis
import pyarrow as pa
from ibis.expr.types import Table
from pyarrow import csv, parquet

from function.flights import Flight
from function.metadata import Categories
from function.model import Model
from training.errors import DataError
from training.flights.aggregation import MAX_CELLS
from training.flights.features import FLIGHT
from training.flights.sources import Columns, Source, open_source, scheme_of
from training.release.artifacts import whole

from .copying import ANSWERS, KEYS, Progress, copy

LISTED: Final = 10
_MONTH: Final = re.compile(r"0*([1-9]|1[0-2])(?:\.0)?", re.ASCII)  # the last of a DOUBLE

type Cell = dict[str, Any]


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
    flights = sum(cell["flights"] for cell in cells)
    if unknown and not empty:
        raise DataError(_refusal(address, unknown, flights))
    answers = answers_of(known, model)
    scored = joined(source.table, ibis.memtable(answers), columns)
    version = model.metadata.model_version
    with source.trouble(f"write {out}"):
        if scheme_of(out)[0] == "duckdb":
            with whole(Path(out)) as new:
                if source.files:
                    copy(source, answers, new, version, columns, progress)
                else:
                    _fetch(source, scored, new, version, progress)
        else:
            database, _, table = scheme_of(out)[1].rpartition(".")
            source.engine.create_table(table, scored, database=database or None, overwrite=True)
    return Scored(flights, sum(row["flights"] for row in unknown), version)


def joined(table: Table, answers: Table, columns: Columns) -> Table:
    """Return the rows of `table` with the answers of their cells, null where there is none."""
    names = (columns.airline, columns.kind, columns.month)
    pairs = zip(names, KEYS, strict=True)
    match = [table[name].cast("string") == answers[key] for name, key in pairs]
    both = table.left_join(answers, match)
    return both.select(*(both[name] for name in (*table.columns, *ANSWERS)))


def flight_of(airline: str | None, kind: str | None, month: str | None) -> Flight | None:
    """Return the flight of three texts, or nothing where the month is none."""
    digits = _MONTH.fullmatch(month or "")
    if airline is None or kind is None or digits is None:
        return None
    return Flight(airline, kind, int(digits[1]))


def _check(source: Source, out: str, columns: Columns) -> None:
    for name in (columns.airline, columns.kind, columns.month):
        source.column(name)
    taken = {name.casefold() for name in source.table.columns} & {*ANSWERS, *KEYS}
    if taken:
        raise DataError(f"Cannot score {source.address}: it has a column `{min(taken)}` already.")
    ours, theirs = scheme_of(source.address)[0], scheme_of(out)[0]
    if theirs not in {"duckdb", ours}:
        raise DataError(f"Cannot write {out}: the flights are in {ours}. Name a file, or a table.")
    if theirs == "duckdb" and not out.endswith((".parquet", ".csv")):
        raise DataError(f"Cannot write {out}: expected a name that ends in .parquet or .csv.")


def _cells(source: Source, columns: Columns) -> list[Cell]:
    """Return the kinds of flights that occur, as texts, and the number of each."""
    table = source.table
    names = dict(zip(KEYS, (columns.airline, columns.kind, columns.month), strict=True))
    cells = table.group_by(**{key: table[name].cast("string") for key, name in names.items()})
    with source.trouble(f"read {source.address}"):
        found = source.engine.to_pyarrow(cells.agg(flights=table.count()).limit(MAX_CELLS + 1))
    if len(found) > MAX_CELLS:
        raise DataError(
            f"Cannot score {source.address}: expected at most {MAX_CELLS:,} kinds of flights, got "
            f"more. Is the airline's name in the column `{columns.airline}`?"
        )
    kinds: list[Cell] = found.to_pylist()
    return kinds


def _divide(cells: list[Cell], known: Categories) -> tuple[list[Cell], list[Cell]]:
    """Divide the cells into those that the model knows, with their `flight`, and the others."""
    parts: tuple[list[Cell], list[Cell]] = ([], [])
    for cell in cells:
        flight = flight_of(*(cell[key] for key in KEYS))
        unknown = flight is None or any(
            getattr(flight, name) not in getattr(known, name) for name in FLIGHT
        )
        parts[unknown].append(cell | {"flight": flight})
    return parts


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


def answers_of(known: list[Cell], model: Model) -> pa.Table:
    """Return the answers of the cells, under the keys as they stand in the source."""
    prediction = model.predict(model.encoder.cells([cell["flight"] for cell in known]))
    keys = {key: pa.array([cell[key] for cell in known], pa.string()) for key in KEYS}
    return pa.table({**keys, **prediction._asdict()})


def _fetch(source: Source, scored: Table, path: Path, version: str, progress: Progress) -> None:
    """Write what another engine answers, a batch at a time."""
    flights = source.engine.to_pyarrow(scored.count()).as_py()
    batches = source.engine.to_pyarrow_batches(scored)
    schema = batches.schema
    writer = (
        parquet.ParquetWriter(path, schema.with_metadata({"model_version": version}))
        if path.suffix == ".parquet"
        else csv.CSVWriter(path, schema)
    )
    with writer:
        done = 0
        for batch in batches:
            writer.write_batch(batch)
            done += len(batch)
            progress(done / flights)
