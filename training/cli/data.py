"""The commands that read flights wherever they lie.

Each command imports what it needs, so that `--help` is quick.
"""

import re
import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from training.errors import DataError
from training.project import ARTIFACTS

from .console import console
from .options import ADDRESS, Actual, Airline, Delay, DropBad, FlightType, Month, Scheduled

if TYPE_CHECKING:
    from training.flights.counts import Counts


class Split(StrEnum):
    """How flights are divided for training and validation."""

    rows = "rows"
    draw = "draw"


class Unknown(StrEnum):
    """What becomes of flights that the model does not know."""

    stop = "stop"
    empty = "empty"


def read_counts(data: str, *, drop_bad: bool = False) -> "Counts":
    """Read counts, or flights at any address, as the challenge splits them where it can."""
    return _counted(data, None, None, drop_bad=drop_bad)


def count(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    airline: Airline = "OPERA",
    kind: FlightType = "TIPOVUELO",
    month: Month = "MES",
    scheduled: Scheduled = "Fecha-I",
    actual: Actual = "Fecha-O",
    delay: Delay = None,
    split: Annotated[
        Split | None,
        typer.Option(
            help="The challenge's split of a CSV's rows, or a seeded draw. [default: rows "
            "for one CSV with the challenge's columns, else draw]"
        ),
    ] = None,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Count the flights of each airline, type and month, on the engine where they lie."""
    from training.release.artifacts import replace

    columns = (airline, kind, month, scheduled, actual, delay)
    counts = _counted(flights, columns, split, drop_bad=drop_bad)
    replace(out.parent, {out.name: counts.to_csv().encode()})
    total = counts.table[["flights", "delayed"]].sum()
    console.print(
        f"{total['flights']:,} flights, {total['delayed']:,} delayed, "
        f"in {len(counts.table)} rows: {out}"
    )


def score(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[str, typer.Option(help="A .parquet or .csv, or a table of the same engine.")],
    airline: Airline = "OPERA",
    kind: FlightType = "TIPOVUELO",
    month: Month = "MES",
    unknown: Annotated[
        Unknown, typer.Option(help="What to do at flights the model does not know.")
    ] = Unknown.stop,
    model: Annotated[Path, typer.Option(help="The model.")] = ARTIFACTS / "model.onnx",
) -> None:
    """Write every flight with its delay and probability."""
    from rich.progress import Progress

    from training.batch import scoring
    from training.flights.sources import Columns

    signal.signal(signal.SIGTERM, _stop)
    with Progress(console=console) as progress:
        task = progress.add_task(f"Scoring {flights}", total=1)
        scored = scoring.score(
            flights,
            out,
            model,
            Columns(airline, kind, month),
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


type _Names = tuple[str, str, str, str, str, str | None]
_CHALLENGE: _Names = ("OPERA", "TIPOVUELO", "MES", "Fecha-I", "Fecha-O", None)


def _counted(data: str, names: _Names | None, split: Split | None, *, drop_bad: bool) -> "Counts":
    challenge = names in {None, _CHALLENGE} and not drop_bad and _is_csv(data)
    if split is Split.rows and not challenge:
        raise DataError(
            f"Cannot split {data} by its rows: expected one CSV file with the columns "
            f"{', '.join(map(str, _CHALLENGE[:-1]))}, and no --drop-bad. Use `--split draw`."
        )
    with console.status(f"Reading {data}"):
        if challenge and split is not Split.draw:
            from training.flights.counts import read

            return read(Path(data))
        # Here, since a table of counts needs no engine.
        from training.flights.aggregation import count as count_flights
        from training.flights.sources import Columns

        counted = count_flights(data, Columns(*(names or _CHALLENGE)), drop_bad=drop_bad)
    if counted.left_out:
        console.print(f"Left out {counted.left_out:,} bad rows of {data}")
    return counted.counts


def _is_csv(data: str) -> bool:
    return re.search(r"^(bigquery|spark):|[*?[]", data) is None and not data.endswith(".parquet")


def _stop(*_: object) -> Never:
    raise SystemExit("Stopped; nothing was written.")
