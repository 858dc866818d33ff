"""Scoring flights where they lie: the model answers each cell once, and the engine joins."""

from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd

from function.metadata import DAYS, Categories
from function.model import Model
from training.errors import DataError
from training.flights import faults, files
from training.flights.aggregation import MAX_CELLS
from training.flights.columns import Columns
from training.flights.features import FEATURES, FLIGHT, cells_of, without_time
from training.flights.rows import RAW, judged, raw, roles_in
from training.flights.sources import Source, files_of, open_source, scheme_of
from training.release.artifacts import check_target, whole

from .copying import ANSWERS, Progress, copy
from .joining import check_written, create, fetch, joined

LISTED: Final = 10
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
    progress: Progress = lambda _: None,
) -> Scored:
    """Write every row of a source to `out`, with its `delay` and `probability`.

    `out` is a Parquet or CSV file, replaced as a whole or not at all, or a table of the source's
    own engine. Raise `DataError` at flights that the model does not know, or leave their answers
    null where they may be `empty`. The rows of files keep their order.
    """
    source, model = open_source(address), Model(model_path)
    columns = columns or Columns()
    roles_in(source, columns, delays=False)
    _check(source, out)
    cells = _cells(source, columns)
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
            create(source, joined(source.table, answers, columns), out, flights)
            return Scored(flights, lost, version)
        with whole(Path(out)) as new:
            if source.files:
                copy(source, answers, new, version, columns, progress)
            else:
                fetch(source, joined(source.table, answers, columns), new, version, progress)
            check_written(out, flights, files.records((new,)))
    return Scored(flights, lost, version)


def answers_of(cells: pd.DataFrame, model: Model) -> pd.DataFrame:
    """Return the cells that the model knows, with their answers."""
    known = cells[FEATURES].astype({"MES": "int64", "HORA": "int64", "DIANOM": "int64"})
    asked = known.assign(DIANOM=[DAYS[day] for day in known["DIANOM"]])
    if not model.metadata.categories.timed:
        asked = without_time(asked)
    prediction = model.predict(cells_of(asked, model.metadata.categories))
    return known.assign(**prediction._asdict()).reset_index(drop=True)


def _check(source: Source, out: str) -> None:
    taken = {name.casefold() for name in source.table.columns} & {*ANSWERS}
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


def _cells(source: Source, columns: Columns) -> pd.DataFrame:
    """Return the cells that occur, the number of flights of each, and their faults."""
    rows = raw(source.table, columns, delays=False)
    groups = judged(rows.group_by(RAW).agg(flights=rows.count()))
    cells = groups.group_by([*FEATURES, "fault"]).agg(flights=groups["flights"].sum())
    with source.trouble(f"read {source.address}"):
        found = source.engine.to_pyarrow(cells.limit(MAX_CELLS + 1))
    if found.num_rows > MAX_CELLS:
        raise DataError(
            f"Cannot score {source.address}: expected at most {MAX_CELLS:,} different flights, got "
            f"more. Is the airline's name in the column `{columns.airline}`?"
        )
    frame: pd.DataFrame = found.to_pandas()
    return frame


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
            for value, flights in numbers.head(LISTED).items()
        ]
        if len(numbers) > LISTED:
            reasons.append(f"nor were {len(numbers) - LISTED:,} others")
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
