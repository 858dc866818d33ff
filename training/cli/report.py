"""The command that writes the report, and the one that counts what only the report shows.

Each command imports what it needs, so that `--help` is quick.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.project import ARTIFACTS, SCL_2017

from .console import console
from .data import read_counts
from .options import ADDRESS, Data, DropBad

if TYPE_CHECKING:
    from training.flights.exploration import Exploration

Destination = Annotated[
    str | None,
    typer.Option("--destination", help="Destination column, for a chart. [default: SIGLADES]"),
]


def report(
    data: Data = str(SCL_2017),
    destination: Destination = None,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Write the page of the model and its data, from the flights or counts it was trained on."""
    from training.report.page import write

    counts = read_counts(data, drop_bad=drop_bad)
    with console.status("Measuring and drawing"):
        page = write(counts, _explored(data, destination), out, data)
    console.print(f"{page}, {page.stat().st_size / 1024:,.0f} KB, opens in any browser")


def explore(
    flights: Annotated[str, typer.Option(help=ADDRESS)],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
    destination: Destination = None,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Count the flights of each destination, which only the report shows.

    Beside counts `NAME.csv`, the report finds them as `NAME_exploration.csv`.
    """
    from training.flights.exploration import Exploration
    from training.release.artifacts import replace

    read_counts(flights, drop_bad=drop_bad)  # refuses bad rows
    explored = Exploration.from_flights(flights, destination=destination)
    replace(out.parent, {out.name: explored.to_csv().encode()})


def _explored(data: str, destination: str | None) -> "Exploration | None":
    """Return what the flights show beyond counts, or what lies beside counts."""
    from training.flights.exploration import Exploration

    beside = Path(data).with_name(f"{Path(data).stem}_exploration.csv")
    if Path(data).is_file() and beside.exists():
        return Exploration.read(beside)
    return Exploration.from_flights(data, destination=destination)
