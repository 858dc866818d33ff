"""The SQL that brings the model to BigQuery, in three ways."""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from function.flights import MAX_FLIGHTS
from function.metadata import WEEKDAYS
from function.model import Model
from training.flights.features import FEATURES, FLIGHT, every_cell, flights_of

ANSWERS: Final = {"probability": "FLOAT64", "delay": "INT64"}
ARGUMENTS: Final = {"OPERA": "STRING", "TIPOVUELO": "STRING", "MES": "INT64"}
TIME: Final = {"scheduled": "DATETIME"}
COLUMNS: Final = {**ARGUMENTS, "HORA": "INT64", "DIANOM": "STRING", **ANSWERS}
ANSWERS_FILE: Final = "flight_answers.csv"


class Place(NamedTuple):
    """Where things are in Google Cloud."""

    dataset: str  # PROJECT.DATASET, of the flights and of what is made here
    table: str  # of flights
    endpoint: str  # the function's address
    connection: str  # PROJECT.REGION.NAME, of the type CLOUD_RESOURCE
    bucket: str  # gs://..., that holds pipeline.onnx and the file of answers
    scheduled: str  # the table's column of scheduled times, a DATETIME; empty for none


def script(place: Place) -> str:
    """Return the statements of all three ways; each way works without the others."""
    ways = {
        "1. A remote function: BigQuery asks this function over HTTP.": remote(place),
        "2. A table of all answers and a join: no HTTP, the same answers.": [
            load(place),
            join(place),
        ],
        "3. The graph itself, run by BigQuery.": onnx(place),
    }
    return "\n".join(
        f"-- {title}\n" + "".join(f"{statement};\n" for statement in statements)
        for title, statements in ways.items()
    )


def remote(place: Place) -> list[str]:
    """Return the remote functions that call `POST /bigquery`.

    There are two for each answer: without the scheduled time, and `..._at` with it.
    """
    return [
        f"CREATE OR REPLACE FUNCTION `{place.dataset}.flight_{answer}{suffix}`"
        f"({', '.join(f'{name} {kind}' for name, kind in arguments.items())})\n"
        f"RETURNS {returned} REMOTE WITH CONNECTION `{place.connection}`\n"
        f"OPTIONS (endpoint = '{place.endpoint}/bigquery', "
        f"user_defined_context = [('answer', '{answer}')], max_batching_rows = {MAX_FLIGHTS})"
        for answer, returned in ANSWERS.items()
        for suffix, arguments in (("", ARGUMENTS), ("_at", ARGUMENTS | TIME))
    ]


def write_answers(model: Model, path: Path) -> int:
    """Write the answers to every possible flight as CSV, in parts; return their number."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for cells in every_cell(model.metadata.categories):
            flights, prediction = flights_of(cells, model.metadata.categories), model.predict(cells)
            columns = [flights[name].tolist() for name in FEATURES]
            columns += [getattr(prediction, answer).tolist() for answer in ANSWERS]
            rows.writerows(zip(*columns, strict=True))
            written += len(cells)
    return written


def load(place: Place) -> str:
    """Return the load of what `write_answers` wrote, from the bucket."""
    declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    return (
        f"LOAD DATA OVERWRITE `{place.dataset}.flight_answers` ({declared})\n"
        "FROM FILES (format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true, "
        f"uris = ['{place.bucket}/{ANSWERS_FILE}'])"
    )


def join(place: Place) -> str:
    """Return the view of all flights with their answers, null where the model knows none."""
    same = [f"answers.{name} = flights.{name}" for name in FLIGHT]
    hour, weekday = _time(place)
    same += [f"answers.HORA = {hour}", f"IFNULL(answers.DIANOM, '') = {weekday}"]
    return (
        f"CREATE OR REPLACE VIEW `{place.dataset}.{place.table}_scored` AS\n"
        f"SELECT flights.*, {', '.join(f'answers.{name}' for name in ANSWERS)}\n"
        f"FROM `{place.dataset}.{place.table}` AS flights\n"
        f"LEFT JOIN `{place.dataset}.flight_answers` AS answers\n  ON " + "\n  AND ".join(same)
    )


def onnx(place: Place) -> list[str]:
    """Return the import of the graph that takes strings, and a prediction with it."""
    model = f"`{place.dataset}.flight_model`"
    made = f"OPTIONS (MODEL_TYPE = 'ONNX', MODEL_PATH = '{place.bucket}/pipeline.onnx')"
    hour, weekday = _time(place)
    flights = (
        f"SELECT {', '.join(FLIGHT)},\n    {hour} AS HORA,\n    {weekday} AS DIANOM\n"  # noqa: S608  # its user's own names
        f"  FROM `{place.dataset}.{place.table}` AS flights"
    )
    return [
        f"CREATE OR REPLACE MODEL {model}\n{made}",
        f"SELECT * FROM ML.PREDICT(MODEL {model},\n  ({flights}))",  # noqa: S608  # the same
    ]


def _time(place: Place) -> tuple[str, str]:
    """Return the expressions of hour and weekday, "not given" where the time is null."""
    if not place.scheduled:
        return "-1", "''"
    column = f"flights.`{place.scheduled}`"
    names = ", ".join(f"'{name}'" for name in WEEKDAYS)
    number = f"CAST(FORMAT_DATETIME('%u', {column}) AS INT64)"
    return f"IFNULL(EXTRACT(HOUR FROM {column}), -1)", f"IFNULL([{names}][ORDINAL({number})], '')"
