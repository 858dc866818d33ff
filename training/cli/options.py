"""Options that several commands share."""

from typing import Annotated, Final

import typer

ADDRESS: Final = (
    "Files (`flights.csv`, `2017/*.parquet`), `bigquery:PROJECT.DATASET.TABLE`, "
    "`spark:DATABASE.TABLE` or `spark:PATH`."
)

Data = Annotated[str, typer.Option(help=f"Counts (see data/README.md), or flights. {ADDRESS}")]
Airline = Annotated[str, typer.Option("--airline", help="Airline name column.")]
FlightType = Annotated[str, typer.Option("--type", help="Flight type column (I or N).")]
Month = Annotated[str, typer.Option("--month", help="Month column.")]
Scheduled = Annotated[str, typer.Option("--scheduled", help="Scheduled departure time column.")]
Actual = Annotated[str, typer.Option("--actual", help="Actual departure time column.")]
Delay = Annotated[str | None, typer.Option("--delay", help="Ready-made delay column (0 or 1).")]
DropBad = Annotated[bool, typer.Option("--drop-bad", help="Leave bad rows out and say how many.")]
