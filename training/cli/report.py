"""The command that writes the report, and the one that counts what only the report shows.

Each command imports what it needs, so that `--help` is quick.
"""

from pathlib import Path
from typing import Annotated

import typer

from training.project import ARTIFACTS, airport_of
from training.tables.columns import Columns

from .console import console
from .data import explored, read_counts
from .options import ADDRESS, Data, DropBad, DropMany, with_columns

Destination = Annotated[
    str | None,
    typer.Option("--destination", help="Destination column, for a chart. [default: SIGLADES]"),
]


@with_columns
def report(
    data: Data = None,
    destination: Destination = None,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
) -> None:
    """Write the page of the model and its data.

    The data are the flights or counts that it was trained on. The model's recipe is fitted again
    to answer flights of weeks that were not learned, so this takes a minute.
    """
    from training.report.page import write

    counts = read_counts(airport_of(data).data, columns, drop_bad=drop_bad, drop_many=drop_many)
    with console.status("Measuring and drawing"):
        page = write(
            counts,
            explored(airport_of(data).data, columns, destination),
            out,
            airport_of(data).data,
        )
    console.print(f"{page}, {page.stat().st_size / 1024:,.0f} KB, opens in any browser")


@with_columns
def explore(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    destination: Destination = None,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
) -> None:
    """Count what only the report and the model card show.

    Beside counts `NAME.csv`, `train` and `report` find them as `NAME_exploration.csv`.
    """
    from training.flights.exploration import Exploration
    from training.release.artifacts import check_target, replace
    from training.tables.sources import files_of

    check_target(out, files_of(flights))
    read_counts(flights, columns, drop_bad=drop_bad, drop_many=drop_many)  # refuses bad rows
    found = Exploration.from_flights(flights, columns, destination=destination)
    replace(out.parent, {out.name: found.to_csv().encode()})
