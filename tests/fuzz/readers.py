"""Look for bytes that break a reader of flights: `python -m tests.fuzz.readers --inputs 5000`.

Bytes of a CSV or Parquet file must be counted, or refused with a `DataError`; else it is a bug.
Inputs are mutations of good files, the same for the same seed.
"""

import random
import tempfile
from pathlib import Path
from typing import Annotated, Final

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from training.errors import DataError
from training.flights.reading import read_source
from training.tables import files

HEADER: Final = ["OPERA", "TIPOVUELO", "MES", "Fecha-I", "Fecha-O"]
ROWS: Final = [
    (
        "Sky",
        "N",
        str(1 + i % 9),
        f"2017-0{1 + i % 9}-01 10:00:00",
        f"2017-0{1 + i % 9}-01 1{i % 2}:00",
    )
    for i in range(60)
]
TOKENS: Final = [
    *(b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"\0", b"#", b"\xff", b"\xef\xbb\xbf", b"\\N"),
    *(b"'", b";", b"\t", b"NULL", b"nan", b"1e999", b"13", b"-", b"\xc2\xa0", b"0000", b"Z"),
]


def good(suffix: str) -> bytes:
    """Return the bytes of a good file."""
    if suffix == ".csv":
        lines = [",".join(row) for row in [HEADER, *ROWS]]
        return "\n".join(lines).encode()
    sink = pa.BufferOutputStream()
    columns = zip(HEADER, zip(*ROWS, strict=True), strict=True)
    pq.write_table(pa.table({name: list(values) for name, values in columns}), sink)
    return bytes(sink.getvalue())


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Return the bytes with a few places replaced, inserted, cut or doubled."""
    changed = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(changed) + 1)
        size = rng.choice([0, 0, 1, 4, 40])
        token = rng.choice([*TOKENS, bytes([rng.randrange(256)]), bytes(changed[at : at + size])])
        changed[at : at + size] = token
    return bytes(changed)


def check(content: bytes, suffix: str) -> str:
    """Return `counted` or `refused`; raise what is a bug."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"flights{suffix}")
        path.write_bytes(content)
        try:
            counted = read_source(str(path), drop_bad=True)
        except DataError:
            return "refused"
        flights = int(counted.counts.table["flights"].sum()) + counted.left_out
        assert flights == files.records_exactly((path,))
        return "counted"


def main(
    inputs: Annotated[int, typer.Option(help="How many of each format.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the mutations.")] = 1,
) -> None:
    """Check that many inputs of each format, and print how they ended."""
    for suffix in (".csv", ".parquet"):
        rng, content = random.Random(seed), good(suffix)  # noqa: S311  # no secrets
        ends = [check(mutated(content, rng), suffix) for _ in range(inputs)]
        typer.echo(f"{suffix}: {ends.count('counted')} counted, {ends.count('refused')} refused")


if __name__ == "__main__":
    typer.run(main)
