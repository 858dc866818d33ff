"""The commands that make a model and judge it.

Each command imports what it needs, so that `--help` is quick.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from training.project import ARTIFACTS, SCL_2017

from .console import console
from .data import read_counts
from .options import Data, DropBad


class Features(StrEnum):
    """What the model learns from."""

    all = "all"
    top10 = "top10"


def train(
    data: Data = str(SCL_2017),
    features: Annotated[Features, typer.Option(help="Which one-hot columns.")] = Features.all,
    out: Annotated[Path, typer.Option(help="The folder of the artifacts.")] = ARTIFACTS,
    *,
    drop_bad: DropBad = False,
) -> None:
    """Fit, measure, convert to ONNX, prove parity, and replace the artifacts."""
    from training.release.publish import publish

    from .summary import before, figures, lines

    counts, earlier = read_counts(data, drop_bad=drop_bad), before(out)
    with console.status("Fitting, converting, proving parity"):
        metrics = publish(counts, features, out, "Santiago (SCL)")
    console.print(figures(metrics, earlier))
    for line in lines(metrics, earlier, out):
        console.print(line, highlight=False, soft_wrap=True)


def select(
    data: Data = str(SCL_2017),
    *,
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

    counts = read_counts(data)
    with Progress(console=console) as progress:
        task = progress.add_task("Cross-validating", total=len(FITS) * FOLDS * REPEATS)
        table = cross_validate(counts, lambda: progress.advance(task))
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
