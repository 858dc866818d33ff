"""The commands that make a model and judge it.

Each command imports what it needs, so that `--help` is quick.
"""

import shlex
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.errors import DataError
from training.project import ARTIFACTS, airport_of
from training.tables.columns import Columns

from .console import console
from .data import explored, read_counts
from .options import Data, DropBad, DropMany, repeated, with_columns

if TYPE_CHECKING:
    from training.flights.counts import Counts


class Features(StrEnum):
    """What the model learns from."""

    all = "all"
    top10 = "top10"


@with_columns
def train(
    columns: Columns,
    data: Data = None,
    place: Annotated[
        str | None, typer.Option(help='Where the flights depart, such as "New York (JFK)".')
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="When they departed, by default the years of their times.")
    ] = None,
    features: Annotated[Features, typer.Option(help="Which one-hot columns.")] = Features.all,
    out: Annotated[Path, typer.Option(help="Folder of the artifacts.")] = ARTIFACTS,
    *,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
) -> None:
    """Fit, convert, prove parity, and replace the artifacts."""
    from training.release.artifacts import check_target
    from training.release.publish import publish
    from training.release.training_metrics import METRICS

    from .summary import before, figures, lines

    check_target(out / METRICS)
    airport = airport_of(data, place, period)
    counts = read_counts(
        airport.data, columns, drop_bad=drop_bad, drop_many=drop_many, described=True
    )
    counts = replace(counts, period=period or counts.period or airport.period)
    earlier = before(out)
    with console.status("Fitting, converting, proving parity"):
        lasting = _lasting(airport.data, columns, counts)
        metrics = publish(counts, features, out, airport.place, lasting)
    if counts.categories.knows_day and "day" not in metrics.unseen:
        console.print("The day so far is not learned: too few flights have it.")
    console.print(figures(metrics, earlier))
    for line in lines(metrics, earlier, out):
        console.print(line, highlight=False, soft_wrap=True)
    if out == ARTIFACTS:
        options = shlex.join(repeated(columns, drop_bad=drop_bad, drop_many=drop_many))
        named = [*([f"DATA={data}"] if data else []), *([f"ARGS={options}"] if options else [])]
        line = shlex.join(["make", "report", *named])
        console.print(f"The report: {line}", highlight=False, markup=False, soft_wrap=True)


def _lasting(data: str, columns: Columns, counts: "Counts") -> str:
    """Return the card's text on how long the day so far lasts, or "" where it is not known."""
    from training.flights.exploration import lasting

    found = explored(data, columns)
    try:
        found.check(counts)
    except DataError as error:
        console.print(
            f"{error} Until then, the card does not say how long the day lasts.", soft_wrap=True
        )
        return ""
    return lasting(found.day_so_far())


@with_columns
def select(
    columns: Columns,
    data: Data = None,
    *,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
    save: Annotated[bool, typer.Option(help="Train with the choice from now on.")] = False,
) -> None:
    """Repeat the choice of settings, by cross-validation over weeks.

    It looks at the training flights alone.
    """
    import msgspec
    from rich.progress import Progress

    from training.fitting.folds import parts_of
    from training.fitting.selection import (
        FITS,
        SETTINGS,
        TABLE,
        choose,
        chosen_settings,
        cross_validate,
    )
    from training.release.artifacts import replace as replace_files

    from .summary import comparison, scores

    address = airport_of(data).data
    counts = read_counts(address, columns, drop_bad=drop_bad, drop_many=drop_many)
    with Progress(console=console) as progress:
        task = progress.add_task(
            "Cross-validating", total=len(FITS) * len(parts_of(counts.part("train")))
        )
        table = cross_validate(counts, lambda: progress.advance(task), FITS)
    choice, current = choose(table), chosen_settings()
    console.print(scores(table, choice, current))
    console.print(comparison(table, choice, current), highlight=False, soft_wrap=True)
    chosen = msgspec.json.format(msgspec.json.encode(choice)) + b"\n"
    typer.echo(chosen, nl=False)
    if save:
        measured = table.to_csv(index=False, lineterminator="\n", float_format="%.9g").encode()
        replace_files(SETTINGS.parent, {SETTINGS.name: chosen, TABLE.name: measured})
    elif chosen != SETTINGS.read_bytes():
        console.print(f"This differs from {SETTINGS.name}; --save takes it over.")
