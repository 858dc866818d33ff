"""Files of flights, read by DuckDB, which is left nothing to guess."""

import glob
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pyarrow import ArrowException, parquet, types

from training.errors import RECIPES, DataError

from . import csv_files
from .padding import unpadded

# Every option that DuckDB would find out itself, and none that skips a row.
DIALECT: Final = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', comment = '', "
    "nullstr = '', encoding = 'utf-8', strict_mode = true, null_padding = false, "
    "ignore_errors = false, hive_partitioning = false"
)
PATH: Final = "_path_of_the_file"  # a column that no file has
# What DuckDB and others write for no value in the name of a folder.
NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"


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
    raise DataError(
        f"Cannot read {path}: expected files all `.csv`, `.csv.gz` or `.parquet`. {RECIPES}"
    )


def rows_sql(files: Iterable[Path], partitions: Iterable[str] = ()) -> str:
    """Return the query of the rows of files, in their order; those of CSV hold texts.

    Columns are added for `partitions`, with the values that the names of folders give.
    """
    files = tuple(files)
    path = f", filename = {text_sql(PATH)}" if partitions else ""
    formats = {format_of(path) for path in files}
    if len(formats) > 1:
        raise DataError(f"Cannot read {files[0]}: expected files all `.csv` or all `.parquet`.")
    if formats == {"parquet"}:
        rows = (
            f"SELECT * FROM read_parquet({_list(files)}, union_by_name = true, "  # noqa: S608  # every name is quoted
            f"hive_partitioning = false{path})"
        )
        return _with(partitions, rows)
    parts = []
    for (gzipped, header), group in itertools.groupby(files, key=_reading):
        texts = ", ".join(f"{text_sql(name)}: 'VARCHAR'" for name in header.names)
        compression = "gzip" if gzipped else "none"
        read = [unpadded(path) if gzipped else path for path in group]
        parts.append(
            f"SELECT * FROM read_csv({_list(read)}, {DIALECT}, columns = {{{texts}}}, "  # noqa: S608  # the same
            f"skip = {header.skip}, compression = '{compression}'{path})"
        )
    return _with(partitions, " UNION ALL BY NAME ".join(parts))


def partitions_of(files: Iterable[Path], has: Iterable[str]) -> tuple[str, ...]:
    """Return the names that folders of all files give values, such as `MES=3`, but for columns."""
    named = [dict.fromkeys(key for key, _ in _folders(path)) for path in files]
    taken = {column.casefold() for column in has}
    first = named[0] if named else {}
    return tuple(
        key
        for key in first
        if all(key in others for others in named) and key.casefold() not in taken
    )


def names_of(path: Path) -> list[str]:
    """Return the names of a file's columns as they stand in it."""
    if format_of(path) == "csv":
        return [*csv_files.header_of(path).given]
    return list(_schema(path).names)


def mixed(files: Iterable[Path], column: str) -> tuple[Path, Path] | None:
    """Return a file in which a column is a date and one in which it is a time, or None."""
    found: dict[bool, Path] = {}
    for path in files:
        schema = _schema(path)
        for name, each in zip(schema.names, schema.types, strict=True):
            if name.casefold() == column.casefold() and types.is_temporal(each):
                found.setdefault(types.is_date(each), path)
    return (found[True], found[False]) if len(found) > 1 else None


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
    files = tuple(files)
    for path in files:
        if format_of(path) == "csv" and (fault := csv_files.fault_of(path)):
            return f"{path}: {fault}" if len(files) > 1 else fault
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
    return csv_files.is_gzipped(path), csv_files.header_of(path)


def _folders(path: Path) -> Iterator[tuple[str, str]]:
    for part in path.parent.parts:
        key, equals, value = part.partition("=")
        if key and equals:
            yield key, value


def _with(partitions: Iterable[str], rows: str) -> str:
    """Return a query of rows with a column for each name that folders give a value."""
    added = []
    for key in partitions:
        pattern = text_sql(rf"(?:^|.*/){re.escape(key)}=([^/]*)/")
        value = f"nullif(regexp_extract({name_sql(PATH)}, {pattern}, 1), {text_sql(NO_VALUE)})"
        added.append(f"url_decode({value}) AS {name_sql(key)}")
    if not added:
        return rows
    return f"SELECT * EXCLUDE ({name_sql(PATH)}), {', '.join(added)} FROM ({rows})"  # noqa: S608  # the same


def _schema(path: Path) -> Any:  # noqa: ANN401  # PyArrow has no types
    try:
        return parquet.read_schema(path)
    except (ArrowException, OSError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error


def _list(files: Iterable[Path]) -> str:
    return f"[{', '.join(text_sql(glob.escape(str(path))) for path in files)}]"


def _parquet_rows(path: Path) -> int:
    try:
        return int(parquet.read_metadata(path).num_rows)
    except (ArrowException, OSError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error
