"""What a deployed function must answer: the answers of the model that was built."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import onnx
import pandas as pd

from function.metadata import Metadata
from training.export.parity import Pipeline, requests_of
from training.flights.features import FEATURES


class Expected(NamedTuple):
    """Flights as callers write them, and their answers."""

    flights: list[dict[str, Any]]
    predict: list[int]
    probability: list[float]


def answers_of_pipeline(path: Path) -> Expected:
    """Return flights that cover every category of the model, answered by its other graph."""
    properties = {each.key: each.value for each in onnx.load(path).metadata_props}
    categories = Metadata.from_properties(properties).categories
    known = [getattr(categories, name) for name in FEATURES]
    rows = max(map(len, known))
    table = pd.DataFrame(
        {
            name: [each[row % len(each)] for row in range(rows)]
            for name, each in zip(FEATURES, known, strict=True)
        }
    )
    # Hour and weekday are given together or not at all, and the day so far only with them.
    untimed = (table["HORA"] == -1) | (table["DIANOM"] == "")
    table = table.assign(
        HORA=table["HORA"].mask(untimed, -1),
        DIANOM=table["DIANOM"].mask(untimed, ""),
        HOY=table["HOY"].mask(untimed, -1),
    )
    prediction, _ = Pipeline(path).answer(table)
    flights = [
        {key: value for key, value in msgspec.to_builtins(flight).items() if value is not None}
        for flight in requests_of(table)
    ]
    return Expected(flights, prediction.delay.tolist(), prediction.probability.tolist())
