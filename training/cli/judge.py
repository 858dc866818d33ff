"""The commands that judge a model: against the serving one, and on new flights.

Each command imports what it needs, so that `--help` is quick.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from training.errors import GateError
from training.project import ARTIFACTS, airport_of
from training.tables.columns import Columns

from .data import read_counts
from .options import ADDRESS, Data, DropBad, DropMany, with_columns


@with_columns
def gate(
    serving: Annotated[str, typer.Option(help="The serving function's URL, or empty.")],
    margin: Annotated[float, typer.Option(help="How much worse the metrics may be.", min=0)],
    token_file: Annotated[
        Path | None, typer.Option(help="An identity token for the serving function.")
    ] = None,
    data: Data = None,
    *,
    columns: Columns,
    allow_worse: Annotated[bool, typer.Option(help="Only say so when it is worse.")] = False,
) -> None:
    """Refuse the trained model where it is worse than the serving one.

    Both answer the same flights.
    """
    from training.release.answering import Deployed, ModelFile
    from training.release.gate import judge

    token = token_file.read_text().strip() if serving and token_file else None
    champion = Deployed(serving, token) if serving else None
    try:
        challenger = ModelFile(ARTIFACTS / "model.onnx")
        typer.echo(
            judge(
                challenger,
                champion,
                read_counts(airport_of(data).data, columns),
                margin,
            )
        )
    except GateError as error:
        if not allow_worse:
            raise
        typer.echo(f"{error} Allowed all the same.")


@with_columns
def evaluate(
    data: Annotated[str, typer.Option(help=f"Counts or flights. {ADDRESS}")],
    url: Annotated[
        str | None, typer.Option(help="A deployed function, with a token in PUNTUAL_TOKEN.")
    ] = None,
    margin: Annotated[
        float, typer.Option(help="How much worse the metrics may be.", min=0)
    ] = 0.005,
    *,
    columns: Columns,
    drop_bad: DropBad = False,
    drop_many: DropMany = False,
    fail: Annotated[
        bool, typer.Option("--fail", help="Exit with 1 if a metric has degraded.")
    ] = False,
) -> None:
    """Judge the current model on new flights.

    Prints its metrics, its calibration, and how the mix of flights has changed.
    """
    from training.release import evaluate as evaluation
    from training.release.answering import Deployed, ModelFile

    token = os.environ.get("PUNTUAL_TOKEN") or None
    model = Deployed(url, token) if url else ModelFile(ARTIFACTS / "model.onnx")
    counts = read_counts(airport_of(data).data, columns, drop_bad=drop_bad, drop_many=drop_many)
    findings = evaluation.evaluate(model, counts)
    for line in evaluation.report(findings, margin):
        typer.echo(line)
    degraded = findings.degraded(margin)
    if findings.enough_weeks:
        typer.echo(
            f"\nDegraded: {', '.join(degraded)}." if degraded else "\nNo metric has degraded."
        )
    if degraded and fail:
        raise typer.Exit(1)
