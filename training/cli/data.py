"""The commands that read flights wherever they lie.

Each command imports what it needs, so that `--help` is quick.
"""

import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from training.project import ARTIFACTS, load
from training.tables.columns import Columns

from .console import console
from .options import ADDRESS, DropBad, DropMany, with_columns

if TYPE_CHECKING:
    from training.flights.aggregation import Counted
    from training.flights.counts import Counts
    from training.flights.exploration import Exploration


class Unknown(StrEnum):
    """What becomes of flights that the model does not know."""

    stop = "stop"
    empty = "empty"


def read_counts(
    data: str,
    columns: Columns | None = None,
    *,
    drop_bad: bool = False,
    drop_many: bool = False,
    described: bool = False,
) -> "Counts":
    """Read counts, or flights at any address, and say what is left out or looks odd.

    Where they are `described`, begin with what was counted.
    """
    from training.flights.reading import read_source

    with console.status(f"Reading {data}"):
        counted = read_source(
            data,
            columns,
            drop_bad=drop_bad or load().drop_bad,
            drop_many=drop_many or load().drop_many,
        )
    if described:
        console.print(description(counted), highlight=False, soft_wrap=True)
    elif counted.left_out:
        console.print(f"Left out {counted.left_out:,} bad rows of {data}")
    for note in counted.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    return counted.counts


def explored(address: str, columns: Columns, destination: str | None = None) -> "Exploration":
    """Return what flights show beyond counts, or what lies beside counts."""
    from training.flights.exploration import Exploration

    beside = Exploration.beside(address)
    return beside or Exploration.from_flights(address, columns, destination)


def description(counted: "Counted") -> str:
    """Return what was counted, in one line."""
    table = counted.counts.table
    flights, late = int(table["flights"].sum()), int(table["delayed"].sum())
    airlines = len(counted.counts.categories.OPERA)
    dates = f", {counted.dates[0]} to {counted.dates[1]}" if counted.dates else ""
    return (
        f"{flights:,} flights of {airlines:,} airline{'s' * (airlines != 1)}, {late:,} late, "
        f"{late / flights:.1%}{dates}, {counted.left_out:,} left out"
    )


@with_columns
def count(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    columns: Columns,
    *,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
) -> None:
    """Count flights where they lie, and write the counts.

    A count is of one airline, type, month, hour, weekday, range of the day so far, and week.
    """
    from training.release.artifacts import check_target, replace
    from training.tables.sources import files_of

    check_target(out, files_of(flights))
    counts = read_counts(flights, columns, drop_bad=drop_bad, drop_many=drop_many)
    replace(out.parent, {out.name: counts.to_csv().encode()})
    total = counts.table[["flights", "delayed"]].sum()
    console.print(
        f"{total['flights']:,} flights, {total['delayed']:,} delayed, "
        f"in {len(counts.table)} rows: {out}"
    )


@with_columns
def score(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[str, typer.Option(help="A .parquet or .csv, or a table of the same engine.")],
    columns: Columns,
    unknown: Annotated[
        Unknown, typer.Option(help="What to do at flights the model does not know.")
    ] = Unknown.stop,
    model: Annotated[Path, typer.Option(help="The model.")] = ARTIFACTS / "model.onnx",
    *,
    look_back: Annotated[
        bool,
        typer.Option(
            "--look-back", help="Compute the day so far from the actual times of the table."
        ),
    ] = False,
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
            look_back=look_back,
            progress=lambda share: progress.update(task, completed=share),
        )
        progress.update(task, completed=1)
    left = f", {scored.unknown:,} of them unknown and left empty" if scored.unknown else ""
    console.print(f"{scored.flights:,} flights{left}, by model {scored.model_version}: {out}")


@with_columns
def bigquery(  # each of them is an option
    columns: Columns,
    dataset: Annotated[str, typer.Option(help="PROJECT.DATASET.")] = "PROJECT.DATASET",
    table: Annotated[str, typer.Option(help="The table of flights.")] = "flights",
    endpoint: Annotated[str, typer.Option(help="The function's URL.")] = "https://FUNCTION",
    connection: Annotated[str, typer.Option(help="Its connection.")] = "PROJECT.REGION.CONNECTION",
    bucket: Annotated[str, typer.Option(help="Of pipeline.onnx and the answers.")] = "gs://BUCKET",
    answers: Annotated[
        Path | None, typer.Option(help="A folder to write the answers of all flights to.")
    ] = None,
    model: Annotated[Path, typer.Option(help="The model.")] = ARTIFACTS / "model.onnx",
) -> None:
    """Print the SQL that brings the model to BigQuery, in three ways."""
    from function.model import Model
    from training.batch import bigquery as sql

    place = sql.Place(dataset, table, endpoint, connection, bucket)
    loaded = Model(model)
    if answers is not None:
        for path in sql.write_answers(answers, loaded):
            console.print(f"Wrote {path}")
    typer.echo(sql.script(place, loaded, columns), nl=False)


def _stop(*_: object) -> Never:
    raise SystemExit("Stopped; nothing was written.")
