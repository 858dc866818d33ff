"""Copying files of flights with their answers, in the order of their rows."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import product
from pathlib import Path
from typing import Final

import pyarrow as pa

from training.flights.sources import Columns, Source

KEYS: Final = ("_airline", "_kind", "_month")
ANSWERS: Final = {"delay": "BIGINT", "probability": "FLOAT"}
TICK: Final = 0.1  # seconds

type Progress = Callable[[float], object]  # takes the share that is done, from 0 to 1


def copy(  # noqa: PLR0913, PLR0917  # what is read, what is added, and where it goes
    source: Source,
    answers: pa.Table,
    path: Path,
    version: str,
    columns: Columns,
    progress: Progress,
) -> None:
    """Write the rows of files with the answers of their cells to `path`, Parquet or CSV.

    DuckDB's hash join on several threads forgets the order of rows, so each answer stands in a
    list instead, at the place that the codes of the three columns give.
    """
    texts = [sorted(set(answers[key].to_pylist())) or [""] for key in KEYS]
    place = "0"
    for name, known in zip((columns.airline, columns.kind, columns.month), texts, strict=True):
        codes = f"ENUM ({', '.join(map(_text, known))})"
        code = f"enum_code(TRY_CAST(CAST({_name(name)} AS VARCHAR) AS {codes}))"
        place = f"({place} * {len(known)} + {code}::BIGINT)"
    added = ", ".join(
        f"list_extract({_list(answers, name, texts)}::{kind}[], {place} + 1) AS {name}"
        for name, kind in ANSWERS.items()
    )
    options = "FORMAT csv, HEADER"
    if path.suffix == ".parquet":
        options = f"FORMAT parquet, KV_METADATA {{model_version: {_text(version)}}}"
    table = _name(source.table.get_name())
    query = f"SELECT *, {added} FROM {table}"  # noqa: S608  # every text and name in it is quoted
    _run(source, f"COPY ({query}) TO {_text(str(path))} ({options})", progress)


def _list(answers: pa.Table, name: str, texts: Iterable[list[str]]) -> str:
    keys = zip(*(answers[key].to_pylist() for key in KEYS), strict=True)
    known = dict(zip(keys, answers[name].to_pylist(), strict=True))
    values = (known.get(cell) for cell in product(*texts))
    return f"[{', '.join('NULL' if value is None else repr(value) for value in values)}]"


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


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
