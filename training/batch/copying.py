"""Copying files of flights with their answers, in the order of their rows."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr.types import Table
from numpy.typing import NDArray

from function.metadata import DAYS, HOURS, RANGES
from training.tables import files
from training.tables.columns import Columns
from training.tables.rows import MONTHS, checked_rows, raw_rows
from training.tables.sources import Source

from .renaming import rename

ANSWER_TYPES: Final = {"delay": "BIGINT", "probability": "FLOAT"}
# Places of the answers of one airline, type and month: by hour, weekday and range of the day.
PLACES: Final = len(HOURS) * len(DAYS) * len(RANGES)
TICK: Final = 0.1  # seconds
DAY_FUNCTION: Final = "_day_so_far"

type Progress = Callable[[float], object]  # takes the share that is done, from 0 to 1


# The range of the day so far at a minute, by a function that DuckDB is given.
_day: Final = ibis.udf.scalar.builtin(name=DAY_FUNCTION, signature=(("int64",), "int64"))(
    lambda minute: minute
)


def copy(  # noqa: PLR0913, PLR0917  # what is read, what is added, and where it goes
    source: Source,
    answers: pd.DataFrame,
    path: Path,
    version: str,
    columns: Columns,
    progress: Progress,
    day: Table | None = None,
) -> None:
    """Write the rows of files with the answers of their cells to `path`, Parquet or CSV.

    `answers` has a row for each cell, with `DIANOM` as a number. DuckDB's hash join on several
    threads forgets the order of rows, so each answer is looked up at the place that its cell has
    in an array; so is the `day` so far of each minute.
    """
    options = "FORMAT csv, HEADER"
    if path.suffix.lower() == ".parquet":
        options = f"FORMAT parquet, KV_METADATA {{model_version: {files.text_sql(version)}}}"
    minutes = None if day is None else source.engine.to_pyarrow(day)
    texts = path.suffix.lower() == ".csv"
    with _functions(source, answers, minutes):
        query = _query(source, answers, columns, look_back=day is not None, texts=texts)
        _run(source, f"COPY ({query}) TO {files.text_sql(str(path))} ({options})", progress)
    if source.given:
        rename(path, [source.given.get(name, name) for name in source.own_columns])


def _query(
    source: Source, answers: pd.DataFrame, columns: Columns, *, look_back: bool, texts: bool
) -> str:
    """Return the query of the rows with their answers, where `texts` with none stored as binary."""
    table, own = source.table, source.own_columns
    kept = {f"_{i}": table[name] for i, name in enumerate(own)}
    read = raw_rows(table, columns, delays=False, **kept)
    if look_back:
        read = read.mutate(HOY=_day(read["minute"]))
    rows = ibis.to_sql(checked_rows(read, names=False), dialect="duckdb")
    flight = "0"
    for name, known in _known(answers).items():
        codes = f"ENUM ({', '.join(map(files.text_sql, known))})"
        flight = f"({flight} * {len(known)} + enum_code(TRY_CAST({name} AS {codes}))::BIGINT)"
    flight = f"{flight} * {MONTHS} + MES - 1 + fault_free"
    time = f"((HORA + 1) * {len(DAYS)} + DIANOM) * {len(RANGES)} + HOY + 1"
    shown = [
        f"COALESCE(TRY(decode(_{i})), _{i}::VARCHAR)" if texts and binary else f"_{i}"
        for i, binary in enumerate(table[name].type().is_binary() for name in own)
    ]
    named = [f"{value} AS {files.name_sql(name)}" for value, name in zip(shown, own, strict=True)]
    added = [f"_{name}({flight}, {time}) AS {name}" for name in ANSWER_TYPES]
    return (
        f"SELECT {', '.join([*named, *added])} "  # noqa: S608  # every text and name in it is quoted
        f"FROM (SELECT *, CASE WHEN fault IS NULL THEN 0 END AS fault_free FROM ({rows}))"
    )


@contextmanager
def _functions(source: Source, answers: pd.DataFrame, minutes: pa.Table | None) -> Iterator[None]:
    """Give DuckDB a function for each answer, of the places of a flight and of its time.

    `minutes` has the day so far of each minute, which is a function of it.
    """
    from duckdb import sqltypes  # noqa: PLC0415  # the engine is imported where it is asked for

    start, place = _places(answers)
    types = {"delay": sqltypes.BIGINT, "probability": sqltypes.FLOAT}
    connection = source.engine.con
    for name, given in types.items():
        take = _taker(start, _dense(answers[name].to_numpy(), place))
        arguments = [sqltypes.BIGINT] * 2
        connection.create_function(
            f"_{name}", take, arguments, given, type="arrow", null_handling="special"
        )
    if minutes is not None:
        kinds = [sqltypes.BIGINT], sqltypes.BIGINT
        look = _looker(minutes)
        connection.create_function(
            DAY_FUNCTION, look, *kinds, type="arrow", null_handling="special"
        )
    try:
        yield
    finally:
        for name in [*(f"_{name}" for name in types), *([] if minutes is None else [DAY_FUNCTION])]:
            connection.remove_function(name)


def _places(answers: pd.DataFrame) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return where the answers of each flight begin, null for none, and the place of each answer.

    Only the flights that occur have places for times, so the answers do not grow with the product
    of all categories.
    """
    number, flight = 1, np.zeros(len(answers), np.int64)
    for name, known in _known(answers).items():
        codes = pd.Index(known).get_indexer(pd.Index(answers[name]))
        number, flight = number * len(known), flight * len(known) + codes
    flight = flight * MONTHS + answers["MES"].to_numpy() - 1
    flights, rank = np.unique(flight, return_inverse=True)
    start = np.full(number * MONTHS, -1)
    start[flights] = np.arange(len(flights)) * PLACES
    time = (answers["HORA"].to_numpy() + 1) * len(DAYS) + answers["DIANOM"].to_numpy()
    time = time * len(RANGES) + answers["HOY"].to_numpy() + 1
    return pa.array(start, mask=start < 0), rank * PLACES + time


def _dense(values: NDArray[Any], place: NDArray[np.int64]) -> pa.Array:
    """Return the values at their places, and null elsewhere."""
    size = int(place.max(initial=-1)) + PLACES
    dense, empty = np.zeros(size, values.dtype), np.ones(size, bool)
    dense[place], empty[place] = values, False
    return pa.array(dense, mask=empty)


def _taker(start: pa.Array, answers: pa.Array) -> Callable[[Any, Any], Any]:
    def take(flight: Any, time: Any) -> Any:  # noqa: ANN401  # PyArrow has no types
        return answers.take(pc.add(start.take(flight), time))

    return take


def _looker(minutes: pa.Table) -> Callable[[Any], Any]:
    known, days = minutes["minute"].combine_chunks(), minutes["HOY"].combine_chunks()

    def look(asked: Any) -> Any:  # noqa: ANN401  # PyArrow has no types
        return days.take(pc.index_in(asked, known))

    return look


def _known(answers: pd.DataFrame) -> dict[str, list[str]]:
    return {name: sorted(set(answers[name])) or [""] for name in ("OPERA", "TIPOVUELO")}


def _run(source: Source, query: str, progress: Progress) -> None:
    """Let DuckDB work, and interrupt it where this thread is interrupted."""
    connection = source.engine.con
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(connection.execute, query)
        try:
            while wait([job], TICK).not_done:
                progress(max(connection.query_progress(), 0) / 100)
        except BaseException:
            # Again and again: DuckDB forgets an interruption that comes before its work begins.
            while wait([job], TICK).not_done:
                connection.interrupt()
            raise
        job.result()
