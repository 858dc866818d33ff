"""Giving the columns of a written file the names of those that it was made of.

DuckDB has no two columns whose names differ in case alone, and none without a name.
"""

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

BLOCK: Final = 1 << 20  # bytes


def rename(path: Path, names: Sequence[str]) -> None:
    """Give the first columns of a CSV or Parquet file these names."""
    new = path.with_name(f"renamed-{path.name}")
    if path.suffix.lower() == ".parquet":
        _rename_parquet(path, new, names)
    else:
        _rename_csv(path, new, names)
    new.replace(path)


def _rename_csv(path: Path, new: Path, names: Sequence[str]) -> None:
    with path.open(encoding="utf-8", newline="") as text:
        header = next(csv.reader(iter(text.readline, "")))  # which may hold line breaks
        end = text.tell()
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([*names, *header[len(names) :]])
    with path.open("rb") as old, new.open("wb") as file:
        old.seek(end)
        file.write(line.getvalue().encode())
        shutil.copyfileobj(old, file, BLOCK)


def _rename_parquet(path: Path, new: Path, names: Sequence[str]) -> None:
    with parquet.ParquetFile(path) as old:
        schema = old.schema_arrow
        renamed = [*names, *schema.names[len(names) :]]
        fields = [field.with_name(name) for field, name in zip(schema, renamed, strict=True)]
        with parquet.ParquetWriter(new, pa.schema(fields, schema.metadata)) as file:
            for batch in old.iter_batches():
                file.write_batch(batch.rename_columns(renamed))
