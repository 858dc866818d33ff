"""The commands that make a model and judge it.

Each command imports what it needs, so that `--help` is quick.
"""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training.errors import GateError
from training.flights.columns import Columns
from training.project import ARTIFACTS, SCL_2017, airport_of, load

from .console import console
from .data import read_counts
from .options import Data, DropBad, SplitOption, with_columns


class Features(StrEnum):
    """What the model learns from."""

    all = "all"
    top10 = "top10"


@with_columns
def train(  # each of them is an option
    columns: Columns,
    data: Data = None,
    place: Annotated[
        str | None, typer.Option(help="Whose flights, such as `New York (JFK)`.")
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Of when, such as 2017, where the data has no dates.")
    ] = None,
    features: Annotated[Features, typer.Option(help="Which one-hot columns.")] = Features.all,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
    split: SplitOption = None,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Fit, measure, convert to ONNX, prove parity, and replace the artifacts."""
    from training.release.publish import publish

    from .summary import before, figures, lines

    airport = airport_of(data, place, period)
    counts = read_counts(airport.data, columns, drop_bad=drop_bad, split=split)
    counts, earlier = replace(counts, period=counts.period or airport.period), before(out)
    with console.status("Fitting, converting, proving parity"):
        metrics = publish(counts, features, out, airport.place)
    console.print(figures(metrics, earlier))
    for line in lines(metrics, earlier, out):
        console.print(line, highlight=False, soft_wrap=True)


@with_columns
def report(
    columns: Columns,
    data: Annotated[Path, typer.Option(help="Counts: see data/README.md.")] = SCL_2017,
    flights: Annotated[
        str | None, typer.Option(help="The table of flights, instead of data.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
) -> None:
    """Write the page of the model and its data, from counts or from the table of flights."""
    from training.flights.exploration import Exploration
    from training.report.page import write

    counts = read_counts(flights or str(data), columns)
    counted = data.with_stem(f"{data.stem}_exploration")
    exploration = None
    if flights:
        exploration = Exploration.from_flights(flights, columns)
    elif counted.exists():
        exploration = Exploration.read(counted)
    with console.status("Measuring and drawing"):
        page = write(counts, exploration, out)
    console.print(f"{page}, {page.stat().st_size / 1024:,.0f} KB, opens in any browser")


@with_columns
def select(
    columns: Columns,
    data: Data = None,
    split: SplitOption = None,
    *,
    drop_bad: DropBad = False,
    save: Annotated[bool, typer.Option(help="Train with the choice from now on.")] = False,
) -> None:
    """Repeat the choice of settings, by cross-validation inside the training flights."""
    import msgspec
    from rich.progress import Progress
    from rich.table import Table

    from training.fitting.selection import (
        FITS,
        FOLDS,
        REPEATS,
        SETTINGS,
        TABLE,
        choose,
        cross_validate,
    )
    from training.release.artifacts import replace as replace_files

    address = data or load().data
    counts = read_counts(address, columns, drop_bad=drop_bad, split=split)
    with Progress(console=console) as progress:
        task = progress.add_task("Cross-validating", total=len(FITS) * FOLDS * REPEATS)
        table = cross_validate(counts, lambda: progress.advance(task))
    heads = [str(column) for column in table.columns]
    shown = Table(*heads, title="The ten best; the smallest with gap <= error is chosen")
    for row in table.head(10).itertuples(index=False):
        shown.add_row(*(f"{value:.5g}" for value in row))
    console.print(shown)
    chosen = msgspec.json.format(msgspec.json.encode(choose(table))) + b"\n"
    typer.echo(chosen, nl=False)
    if save:
        scores = table.to_csv(index=False, lineterminator="\n", float_format="%.9g").encode()
        replace_files(SETTINGS.parent, {SETTINGS.name: chosen, TABLE.name: scores})
    elif chosen != SETTINGS.read_bytes():
        console.print(f"This differs from {SETTINGS.name}; --save takes it over.")


def gate(
    serving: Annotated[Path, typer.Option(help="The serving model's answer of /model, or null.")],
    margin: Annotated[float, typer.Option(help="How much worse the metrics may be.", min=0)],
    *,
    allow_worse: Annotated[bool, typer.Option(help="Only say so when it is worse.")] = False,
) -> None:
    """Refuse the trained model where it is worse than the serving one."""
    from training.release.gate import judge

    try:
        typer.echo(judge(ARTIFACTS / "metrics.json", serving, margin))
    except GateError as error:
        if not allow_worse:
            raise
        typer.echo(f"{error} Allowed all the same.")
