"""Flights of the model at hand, whichever airport's it is."""

import json
import math
from typing import Final

import msgspec

from function.flights import Flight
from function.metadata import Categories
from function.model import Model
from training.project import ARTIFACTS

MODEL: Final = Model(ARTIFACTS / "model.onnx")
CATEGORIES: Final[Categories] = MODEL.metadata.categories
CELLS: Final = math.prod(MODEL.encoder.numbers.sizes)
MONTH: Final = CATEGORIES.MES[:3][-1]

# A flight that the model knows, without a time and with one.
FLIGHT: Final[dict[str, str | int]] = {
    "OPERA": CATEGORIES.OPERA[0],
    "TIPOVUELO": CATEGORIES.TIPOVUELO[-1],
    "MES": MONTH,
}
TIMED: Final = FLIGHT | {"Fecha-I": f"2017-{MONTH:02}-03 19:00:00"}
TODAY: Final[dict[str, str | int | float]] = {**TIMED, "HOY": 0.35}  # with the day so far

_CELLS: Final = MODEL.encoder.cells([msgspec.convert(FLIGHT, Flight)])
# What the function answers to that flight without a time.
ANSWER: Final = msgspec.json.encode({"predict": MODEL.predict(_CELLS).delay.tolist()})


def possible_flights() -> int:
    """Return how many flights the model can be asked, in each way.

    That is without a time, with each one, and each of these with each range of the day so far.
    """
    times = 1 + 24 * 7 * CATEGORIES.timed * len(CATEGORIES.HOY)
    return len(CATEGORIES.OPERA) * len(CATEGORIES.TIPOVUELO) * len(CATEGORIES.MES) * times


def is_santiago() -> bool:
    """Tell whether the model at hand learned from the challenge's flights."""
    metrics = json.loads((ARTIFACTS / "metrics.json").read_text(encoding="utf-8"))
    return metrics["challenge"] is not None
