"""The SQL that brings the model to BigQuery, in three ways, and the files that it loads."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from function.flights import MAX_FLIGHTS
from function.metadata import DAYS, SHARES
from function.model import Model
from training.flights.features import FEATURES, every_cell, flights_of
from training.tables.columns import Columns
from training.tables.rows import TIME_PATTERN

ANSWER_TYPES: Final = {"probability": "FLOAT64", "delay": "INT64"}
TYPES: Final = {
    "OPERA": "STRING",
    "TIPOVUELO": "STRING",
    "MES": "INT64",
    "HORA": "INT64",
    "DIANOM": "STRING",
    "HOY": "INT64",
}
FILES: Final = "flight_cells"
_MONTH: Final = r"^(\d+)(?:\.0+)?$"  # 7.0 is a month and 7.5 is none, which a cast makes 8
_SECONDS: Final = len("2017-01-31 23:30:00")


class Place(NamedTuple):
    """Where things are in Google Cloud."""

    dataset: str  # PROJECT.DATASET, of the flights and of what is made here
    table: str  # of flights
    endpoint: str  # the function's address
    connection: str  # PROJECT.REGION.NAME, of the kind CLOUD_RESOURCE
    bucket: str  # gs://..., where artifacts/pipeline.onnx and the files of answers were copied to


def script(place: Place, model: Model, columns: Columns | None = None) -> str:
    """Return the statements of all three ways; each way stands without the others."""
    columns = columns or Columns()
    timed = model.metadata.categories.timed and bool(columns.scheduled)
    ways = {
        "1. A remote function: BigQuery asks this function over HTTP.\n"
        "-- An unknown airline, type or month fails the query. For null instead, add "
        "('unknown', 'null')\n-- to user_defined_context.": [
            *remote(place),
            remote_query(place, columns),
        ],
        "2. A table of all answers and a join: no HTTP, the same answers.\n"
        "-- Write its files by --answers FOLDER, and copy them: "
        f"gcloud storage cp FOLDER/{FILES}-*.csv {_line(place.bucket)}": [
            *cells(place),
            join(place, columns, timed=timed),
        ],
        "3. The graph itself, run by BigQuery.": onnx(place, columns, timed=timed),
    }
    return "\n".join(
        f"-- {title}\n" + "".join(f"{statement};\n" for statement in statements)
        for title, statements in ways.items()
    )


def remote(place: Place) -> list[str]:
    """Return the remote functions that call `POST /bigquery`: without a time, with it and the day.

    BigQuery's functions have no optional arguments, so there is one of each kind for each answer.
    """
    flight = "OPERA STRING, TIPOVUELO STRING, MES INT64"
    timed = f"{flight}, scheduled STRING"
    arguments = {"": flight, "_timed": timed, "_today": f"{timed}, day_so_far FLOAT64"}
    return [
        f"CREATE OR REPLACE FUNCTION {_name(place.dataset, f'flight_{answer}{suffix}')}"
        f"({declared})\n"
        f"RETURNS {kind} REMOTE WITH CONNECTION {_name(place.connection)}\n"
        f"OPTIONS (endpoint = {_text(place.endpoint + '/bigquery')}, "
        f"user_defined_context = [('answer', '{answer}')], max_batching_rows = {MAX_FLIGHTS})"
        for suffix, declared in arguments.items()
        for answer, kind in ANSWER_TYPES.items()
    ]


def remote_query(place: Place, columns: Columns) -> str:
    """Return a query that asks the remote functions, as an example."""
    suffix = ("_today" if columns.day else "_timed") if columns.scheduled else ""
    flight = [_airline(columns), _flight_type(columns), _month(columns)]
    if columns.scheduled:
        flight.append(f"CAST({_name(columns.scheduled)} AS STRING)")
        flight += [f"CAST({_name(columns.day)} AS FLOAT64)"] if columns.day else []
    answers = ",\n  ".join(
        f"{_name(place.dataset, f'flight_{answer}{suffix}')}({', '.join(flight)}) AS {answer}"
        for answer in ANSWER_TYPES
    )
    return f"SELECT *,\n  {answers}\nFROM {_name(place.dataset, place.table)}"


def cells(place: Place) -> list[str]:
    """Return the table of every possible flight and its answers, made and loaded."""
    declared = ", ".join(f"{name} {kind}" for name, kind in (TYPES | ANSWER_TYPES).items())
    files = _text(f"{place.bucket}/{FILES}-*.csv")
    options = "skip_leading_rows = 1, allow_quoted_newlines = true"
    made = f"LOAD DATA OVERWRITE {_name(place.dataset, FILES)} ({declared})"
    return [f"{made}\nFROM FILES (format = 'CSV', uris = [{files}], {options})"]


def write_answers(folder: Path, model: Model) -> Iterator[Path]:
    """Write the answers of every possible flight to CSV files, and yield each of them.

    An airport's flights are many, so they are answered and written a part at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    categories = model.metadata.categories
    for number, part in enumerate(every_cell(categories)):
        path = folder / f"{FILES}-{number:05}.csv"
        flights, prediction = flights_of(part, categories), model.predict(part)
        rows = zip(
            *(flights[name].tolist() for name in FEATURES),
            *(getattr(prediction, answer).tolist() for answer in ANSWER_TYPES),
            strict=True,
        )
        with path.open("w", encoding="utf-8", newline="") as file:
            # Texts are quoted, so that "", which is "not given", is no null.
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
            writer.writerow([*TYPES, *ANSWER_TYPES])
            writer.writerows(rows)
        yield path


def join(place: Place, columns: Columns, *, timed: bool) -> str:
    """Return the view of all flights with their answers, null where the model knows none."""
    hour, weekday = _time(columns, "flights.") if timed else ("-1", "''")
    month = _month(columns, "flights.")
    match = {
        "OPERA": _airline(columns, "flights."),
        "TIPOVUELO": _flight_type(columns, "flights."),
        "MES": month,
        "HORA": hour,
        "DIANOM": weekday,
        "HOY": _range(columns, "flights.") if timed and columns.day else "-1",
    }
    on = [f"cells.{name} = {value}" for name, value in match.items()]
    if columns.scheduled:
        given = _name(columns.scheduled)
        near = _months_near(_datetime(columns, "flights."))
        on.append(f"(flights.{given} IS NULL OR {month} IN ({near}))")
    condition = "\n  AND ".join(on)
    return (
        f"CREATE OR REPLACE VIEW {_name(place.dataset, f'{place.table}_scored')} AS\n"
        f"SELECT flights.*, {', '.join(f'cells.{answer}' for answer in ANSWER_TYPES)}\n"
        f"FROM {_name(place.dataset, place.table)} AS flights\n"
        f"LEFT JOIN {_name(place.dataset, FILES)} AS cells\nON {condition}"
    )


def onnx(place: Place, columns: Columns, *, timed: bool) -> list[str]:
    """Return the import of the graph that takes strings, and a prediction with it.

    A flight that the model does not know ends the query, as it would a request.
    """
    model = _name(place.dataset, "flight_model")
    path = _text(f"{place.bucket}/pipeline.onnx")
    made = f"OPTIONS (MODEL_TYPE = 'ONNX', MODEL_PATH = {path})"
    hour, weekday = _time(columns) if timed else ("-1", "''")
    day = _range(columns) if timed and columns.day else "-1"
    values = [_airline(columns), _flight_type(columns), _month(columns), hour, weekday, day]
    inputs = ", ".join(f"{value} AS {name}" for name, value in zip(FEATURES, values, strict=True))
    flights = f"SELECT {inputs} FROM {_name(place.dataset, place.table)}"  # noqa: S608  # the same
    return [
        f"CREATE OR REPLACE MODEL {model}\n{made}",
        f"SELECT * FROM ML.PREDICT(MODEL {model},\n  ({flights}))",  # noqa: S608  # the same
    ]


def _airline(columns: Columns, table: str = "") -> str:
    return f"{table}{_name(columns.airline)}"


def _flight_type(columns: Columns, table: str = "") -> str:
    if columns.type_value is not None:
        return _text(columns.type_value)
    given = f"{table}{_name(columns.flight_type)}"
    if not columns.types:
        return given
    cases = " ".join(f"WHEN {_text(old)} THEN {_text(new)}" for old, new in columns.types)
    return f"CASE {given} {cases} ELSE {given} END"


def _month(columns: Columns, table: str = "") -> str:
    text = f"CAST({table}{_name(columns.month)} AS STRING)"
    return f"SAFE_CAST(REGEXP_EXTRACT({text}, {_text(_MONTH)}) AS INT64)"


def _datetime(columns: Columns, table: str = "") -> str:
    """Return the local time to the second, null for what the function does not read as one.

    A cast alone takes a date for midnight, and no time without seconds.
    """
    text = f"CAST({table}{_name(columns.scheduled)} AS STRING)"
    whole = f"RPAD({text}, {_SECONDS}, ':00')"
    return (
        f"SAFE_CAST(IF(REGEXP_CONTAINS({text}, {_text(TIME_PATTERN)}), {whole}, NULL) AS DATETIME)"
    )


def _months_near(time: str) -> str:
    """Return the months within a day of a date, as `function.flights.months_near` does.

    They are computed from parts of the date, as BigQuery overflows at its first and last day.
    """
    month, date = f"EXTRACT(MONTH FROM {time})", f"DATE({time})"
    return (
        f"{month}, CASE WHEN EXTRACT(DAY FROM {time}) = 1 THEN MOD({month} + 10, 12) + 1 "
        f"WHEN {date} = LAST_DAY({date}) THEN MOD({month}, 12) + 1 END"
    )


def _time(columns: Columns, table: str = "") -> tuple[str, str]:
    """Return the hour and the weekday, "not given" for null, and null for what is no time."""
    given, time = f"{table}{_name(columns.scheduled)}", _datetime(columns, table)
    names = ", ".join(map(_text, DAYS[1:]))
    # DATE_DIFF counts the days since a Monday.
    weekday = f"MOD(DATE_DIFF(DATE({time}), DATE '0001-01-01', DAY), 7)"
    return (
        f"IF({given} IS NULL, -1, EXTRACT(HOUR FROM {time}))",
        f"IF({given} IS NULL, '', [{names}][OFFSET({weekday})])",
    )


def _range(columns: Columns, table: str = "") -> str:
    """Return the number of the range of the day so far, -1 for null; a share that is none is null.

    A flight without a time has none of these numbers, as the function refuses it.
    """
    given = f"{table}{_name(columns.day or '')}"
    share = f"SAFE_CAST({given} AS FLOAT64)"
    below = " ".join(f"WHEN {share} < {edge} THEN {number}" for number, edge in enumerate(SHARES))
    time = f"{table}{_name(columns.scheduled)}"
    return (
        f"CASE WHEN {given} IS NULL THEN -1 WHEN {share} BETWEEN 0 AND 1 AND {time} IS NOT NULL "
        f"THEN CASE {below} ELSE {len(SHARES)} END END"
    )


def _name(*parts: str) -> str:
    """Return a name as BigQuery quotes it, in one pair of backticks."""
    escaped = (_escaped(part).replace("`", "\\`") for part in parts)
    return f"`{'.'.join(escaped)}`"


def _text(value: str) -> str:
    return "'" + _escaped(value).replace("'", "\\'") + "'"


def _escaped(value: str) -> str:
    """Return a text without what would end its line."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _line(value: str) -> str:
    """Return a text for a comment, which ends with its line."""
    return value.replace("\r", " ").replace("\n", " ")
