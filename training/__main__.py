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
from .publish import SETTINGS, Report, publish
from .selection import FOLDS, GRID, REPEATS, choose, cross_validate
from .warehouse import ADDRESS, DropBad, bigquery, console, count, read_counts, score

SCL_2017 = Path(__file__).parents[1] / "data" / "scl_2017.csv"

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
    counts = read_counts(data, drop_bad=drop_bad)
    with console.status("Fitting, converting, proving parity"):
        report = publish(counts, features, out)
    _show(report, out)


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


def _show(report: Report, out: Path) -> None:
    table = Table("on the validation flights", "this model", "the challenge's")
    for name, figure in report.validation.items():
        table.add_row(name, f"{figure:,.6g}", f"{report.challenge[name]:,.6g}")
    console.print(table)
    console.print(f"Model {report.model_version} proven equal to XGBoost and published in {out}")


def main() -> None:
    """Run a command; what the user can mend ends it with one line."""
    try:
        app()
    except (DataError, ModelError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
