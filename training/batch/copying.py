"""Copying files of flights with their answers, in the order of their rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from training.flights.files import name_sql, text_sql
from training.flights.sources import Source

KEYS: Final = ("_airline", "_flight_type", "_month", "_hour", "_weekday")
ANSWERS: Final = {"delay": "BIGINT", "probability": "FLOAT"}
TICK: Final = 0.1  # seconds
HOURS, WEEKDAYS = 25, 8  # each with "not given"

type Progress = Callable[[float], object]  # takes the share that is done, from 0 to 1


def copy(  # noqa: PLR0913, PLR0917  # what is read, what is added, and where it goes
    source: Source, rows: Table, answers: pa.Table, path: Path, version: str, progress: Progress
) -> int:
    """Write the rows of files with their answers to `path`, Parquet or CSV; return their number.

    `rows` has the columns of the files with a prefix, and their `KEYS`. DuckDB's hash join on
    several threads forgets the order of rows, so each answer is an element of a list instead. Its
    place is found in two steps, so that lists grow with the flights that occur, not with all that
    are possible: airline, type and month give a block, hour and weekday a place in it.
    """
    connection = source.engine.con
    airlines, types, blocks, values = _lists(answers)
    for name, value in {"block": blocks, **values}.items():
        connection.register("puntual_list", pa.table({"element": value}))
        elements = "SELECT list(element) FROM puntual_list"
        connection.execute(f"SET VARIABLE puntual_{name} = ({elements})")
        connection.unregister("puntual_list")
    place = "0"
    for key, names in (("_airline", airlines), ("_flight_type", types)):
        codes = f"ENUM ({', '.join(map(text_sql, names))})"
        place = f"({place} * {len(names)} + enum_code(TRY_CAST({key} AS {codes}))::BIGINT)"
    block = f"list_extract(getvariable('puntual_block'), {place} * 12 + _month)"
    element = f"{block} + (_hour + 1) * {WEEKDAYS} + _weekday + 1"
    added = [
        f"list_extract(getvariable('puntual_{name}'), {element})::{kind} AS {name}"
        for name, kind in ANSWERS.items()
    ]
    own = [f"{name_sql(name)} AS {name_sql(_own(name))}" for name in rows.columns[: -len(KEYS)]]
    options = "FORMAT csv, HEADER"
    if path.suffix.lower() == ".parquet":
        options = f"FORMAT parquet, KV_METADATA {{model_version: {text_sql(version)}}}"
    query = f"SELECT {', '.join([*own, *added])} FROM ({ibis.to_sql(rows, dialect='duckdb')})"  # noqa: S608  # every text and name in it is quoted
    return _run(source, f"COPY ({query}) TO {text_sql(str(path))} ({options})", progress)


def _own(name: str) -> str:
    return name.removeprefix("_row_")


def _lists(answers: pa.Table) -> tuple[list[str], list[str], pa.Array, dict[str, pa.Array]]:
    """Return the airlines and types that occur, where each block begins, and the answers."""
    keys = {key: answers[key].to_numpy(zero_copy_only=False) for key in KEYS}
    names, codes = zip(
        *(np.unique(keys[key].astype(str), return_inverse=True) for key in KEYS[:2]), strict=True
    )
    airlines, types = ([*map(str, each)] or [""] for each in names)
    place = (codes[0] * len(types) + codes[1]) * 12 + keys["_month"].astype(np.int64) - 1
    occurring, block = np.unique(place, return_inverse=True)
    size = HOURS * WEEKDAYS
    begins = np.full(len(airlines) * len(types) * 12, -1, np.int64)
    begins[occurring] = np.arange(len(occurring)) * size
    hours, weekdays = (keys[key].astype(np.int64) for key in KEYS[3:])
    element = block * size + (hours + 1) * WEEKDAYS + weekdays
    values: dict[str, pa.Array] = {}
    for name, kind in (("delay", pa.int64()), ("probability", pa.float32())):
        filled: Any = np.zeros(max(1, len(occurring)) * size, np.float32)
        filled[element] = answers[name].to_numpy()
        missing = np.ones(len(filled), bool)
        missing[element] = False
        values[name] = pa.array(filled.astype(kind.to_pandas_dtype()), kind, mask=missing)
    return airlines, types, pa.array(begins, pa.int64(), mask=begins < 0), values


def _run(source: Source, query: str, progress: Progress) -> int:
    """Let DuckDB work, and interrupt it where this thread is interrupted; return the rows."""
    connection = source.engine.con
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(lambda: connection.execute(query).fetchone()[0])
        try:
            while wait([job], TICK).not_done:
                progress(max(connection.query_progress(), 0) / 100)
        except BaseException:
            # Again and again: DuckDB forgets an interruption that comes before its work begins.
            while wait([job], TICK).not_done:
                connection.interrupt()
            raise
        return int(job.result())
