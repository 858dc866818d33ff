"""Options that several commands share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, get_type_hints

import typer
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from training.errors import UserError
from training.project import load
from training.tables.columns import Columns, option_of

ADDRESS: Final = (
    "Files (`flights.csv`, `2017/*.parquet`), a query (`flights.sql`), "
    "`bigquery:PROJECT.DATASET.TABLE`, `spark:DATABASE.TABLE` or `spark:PATH`."
)


Data = Annotated[
    str | None,
    typer.Option(
        help=f"Counts (see data/README.md), or flights. {ADDRESS} By default those of "
        "data/airport.toml."
    ),
]
DropBad = Annotated[bool, typer.Option("--drop-bad", help="Leave bad rows out and say how many.")]
DropMany = Annotated[
    bool,
    typer.Option(
        "--drop-many", help="Leave bad rows out also where they are more than a fifth of all."
    ),
]


@dataclass(frozen=True, kw_only=True)
class ColumnOptions:
    """The options that name the columns of a table of flights; `None` is the project's default."""

    airline: Annotated[
        str | None,
        typer.Option(
            "--airline", help="Airline name column. The columns' defaults are in data/airport.toml."
        ),
    ] = None
    flight_type: Annotated[str | None, typer.Option("--type", help="Flight type column.")] = None
    type_value: Annotated[
        str | None, typer.Option("--type-value", help="The flight type of all flights.")
    ] = None
    type_map: Annotated[
        list[str] | None,
        typer.Option("--type-map", help="A flight type of the table as another, such as Int=I."),
    ] = None
    month: Annotated[
        str | None,
        typer.Option("--month", help="Month column; without one, the scheduled time's month."),
    ] = None
    scheduled: Annotated[
        str | None,
        typer.Option("--scheduled", help="Scheduled local time column; '' reads no times."),
    ] = None
    actual: Annotated[
        str | None, typer.Option("--actual", help="Actual departure time column.")
    ] = None
    delay: Annotated[
        str | None,
        typer.Option("--delay", help="Ready-made delay column (0 or 1) instead of --actual."),
    ] = None
    day: Annotated[
        str | None,
        typer.Option("--day-so-far", help="Column of the day so far, a share, to score with."),
    ] = None
    delay_minutes: Annotated[
        str | None,
        typer.Option(
            "--delay-minutes",
            help="Column of the delay in minutes, late above 15, instead of --actual.",
        ),
    ] = None

    def columns(self) -> Columns:
        """Return the columns of the project with these options in their places."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        types = given.pop("type_map")
        columns = load().columns
        if self.actual or self.delay or self.delay_minutes:  # which replace the project's
            columns = replace(columns, delay=None, delay_minutes=None)
        columns = replace(
            columns, **{name: value for name, value in given.items() if value is not None}
        )
        return replace(columns, types=tuple(map(_pair, types))) if types else columns


def repeated(columns: Columns, *, drop_bad: bool, drop_many: bool) -> list[str]:
    """Return the options that give another command the same columns and bad rows.

    What the project's settings say already is left out.
    """
    ours = load()
    given = []
    for role in (field.name for field in fields_of(Columns) if field.name != "types"):
        name = getattr(columns, role)
        if name is not None and name != getattr(ours.columns, role):
            given += [option_of(role), name]
    if columns.types != ours.columns.types:
        given += [part for old, new in columns.types for part in ("--type-map", f"{old}={new}")]
    given += ["--drop-bad"] if drop_bad and not ours.drop_bad else []
    return [*given, "--drop-many"] if drop_many and not ours.drop_many else given


def with_columns(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `ColumnOptions`, which it takes as its argument `columns`."""

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:  # noqa: ANN401  # what typer parsed
        names = {field.name for field in fields(ColumnOptions)} & {*arguments}
        options = ColumnOptions(**{name: arguments.pop(name) for name in names})
        command(**arguments, columns=options.columns())

    signature = inspect.signature(command)
    hints = get_type_hints(ColumnOptions, include_extras=True)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in hints.items()
    ]
    own = get_type_hints(command, include_extras=True)
    kept = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own[name])
        for name, parameter in signature.parameters.items()
        if name != "columns"
    ]
    parameters = [*kept, *options]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapped


def _pair(text: str) -> tuple[str, str]:
    given, equals, meant = text.partition("=")
    if not (given and equals and meant):
        raise UserError(f"Cannot map {text!r}: expected --type-map TYPE=TYPE, such as Int=I.")
    return given, meant
