"""The SQL that brings the model to BigQuery, in three ways."""

from typing import Final, NamedTuple

import numpy as np

from function.flights import MAX_FLIGHTS
from function.model import Model
from training.flights.features import FEATURES, every_cell, flights_of

ANSWERS: Final = {"probability": "FLOAT64", "delay": "INT64"}


class Place(NamedTuple):
    """Where things are in Google Cloud."""

    dataset: str  # PROJECT.DATASET, of the flights and of what is made here
    table: str  # of flights
    endpoint: str  # the function's address
    connection: str  # PROJECT.REGION.NAME, of the kind CLOUD_RESOURCE
    bucket: str  # gs://..., where artifacts/pipeline.onnx was copied to


def script(place: Place, model: Model) -> str:
    """Return the statements of all three ways; each way stands without the others."""
    ways = {
        "1. A remote function: BigQuery asks this function over HTTP.": remote(place),
        "2. A table of all cells and a join: no HTTP, the same answers.": [
            *cells(place, model),
            join(place),
        ],
        "3. The graph itself, run by BigQuery.": onnx(place),
    }
    return "\n".join(
        f"-- {title}\n" + "".join(f"{statement};\n" for statement in statements)
        for title, statements in ways.items()
    )


def remote(place: Place) -> list[str]:
    """Return the remote functions that call `POST /bigquery`, one for each answer."""
    return [
        f"CREATE OR REPLACE FUNCTION `{place.dataset}.flight_{answer}`"
        "(OPERA STRING, TIPOVUELO STRING, MES INT64)\n"
        f"RETURNS {kind} REMOTE WITH CONNECTION `{place.connection}`\n"
        f"OPTIONS (endpoint = '{place.endpoint}/bigquery', "
        f"user_defined_context = [('answer', '{answer}')], max_batching_rows = {MAX_FLIGHTS})"
        for answer, kind in ANSWERS.items()
    ]


def cells(place: Place, model: Model) -> list[str]:
    """Return the table of every possible flight and its answers, made and filled."""
    cells = np.concatenate(list(every_cell(model.metadata.categories)))
    flights = flights_of(cells, model.metadata.categories)
    prediction = model.predict(cells)
    rows = zip(
        *(flights[name].tolist() for name in FEATURES),
        *(getattr(prediction, answer).tolist() for answer in ANSWERS),
        strict=True,
    )
    values = ",\n".join(f"({', '.join(map(_literal, row))})" for row in rows)
    kinds = {
        "OPERA": "STRING",
        "TIPOVUELO": "STRING",
        "MES": "INT64",
        "HORA": "INT64",
        "DIANOM": "STRING",
    } | ANSWERS
    table = f"`{place.dataset}.flight_cells`"
    declared = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    return [
        f"CREATE OR REPLACE TABLE {table} ({declared})",
        f"INSERT INTO {table} ({', '.join(kinds)}) VALUES\n{values}",
    ]


def join(place: Place) -> str:
    """Return the view of all flights with their answers, null where the model knows none."""
    return (
        f"CREATE OR REPLACE VIEW `{place.dataset}.{place.table}_scored` AS\n"
        f"SELECT * FROM `{place.dataset}.{place.table}`\n"
        f"LEFT JOIN `{place.dataset}.flight_cells` USING ({', '.join(FEATURES)})"
    )


def onnx(place: Place) -> list[str]:
    """Return the import of the graph that takes strings, and a prediction with it."""
    model = f"`{place.dataset}.flight_model`"
    made = f"OPTIONS (MODEL_TYPE = 'ONNX', MODEL_PATH = '{place.bucket}/pipeline.onnx')"
    flights = f"SELECT {', '.join(FEATURES)} FROM `{place.dataset}.{place.table}`"  # noqa: S608  # its user's own names
    return [
        f"CREATE OR REPLACE MODEL {model}\n{made}",
        f"SELECT * FROM ML.PREDICT(MODEL {model},\n  ({flights}))",  # noqa: S608  # the same
    ]


def _literal(value: str | float) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return repr(value)
