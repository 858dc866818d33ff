"""The command line: `python -m training --help`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from function.model import ModelError

from .artifacts import ARTIFACTS, replace
from .counts import DataError
from .evaluation import SCL_2017
from .exploration import Exploration
from .gate import GateError, judge
from .publish import SETTINGS, Report, publish
from .report import write
from .selection import FOLDS, GRID, REPEATS, choose, cross_validate
from .summary import before, figures, lines
from .warehouse import ADDRESS, DropBad, bigquery, console, count, read_counts, score

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Data = Annotated[str, typer.Option(help=f"Counts (see data/README.md), or flights: {ADDRESS}")]


class Features(StrEnum):
    """What the model learns from."""

    all = "all"
    top10 = "top10"


app.command()(count)
app.command()(score)
app.command()(bigquery)


@app.command()
def train(
    data: Data = str(SCL_2017),
    features: Annotated[Features, typer.Option(help="Which one-hot columns.")] = Features.all,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Fit, measure, convert to ONNX, prove parity, and replace the artifacts."""
    counts, earlier = read_counts(data, drop_bad=drop_bad), before(out)
    with console.status("Fitting, converting, proving parity"):
        report = publish(counts, features, out)
    _show(report, earlier, out)


@app.command()
def explore(
    flights: Annotated[Path, typer.Option(help="The table of flights, one a row.")],
    out: Annotated[Path, typer.Option(help="Where the counts go.")],
) -> None:
    """Count the flights of each time, weekday and destination, which only the report shows."""
    read_counts(str(flights))  # refuses what is no table of flights
    replace(out.parent, {out.name: Exploration.from_flights(flights).to_csv().encode()})


@app.command()
def report(
    data: Annotated[Path, typer.Option(help="Counts: see data/README.md.")] = SCL_2017,
    flights: Annotated[
        Path | None, typer.Option(help="The table of flights, instead of data.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
) -> None:
    """Write the page of the model and its data, from counts or from the table of flights."""
    counts, counted = read_counts(str(flights or data)), data.with_stem(f"{data.stem}_exploration")
    exploration = None
    if flights:
        exploration = Exploration.from_flights(flights)
    elif counted.exists():
        exploration = Exploration.read(counted)
    with console.status("Measuring and drawing"):
        page = write(counts, exploration, out)
    console.print(f"{page}, {page.stat().st_size / 1024:,.0f} KB, opens in any browser")


@app.command()
def select(
    data: Data = str(SCL_2017),
    *,
    save: Annotated[bool, typer.Option(help="Train with the choice from now on.")] = False,
) -> None:
    """Repeat the choice of settings, by cross-validation inside the training flights."""
    counts = read_counts(data)
    with Progress(console=console) as progress:
        task = progress.add_task("Cross-validating", total=len(GRID) * FOLDS * REPEATS)
        table = cross_validate(counts, lambda: progress.advance(task))
    columns = [str(column) for column in table.columns]
    shown = Table(*columns, title="The ten best; the smallest with gap <= error is chosen")
    for row in table.head(10).itertuples(index=False):
        shown.add_row(*(f"{value:.5g}" for value in row))
    console.print(shown)
    chosen = msgspec.json.format(msgspec.json.encode(choose(table))) + b"\n"
    typer.echo(chosen, nl=False)
    if save:
        replace(SETTINGS.parent, {SETTINGS.name: chosen})
    elif chosen != SETTINGS.read_bytes():
        console.print(f"This differs from {SETTINGS.name}; --save takes it over.")


@app.command()
def gate(
    serving: Annotated[Path, typer.Option(help="The serving model's answer of /model, or null.")],
    margin: Annotated[float, typer.Option(help="How much worse the metrics may be.", min=0)],
    *,
    allow_worse: Annotated[bool, typer.Option(help="Only say so when it is worse.")] = False,
) -> None:
    """Refuse the trained model where it is worse than the serving one."""
    try:
        typer.echo(judge(ARTIFACTS / "metrics.json", serving, margin))
    except GateError as error:
        if not allow_worse:
            raise
        typer.echo(f"{error} Allowed all the same.")


def _show(report: Report, earlier: Report | None, out: Path) -> None:
    console.print(figures(report, earlier))
    for line in lines(report, earlier, out):
        console.print(line, highlight=False, soft_wrap=True)


def main() -> None:
    """Run a command; what the user can mend ends it with one line."""
    try:
        app()
    except (DataError, GateError, ModelError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
