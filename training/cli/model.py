"""The commands that make a model and judge it.

Each command imports what it needs, so that `--help` is quick.
"""

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training.flights.columns import Columns
from training.project import ARTIFACTS, load

from .console import console
from .data import read_counts
from .options import Data, DropBad, reads_flights


class Features(StrEnum):
    """What the model learns from."""

    all = "all"
    top10 = "top10"


@reads_flights
def train(
    data: Data = None,
    features: Annotated[Features, typer.Option(help="Which one-hot columns.")] = Features.all,
    out: Annotated[Path, typer.Option(help="Folder of the artifacts.")] = ARTIFACTS,
    place: Annotated[
        str | None, typer.Option(help='Where the flights depart, such as "New York (JFK)".')
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="When they departed, by default the years of their times.")
    ] = None,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
) -> None:
    """Fit, measure, convert to ONNX, prove parity, and replace the artifacts."""
    from training.release.publish import publish

    from .summary import before, figures, lines

    airport = load()
    counts, earlier = read_counts(data, columns, drop_bad=drop_bad), before(out)
    counts = dataclasses.replace(counts, period=period or counts.period)
    if place is None and airport.owns(data or airport.data):
        place = airport.place
    with console.status("Fitting, converting, proving parity"):
        metrics = publish(counts, features, out, place)
    console.print(figures(metrics, earlier))
    for line in lines(metrics, earlier, out):
        console.print(line, highlight=False, soft_wrap=True)
    named = f" DATA='{data}'" if data else ""
    console.print(f"The report: make report{named}", highlight=False, soft_wrap=True)


@reads_flights
def select(
    data: Data = None,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
    save: Annotated[bool, typer.Option(help="Train with the choice from now on.")] = False,
) -> None:
    """Repeat the choice of settings, by cross-validation inside the training flights."""
    import msgspec
    from rich.progress import Progress

    from training.fitting.selection import (
        FITS,
        FOLDS,
        REPEATS,
        SETTINGS,
        TABLE,
        choose,
        chosen_settings,
        cross_validate,
    )
    from training.release.artifacts import replace

    from .summary import comparison, scores

    counts = read_counts(data, columns, drop_bad=drop_bad)
    with Progress(console=console) as progress:
        task = progress.add_task("Cross-validating", total=len(FITS) * FOLDS * REPEATS)
        table = cross_validate(counts, lambda: progress.advance(task), FITS)
    choice, current = choose(table), chosen_settings()
    console.print(scores(table, choice, current))
    console.print(comparison(table, choice, current), highlight=False, soft_wrap=True)
    chosen = msgspec.json.format(msgspec.json.encode(choice)) + b"\n"
    typer.echo(chosen, nl=False)
    if save:
        measured = table.to_csv(index=False, lineterminator="\n", float_format="%.9g").encode()
        replace(SETTINGS.parent, {SETTINGS.name: chosen, TABLE.name: measured})
    elif chosen != SETTINGS.read_bytes():
        console.print(f"This differs from {SETTINGS.name}; --save takes it over.")
