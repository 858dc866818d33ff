"""Files of flights, read by DuckDB, which is left nothing to guess."""

import glob
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pyarrow import ArrowException, parquet

from training.errors import DataError

from . import csv_files

# Every option that DuckDB would find out itself, and none that skips a row.
DIALECT: Final = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', "
    "nullstr = '', encoding = 'utf-8', strict_mode = true, null_padding = false, "
    "ignore_errors = false"
)


def named(pattern: str) -> tuple[Path, ...]:
    """Return the files of a name or pattern, sorted; raise `DataError` where there are none."""
    if Path(pattern).is_dir():
        raise DataError(
            f"Cannot read {pattern}: it is a folder. Name its files, such as `{pattern}/*.csv`."
        )
    if Path(pattern).exists():  # a name may hold what elsewhere is a pattern
        return (Path(pattern),)
    found = map(Path, sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207  # absolute patterns too
    files = tuple(path for path in found if not path.is_dir())
    if not files:
        raise DataError(f"Cannot read {pattern}: no such file.")
    return files


def format_of(path: Path) -> str:
    """Return `csv` or `parquet`, by the name; raise `DataError` for others."""
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return "csv"
    if name.endswith(".parquet"):
        return "parquet"
    raise DataError(f"Cannot read {path}: expected files all `.csv`, `.csv.gz` or `.parquet`.")


def rows_sql(files: Iterable[Path]) -> str:
    """Return the query of the rows of files, in their order; those of CSV hold texts."""
    files = tuple(files)
    formats = {format_of(path) for path in files}
    if len(formats) > 1:
        raise DataError(f"Cannot read {files[0]}: expected files all `.csv` or all `.parquet`.")
    if formats == {"parquet"}:
        return f"SELECT * FROM read_parquet({_list(files)}, union_by_name = true)"  # noqa: S608  # every name is quoted
    parts = []
    for (gzipped, header), group in itertools.groupby(files, key=_reading):
        texts = ", ".join(f"{text_sql(name)}: 'VARCHAR'" for name in header.names)
        compression = "gzip" if gzipped else "none"
        parts.append(
            f"SELECT * FROM read_csv({_list(group)}, {DIALECT}, columns = {{{texts}}}, "  # noqa: S608  # the same
            f"skip = {header.skip}, compression = '{compression}')"
        )
    return " UNION ALL BY NAME ".join(parts)


def records(files: Iterable[Path]) -> int:
    """Return the number of rows without DuckDB, at little cost."""
    return sum(
        csv_files.records(path) if format_of(path) == "csv" else _parquet_rows(path)
        for path in files
    )


def records_exactly(files: Iterable[Path]) -> int:
    """Return the number of rows without DuckDB, at the cost of reading them."""
    return sum(
        csv_files.records_exactly(path) if format_of(path) == "csv" else _parquet_rows(path)
        for path in files
    )


def fault_of(files: Iterable[Path]) -> str | None:
    """Return the first fault of malformed CSV files with its place, or None."""
    for path in files:
        if format_of(path) == "csv" and (fault := csv_files.fault_of(path)):
            return f"{path}: {fault}"
    return None


def places(path: Path, rows: list[int]) -> list[str]:
    """Return where rows of a file are: a line of CSV, a row of Parquet."""
    if format_of(path) == "parquet":
        return [f"row {row + 1}" for row in rows]
    lines = csv_files.lines_of(path, rows)
    return [f"line {lines[row]}" if row in lines else f"row {row + 1}" for row in rows]


def text_sql(value: str) -> str:
    """Return a text as DuckDB's SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def name_sql(value: str) -> str:
    """Return a name as DuckDB's SQL writes it."""
    return '"' + value.replace('"', '""') + '"'


def _reading(path: Path) -> tuple[bool, csv_files.Header]:
    return path.suffix.lower() == ".gz", csv_files.header_of(path)


def _list(files: Iterable[Path]) -> str:
    return f"[{', '.join(text_sql(glob.escape(str(path))) for path in files)}]"


def _parquet_rows(path: Path) -> int:
    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error
