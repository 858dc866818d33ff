"""What holds for every body, whatever its bytes: for properties and fuzzing alike."""

import json

import msgspec

from function.encoder import Encoder
from function.errors import InputError
from function.flights import MAX_FLIGHTS, decode
from function.metadata import Categories

FIELDS = ("OPERA", "TIPOVUELO", "MES")


def assert_answerable(body: bytes, encoder: Encoder, categories: Categories) -> int:
    """Check that a body becomes cells that name its flights, or an error to answer.

    Return the number of its flights, -1 for an error.
    """
    try:
        flights = decode(body)
        cells = encoder.cells(flights).tolist()
    except InputError as error:
        _assert_error(error)
        return -1
    assert len(cells) == len(flights) <= MAX_FLIGHTS
    # Python's own JSON reader is the oracle: it must find the same flights.
    for cell, read in zip(cells, json.loads(body)["flights"], strict=True):
        month = cell % len(categories.MES)
        kind = cell // len(categories.MES) % len(categories.TIPOVUELO)
        airline = cell // len(categories.MES) // len(categories.TIPOVUELO)
        named = (categories.OPERA[airline], categories.TIPOVUELO[kind], categories.MES[month])
        assert tuple(read[field] for field in FIELDS) == named
    return len(flights)


def _assert_error(error: InputError) -> None:
    answer = {"error": str(error), "path": error.path}
    assert len(answer["error"] or "") < 500
    assert json.loads(msgspec.json.encode(answer)) == answer
