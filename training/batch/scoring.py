"""Scoring flights where they lie: the model answers each cell once, and the engine joins."""

from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
from ibis.expr.types import Table

from function.metadata import DAYS, Categories
from function.model import Model
from training.errors import DataError
from training.flights.aggregation import fetch_cells, groups_of
from training.flights.features import FEATURES, FLIGHT, cells_of, without_day, without_time
from training.flights.look_back import on_day, ranges
from training.release.artifacts import check_target, whole
from training.tables import faults, files
from training.tables.columns import Columns
from training.tables.rows import checked_rows, roles_in
from training.tables.sources import Source, files_of, open_source, scheme_of

from .copying import ANSWER_TYPES, Progress, copy
from .joining import check_written, create, fetch, joined

MAX_NAMES: Final = 10  # unknown to the model, that an error lists
WORDS: Final = {"OPERA": "airline", "TIPOVUELO": "flight type", "MES": "month"}


class Scored(NamedTuple):
    """How many flights were answered, and by which model."""

    flights: int
    unknown: int  # of them, left without an answer
    model_version: str


def score(  # noqa: PLR0913  # each of them is an option of the command
    address: str,
    out: str,
    model_path: Path,
    columns: Columns | None = None,
    *,
    empty: bool = False,
    look_back: bool = False,
    progress: Progress = lambda _: None,
) -> Scored:
    """Write every row of a source to `out`, with its `delay` and `probability`.

    `out` is a Parquet or CSV file, replaced as a whole or not at all, or a table of the source's
    own engine. Raise `DataError` at flights that the model does not know, or leave their answers
    null where they may be `empty`. The rows of files keep their order. With `look_back`, the day so
    far of each flight is computed from the actual times of the others.
    """
    source, model = open_source(address), Model(model_path)
    columns = columns or Columns()
    roles_in(source, columns, delays=look_back)
    _check(source, out)
    day = _day(source, columns) if look_back else None
    cells = _cells(source, columns, day)
    flights = int(cells["flights"].sum())
    source.check_rows(flights)
    unknown = _unknown(cells, model.metadata.categories)
    lost = int(cells.loc[unknown, "flights"].sum())
    if lost and not empty:
        raise DataError(_refusal(source, columns, cells[unknown], model.metadata.categories))
    answers = answers_of(cells[~unknown], model)
    version = model.metadata.model_version
    with source.trouble(f"write {out}"):
        if scheme_of(out)[0] != "duckdb":
            create(source, joined(source.table, answers, columns, day), out, flights)
            return Scored(flights, lost, version)
        with whole(Path(out)) as new:
            if source.ordered:
                copy(source, answers, new, version, columns, progress, day)
            else:
                table = joined(source.table, answers, columns, day)
                fetch(source, table, new, version, progress)
            check_written(out, flights, files.records((new,)))
    return Scored(flights, lost, version)


def answers_of(cells: pd.DataFrame, model: Model) -> pd.DataFrame:
    """Return the cells that the model knows, with their answers."""
    integers = dict.fromkeys(("MES", "HORA", "DIANOM", "HOY"), "int64")
    known = cells[FEATURES].astype(integers)
    asked = known.assign(DIANOM=[DAYS[day] for day in known["DIANOM"]])
    if not model.metadata.categories.timed:
        asked = without_time(asked)
    if not model.metadata.categories.knows_day:
        asked = without_day(asked)
    prediction = model.predict(cells_of(asked, model.metadata.categories))
    return known.assign(**prediction._asdict()).reset_index(drop=True)


def _check(source: Source, out: str) -> None:
    taken = {name.casefold() for name in source.own_columns} & {*ANSWER_TYPES}
    if taken:
        raise DataError(f"Cannot score {source.address}: it has a column `{min(taken)}` already.")
    ours, theirs = scheme_of(source.address)[0], scheme_of(out)[0]
    if theirs not in {"duckdb", ours}:
        raise DataError(f"Cannot write {out}: the flights are in {ours}. Name a file, or a table.")
    if theirs != "duckdb":
        if out == source.address:
            raise DataError(f"Cannot write {out}: the flights are read from it.")
    elif not out.lower().endswith((".parquet", ".csv")):
        raise DataError(f"Cannot write {out}: expected a name that ends in .parquet or .csv.")
    else:
        check_target(Path(out), files_of(source.address))


def _day(source: Source, columns: Columns) -> Table:
    """Return the day so far at each minute, from flights whose outcome is known."""
    return ranges(groups_of(source.table, columns))


def _cells(source: Source, columns: Columns, day: Table | None) -> pd.DataFrame:
    """Return the cells that occur, the number of flights of each, and their faults."""
    groups = groups_of(source.table, columns, delays=False)
    rows = checked_rows(groups if day is None else on_day(groups, day))
    cells = rows.group_by([*FEATURES, "fault"]).agg(flights=rows["flights"].sum())
    return fetch_cells(source, columns, cells)


def _unknown(cells: pd.DataFrame, known: Categories) -> "pd.Series[bool]":
    """Return which cells are faulty, or have a category that the model does not know."""
    unknown = cells["fault"].notna()
    for name in FLIGHT:
        unknown |= ~cells[name].isin(getattr(known, name))
    return unknown


def _refusal(source: Source, columns: Columns, unknown: pd.DataFrame, known: Categories) -> str:
    total = int(unknown["flights"].sum())
    bad = unknown[unknown["fault"].notna()]
    new = unknown[unknown["fault"].isna()]
    reasons: list[str] = []
    for name, word in WORDS.items():
        of_column = new[~new[name].isin(getattr(known, name))]
        numbers = of_column.groupby(name)["flights"].sum().sort_values(ascending=False)
        reasons += [
            f"{word} {value!r} was never in training ({flights:,} rows)"
            for value, flights in numbers.head(MAX_NAMES).items()
        ]
        if len(numbers) > MAX_NAMES:
            reasons.append(f"nor were {len(numbers) - MAX_NAMES:,} others")
    if len(bad):
        found = bad.groupby("fault")["flights"].sum().items()
        reasons.append(
            faults.described(
                source, columns, {str(fault): int(rows) for fault, rows in found}, delays=False
            )
        )
    return (
        f"Cannot score {source.address}: the model does not know {total:,} of its rows: "
        f"{'; '.join(reasons)}. `--unknown empty` leaves their answers empty."
    )
