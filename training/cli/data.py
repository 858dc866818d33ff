"""The commands that read flights wherever they lie.

Each command imports what it needs, so that `--help` is quick.
"""

import dataclasses
import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from training.flights.columns import Columns
from training.project import ARTIFACTS, load

from .console import console
from .options import ADDRESS, DropBad, Split, reads_flights

if TYPE_CHECKING:
    from training.flights.counts import Counts


class Unknown(StrEnum):
    """What becomes of flights that the model does not know."""

    stop = "stop"
    empty = "empty"


def read_counts(
    data: str | None,
    columns: Columns | None = None,
    *,
    drop_bad: bool = False,
    split: Split | None = None,
) -> "Counts":
    """Read counts, or flights at any address, and say what is odd in them.

    Without `data` they are those of data/airport.toml, with its period where they have none.
    """
    from training.flights.reading import read_source

    airport = load()
    address = data or airport.data
    with console.status(f"Reading {address}"):
        counted = read_source(
            address,
            columns or airport.columns,
            drop_bad=drop_bad,
            split=split.value if split else None,
        )
    if counted.left_out:
        console.print(f"Left out {counted.left_out:,} bad rows of {address}")
    for note in counted.notes:
        console.print(note, highlight=False, soft_wrap=True)
    counts = counted.counts
    if counts.period is None and airport.owns(address):
        return dataclasses.replace(counts, period=airport.period)
    return counts


@reads_flights
def count(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    split: Annotated[
        Split | None,
        typer.Option(
            help="The challenge's split of a CSV's rows, or a seeded draw. By default rows "
            "for one CSV with the challenge's columns, else draw."
        ),
    ] = None,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
) -> None:
    """Count the flights of each cell and split, on the engine where they lie."""
    from training.flights.counts import TOTALS
    from training.release.artifacts import replace

    counts = read_counts(flights, columns, drop_bad=drop_bad, split=split)
    replace(out.parent, {out.name: counts.to_csv().encode()})
    total = counts.table[TOTALS].sum()
    console.print(
        f"{total['flights']:,} flights, {total['delayed']:,} delayed, "
        f"in {len(counts.table)} rows: {out}"
    )


@reads_flights
def score(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[str, typer.Option(help="A .parquet or .csv, or a table of the same engine.")],
    unknown: Annotated[
        Unknown, typer.Option(help="What to do at flights the model does not know.")
    ] = Unknown.stop,
    model: Annotated[Path, typer.Option(help="Model.")] = ARTIFACTS / "model.onnx",
    *,
    columns: Columns,
) -> None:
    """Write every flight with its delay and probability."""
    from rich.progress import Progress

    from training.batch import scoring

    signal.signal(signal.SIGTERM, _stop)
    with Progress(console=console) as progress:
        task = progress.add_task(f"Scoring {flights}", total=1)
        scored = scoring.score(
            flights,
            out,
            model,
            columns,
            empty=unknown is Unknown.empty,
            progress=lambda share: progress.update(task, completed=share),
        )
        progress.update(task, completed=1)
    left = f", {scored.unknown:,} of them unknown and left empty" if scored.unknown else ""
    console.print(f"{scored.flights:,} flights{left}, by model {scored.model_version}: {out}")


def bigquery(
    dataset: Annotated[str, typer.Option(help="PROJECT.DATASET.")] = "PROJECT.DATASET",
    table: Annotated[str, typer.Option(help="Table of flights.")] = "flights",
    scheduled: Annotated[
        str, typer.Option(help="Its DATETIME column of scheduled times; empty for none.")
    ] = "Fecha-I",
    endpoint: Annotated[str, typer.Option(help="URL of the function.")] = "https://FUNCTION",
    connection: Annotated[str, typer.Option(help="Connection.")] = "PROJECT.REGION.CONNECTION",
    bucket: Annotated[
        str, typer.Option(help="Bucket of pipeline.onnx and the answers.")
    ] = "gs://BUCKET",
    answers: Annotated[
        Path | None, typer.Option(help="Write the answers to all possible flights to this CSV.")
    ] = None,
    model: Annotated[Path, typer.Option(help="Model.")] = ARTIFACTS / "model.onnx",
) -> None:
    """Print the SQL that brings the model to BigQuery, in three ways."""
    from training.batch import bigquery as sql

    place = sql.Place(dataset, table, endpoint, connection, bucket, scheduled)
    typer.echo(sql.script(place), nl=False)
    if answers:
        from function.model import Model
        from training.release.artifacts import whole

        with whole(answers) as new:
            written = sql.write_answers(Model(model), new)
        console.print(f"{written:,} answers: {answers}. Copy them to {bucket}/{sql.ANSWERS_FILE}")


def _stop(*_: object) -> Never:
    raise SystemExit("Stopped; nothing was written.")
