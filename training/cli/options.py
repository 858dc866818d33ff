"""Options that several commands share."""

import functools
import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from training.errors import UserError
from training.flights.columns import Columns
from training.project import load

ADDRESS: Final = (
    "Files (`flights.csv`, `2017/*.parquet`), `bigquery:PROJECT.DATASET.TABLE`, "
    "`spark:DATABASE.TABLE` or `spark:PATH`."
)

Data = Annotated[
    str | None,
    typer.Option(help=f"Counts or flights. {ADDRESS} By default those of data/airport.toml."),
]
DropBad = Annotated[bool, typer.Option("--drop-bad", help="Leave bad rows out and say how many.")]

# What names the columns, as options: by default they are those of data/airport.toml.
_COLUMNS: Final[dict[str, Any]] = {
    "airline": Annotated[str | None, typer.Option("--airline", help="Airline name column.")],
    "flight_type": Annotated[str | None, typer.Option("--type", help="Flight type column.")],
    "type_value": Annotated[
        str | None, typer.Option("--type-value", help="Type of all flights, instead of a column.")
    ],
    "type_map": Annotated[
        list[str] | None,
        typer.Option("--type-map", help="A flight type and what it means, such as Int=I."),
    ],
    "month": Annotated[str | None, typer.Option("--month", help="Month column.")],
    "scheduled": Annotated[
        str | None, typer.Option("--scheduled", help="Scheduled departure time column.")
    ],
    "actual": Annotated[str | None, typer.Option("--actual", help="Actual departure time column.")],
    "delay": Annotated[
        str | None, typer.Option("--delay", help="Ready-made delay column (0 or 1).")
    ],
}


class Split(StrEnum):
    """How flights are divided for training and validation."""

    rows = "rows"
    draw = "draw"


def reads_flights(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name columns, as its one argument `columns`."""

    @functools.wraps(command)
    def with_columns(**arguments: Any) -> None:  # noqa: ANN401  # whatever the command takes
        given = {name: arguments.pop(name, None) for name in _COLUMNS}
        command(**arguments, columns=_columns(**given))

    own = inspect.signature(command).parameters
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _COLUMNS.items()
    ]
    kept = [parameter for name, parameter in own.items() if name != "columns"]
    positional = [p for p in kept if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    keywords = [p for p in kept if p.kind is inspect.Parameter.KEYWORD_ONLY]
    with_columns.__signature__ = inspect.Signature([*positional, *options, *keywords])  # type: ignore[attr-defined]
    with_columns.__annotations__ = {**command.__annotations__, **_COLUMNS}
    del with_columns.__annotations__["columns"]
    return with_columns


def _columns(type_map: list[str] | None, **given: str | None) -> Columns:
    """Return the columns of data/airport.toml, but those that were given."""
    named = {name: value for name, value in given.items() if value is not None}
    types = [tuple(each.split("=", 1)) for each in type_map or []]
    if any(len(pair) != 2 for pair in types):  # noqa: PLR2004
        raise UserError(f"Cannot map flight types: expected TYPE=I or TYPE=N, got {type_map}.")
    mapped = {"types": tuple(types)} if types else {}
    settings = load().columns
    return Columns(**{**vars(settings), **named, **mapped})
