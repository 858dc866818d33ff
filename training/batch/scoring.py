"""Scoring flights where they lie: the model answers each different flight once."""

import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table
from pyarrow import csv, parquet

from function.metadata import DAYS, Categories
from function.model import Model
from training.errors import DataError
from training.flights import faults
from training.flights.aggregation import MAX_CELLS
from training.flights.columns import Columns
from training.flights.features import FEATURES, cells_of, without_time
from training.flights.rows import RAW, judged, raw, roles_in
from training.flights.sources import Source, open_source, scheme_of
from training.release.artifacts import whole

from .copying import ANSWERS, KEYS, Progress, copy

LISTED: Final = 10
ROW: Final = "_row_"  # the prefix of the source's own columns, while there are others beside them


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
    null where they may be `empty`. The rows of files keep their order, and as many are written as
    were read. Texts are kept as they are, also those that a spreadsheet would run as a formula.
    """
    source, model = open_source(address), Model(model_path)
    columns = columns or Columns()
    _check(source, out, columns)
    flights = _different(source, columns)
    total = int(flights["flights"].sum())
    source.check_rows(total)
    known = _known(flights, model.metadata.categories)
    unknown = int(flights["flights"][~known].sum())
    if unknown and not empty:
        raise DataError(_refusal(source, columns, flights, known, model.metadata.categories))
    answers = answers_of(flights[known], model)
    version = model.metadata.model_version
    with source.trouble(f"write {out}"):
        _write(source, columns, answers, out, _Run(total, version, progress))
    return Scored(total, unknown, version)


def keyed(table: Table, columns: Columns) -> Table:
    """Return the rows of a table, each column with the prefix `ROW`, and their `KEYS`.

    The month is null where the time is unreadable or of another month: no answer has such a key.
    """
    kept = {f"{ROW}{name}": table[name] for name in table.columns}
    read = raw(table, columns, delays=False, **kept)
    rows = judged(read.mutate(readable=read["fault"] == 0))
    agree = rows["readable"] & (rows["month"].isnull() | (rows["month"] == rows["MES"]))
    keys = {key: rows[name] for key, name in zip(KEYS, FEATURES, strict=True)}
    keys["_month"] = agree.ifelse(rows["MES"], ibis.null("int64"))
    return rows.select(*kept, **keys)


def joined(table: Table, answers: Table, columns: Columns) -> Table:
    """Return the rows of `table` with their answers, null where there are none."""
    rows = keyed(table, columns)
    both = rows.left_join(answers, [rows[key] == answers[key] for key in KEYS])
    return both.select(
        **{name: both[f"{ROW}{name}"] for name in table.columns},
        **{name: both[name] for name in ANSWERS},
    )


def answers_of(flights: pd.DataFrame, model: Model) -> pa.Table:
    """Return the answers of flights, under the `KEYS` of their rows."""
    known = model.metadata.categories
    asked = flights if known.timed else without_time(flights)
    prediction = model.predict(cells_of(asked, known))
    numbers = flights["DIANOM"].map(DAYS.index) if len(flights) else flights["DIANOM"]
    columns = [*(flights[name] for name in FEATURES[:-1]), numbers]
    types = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.int64())
    keys = {
        key: pa.array(column.to_list(), kind)
        for key, column, kind in zip(KEYS, columns, types, strict=True)
    }
    return pa.table({**keys, **prediction._asdict()})


def _check(source: Source, out: str, columns: Columns) -> None:
    """Raise `DataError` for what cannot be read or written, before the work begins."""
    roles_in(source, columns, delays=False)
    taken = {name.casefold() for name in source.table.columns} & {*ANSWERS}
    if taken:
        raise DataError(f"Cannot score {source.address}: it has a column `{min(taken)}` already.")
    ours, theirs = scheme_of(source.address)[0], scheme_of(out)[0]
    if theirs not in {"duckdb", ours}:
        raise DataError(f"Cannot write {out}: the flights are in {ours}. Name a file, or a table.")
    if theirs != "duckdb":
        if out == source.address:
            raise DataError(f"Cannot write {out}: it is the input.")
        return
    path = Path(out)
    if path.suffix.lower() not in {".parquet", ".csv"}:
        raise DataError(f"Cannot write {out}: expected a name that ends in .parquet or .csv.")
    if path.is_dir():
        raise DataError(f"Cannot write {out}: it is a folder.")
    if path.exists() and any(path.samefile(file) for file in source.files):
        raise DataError(f"Cannot write {out}: it is an input.")
    folder = next(each for each in path.absolute().parents if each.exists())
    if not folder.is_dir():
        raise DataError(f"Cannot write {out}: {folder} is no folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"Cannot write {out}: {folder} cannot be written to.")


def _different(source: Source, columns: Columns) -> pd.DataFrame:
    """Return the different flights, the first `fault` of those that have one, and their number."""
    rows = raw(source.table, columns, delays=False)
    groups = judged(rows.group_by(RAW).agg(flights=rows.count()))
    groups = groups.select(*FEATURES, "fault", "flights")
    with source.trouble(f"read {source.address}"):
        found = source.engine.to_pyarrow(groups.limit(MAX_CELLS + 1))
    if found.num_rows > MAX_CELLS:
        raise DataError(
            f"Cannot score {source.address}: expected at most {MAX_CELLS:,} different flights, got "
            f"more. Is the airline's name in the column `{columns.airline}`?"
        )
    frame: pd.DataFrame = found.to_pandas().astype({"fault": object})
    frame["DIANOM"] = np.array(DAYS, object)[frame["DIANOM"].to_numpy(np.int64)]
    # The same flight may be written in two ways, such as the months 7 and 07.
    groups = frame.groupby([*FEATURES, "fault"], dropna=False, as_index=False)
    return groups[["flights"]].sum()


def _known(flights: pd.DataFrame, categories: Categories) -> "pd.Series[bool]":
    known = flights["fault"].isna()
    for name in FEATURES if categories.timed else FEATURES[:3]:
        known &= flights[name].isin(getattr(categories, name))
    return known


def _refusal(
    source: Source,
    columns: Columns,
    flights: pd.DataFrame,
    known: "pd.Series[bool]",
    categories: Categories,
) -> str:
    """Say which flights cannot be answered, the most frequent first, and why."""
    unknown = flights[~known]
    bad = unknown[unknown["fault"].notna()].groupby("fault")["flights"].sum()
    foreign = unknown[unknown["fault"].isna()]
    kinds = foreign.groupby(FEATURES[:3])["flights"].sum().sort_values(ascending=False)
    shown = [f"{number:,} of {kind}" for kind, number in kinds.head(LISTED).items()]
    if len(kinds) > LISTED:
        shown.append(f"and {len(kinds) - LISTED} other combinations")
    never = sorted(set(foreign["MES"].tolist()) - {*categories.MES})
    shown += [f"month {month:g} was never in training" for month in never]
    if len(bad):
        numbers = {str(fault): int(number) for fault, number in bad.items()}
        shown.append(faults.described(source, columns, numbers, delays=False))
    return (
        f"Cannot score {source.address}: the model does not know "
        f"{unknown['flights'].sum():,} of {flights['flights'].sum():,} flights: "
        f"{', '.join(shown)}. `--unknown empty` leaves their answers empty."
    )


class _Run(NamedTuple):
    """How many rows are to be written, by which model, and who is told of the progress."""

    rows: int
    version: str
    progress: Progress

    def check(self, out: str, written: int) -> None:
        if written != self.rows:
            raise DataError(f"Cannot write {out}: {written:,} of {self.rows:,} rows came out.")


def _write(source: Source, columns: Columns, answers: pa.Table, out: str, run: _Run) -> None:
    """Write the scored rows, and replace the old output only if none is missing."""
    scored = joined(source.table, ibis.memtable(answers), columns)
    if scheme_of(out)[0] != "duckdb":
        database, _, table = scheme_of(out)[1].rpartition(".")
        made = source.engine.create_table(table, scored, database=database or None, overwrite=True)
        run.check(out, int(source.engine.to_pyarrow(made.count()).as_py()))
        return
    with whole(Path(out)) as new:
        if source.files:
            rows = keyed(source.table, columns)
            written = copy(source, rows, answers, new, run.version, run.progress)
        else:
            written = _fetch(source, scored, new, run)
        run.check(out, written)


def _fetch(source: Source, scored: Table, path: Path, run: _Run) -> int:
    """Write what another engine answers, a batch at a time, and return the number of rows."""
    batches = source.engine.to_pyarrow_batches(scored)
    schema = batches.schema
    writer: Any = (
        parquet.ParquetWriter(path, schema.with_metadata({"model_version": run.version}))
        if path.suffix.lower() == ".parquet"
        else csv.CSVWriter(path, schema)
    )
    done = 0
    with writer:
        for batch in batches:
            writer.write_batch(batch)
            done += len(batch)
            run.progress(done / run.rows)
    return done
