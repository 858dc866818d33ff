"""The commands that read flights wherever they lie."""

import re
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Never

import typer
from rich.console import Console
from rich.progress import Progress

from .artifacts import ARTIFACTS, replace
from .counts import Counts, DataError, read

console = Console(stderr=True)

ADDRESS = (
    "Files (`flights.csv`, `2017/*.parquet`), `bigquery:PROJECT.DATASET.TABLE`, "
    "`spark:DATABASE.TABLE` or `spark:PATH`."
)

Airline = Annotated[str, typer.Option("--airline", help="The column of the airline's name.")]
Kind = Annotated[str, typer.Option("--type", help="The column of I or N.")]
Month = Annotated[str, typer.Option("--month", help="The column of the month.")]
Scheduled = Annotated[str, typer.Option("--scheduled", help="The column of the time planned.")]
Actual = Annotated[str, typer.Option("--actual", help="The column of the time it was.")]
Delay = Annotated[str | None, typer.Option("--delay", help="A column that says it, 0 or 1.")]
DropBad = Annotated[bool, typer.Option("--drop-bad", help="Leave bad rows out and say so.")]


class Split(StrEnum):
    """How flights are divided for training and validation."""

    rows = "rows"
    draw = "draw"


class Unknown(StrEnum):
    """What becomes of flights that the model does not know."""

    stop = "stop"
    empty = "empty"


def read_counts(data: str, *, drop_bad: bool = False) -> Counts:
    """Read counts, or flights at any address, as the challenge splits them where it can."""
    return _counted(data, None, None, drop_bad=drop_bad)


def count(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    airline: Airline = "OPERA",
    kind: Kind = "TIPOVUELO",
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
    kind: Kind = "TIPOVUELO",
    month: Month = "MES",
    unknown: Annotated[
        Unknown, typer.Option(help="What to do at flights the model does not know.")
    ] = Unknown.stop,
    model: Annotated[Path, typer.Option(help="The model.")] = ARTIFACTS / "model.onnx",
) -> None:
    """Write every flight with its delay and probability."""
    from . import scoring  # noqa: PLC0415  # the engines, which the other commands need not load
    from .sources import Columns  # noqa: PLC0415

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
    table: Annotated[str, typer.Option(help="The table of flights.")] = "flights",
    endpoint: Annotated[str, typer.Option(help="The function's URL.")] = "https://FUNCTION",
    connection: Annotated[str, typer.Option(help="Its connection.")] = "PROJECT.REGION.CONNECTION",
    bucket: Annotated[str, typer.Option(help="Of pipeline.onnx.")] = "gs://BUCKET",
    model: Annotated[Path, typer.Option(help="The model.")] = ARTIFACTS / "model.onnx",
) -> None:
    """Print the SQL that brings the model to BigQuery, in three ways."""
    from function.model import Model  # noqa: PLC0415  # ONNX Runtime, which `count` need not load

    from . import bigquery as sql  # noqa: PLC0415

    place = sql.Place(dataset, table, endpoint, connection, bucket)
    typer.echo(sql.script(place, Model(model)), nl=False)


type _Names = tuple[str, str, str, str, str, str | None]
_CHALLENGE: _Names = ("OPERA", "TIPOVUELO", "MES", "Fecha-I", "Fecha-O", None)


def _counted(data: str, names: _Names | None, split: Split | None, *, drop_bad: bool) -> Counts:
    challenge = names in {None, _CHALLENGE} and not drop_bad and _is_csv(data)
    if split is Split.rows and not challenge:
        raise DataError(
            f"Cannot split {data} by its rows: expected one CSV file with the columns "
            f"{', '.join(map(str, _CHALLENGE[:-1]))}, and no --drop-bad. Use `--split draw`."
        )
    with console.status(f"Reading {data}"):
        if challenge and split is not Split.draw:
            return read(Path(data))
        # Here, since a table of counts needs no engine.
        from .counting import count as count_flights  # noqa: PLC0415
        from .sources import Columns  # noqa: PLC0415

        counted = count_flights(data, Columns(*(names or _CHALLENGE)), drop_bad=drop_bad)
    if counted.left_out:
        console.print(f"Left out {counted.left_out:,} bad rows of {data}")
    return counted.counts


def _is_csv(data: str) -> bool:
    return re.search(r"^(bigquery|spark):|[*?[]", data) is None and not data.endswith(".parquet")


def _stop(*_: object) -> Never:
    raise SystemExit("Stopped; nothing was written.")
