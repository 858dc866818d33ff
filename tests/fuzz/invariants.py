"""What holds for every body, whatever its bytes: for properties and fuzzing alike."""

import functools
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import msgspec

from function.encoder import Encoder
from function.errors import InputError
from function.flights import DAY_SO_FAR, MAX_FLIGHTS, SCHEDULED, Decoder, Flight, decode, decoder_of
from function.metadata import DAYS, HOURS, RANGES, SHARES, WEEKDAYS, Categories

FIELDS = ("OPERA", "TIPOVUELO", "MES")
TIMES = [
    f"%Y-%m-%d{separator}%H:%M{seconds}"
    for separator in (" ", "T")
    for seconds in ("", ":%S", ":%S.%f")
]


def assert_answerable(body: bytes, encoder: Encoder, categories: Categories) -> int:
    """Check that a body becomes cells that name its flights, or an error to answer.

    A decoder that knows the categories makes no difference. Return the number of its flights, -1
    for an error.
    """
    plain, with_names = _read(body, encoder), _read(body, encoder, _decoder(categories))
    if isinstance(plain, InputError):
        _assert_error(plain)
        assert isinstance(with_names, InputError)
        assert (str(plain), plain.path) == (str(with_names), with_names.path)
        return -1
    flights, cells = plain
    assert not isinstance(with_names, InputError)
    assert [*map(msgspec.structs.astuple, with_names[0])] == [
        *map(msgspec.structs.astuple, flights)
    ]
    assert with_names[1] == cells
    assert len(cells) == len(flights) <= MAX_FLIGHTS
    # Python's own JSON reader is the oracle: it must find the same flights.
    for number, read in zip(cells, json.loads(body)["flights"], strict=True):
        cell, day = divmod(number, len(categories.HOY))
        cell, weekday = divmod(cell, len(categories.DIANOM))
        cell, hour = divmod(cell, len(categories.HORA))
        cell, month = divmod(cell, len(categories.MES))
        airline, flight_type = divmod(cell, len(categories.TIPOVUELO))
        known = (
            *(categories.OPERA[airline], categories.TIPOVUELO[flight_type]),
            *(categories.MES[month], categories.HORA[hour], categories.DIANOM[weekday]),
            categories.HOY[day],
        )
        time, range_ = _time(read), _range(read)
        if not categories.timed:
            time = HOURS[0], DAYS[0]
        if not categories.knows_day:
            range_ = RANGES[0]
        assert (*(read[field] for field in FIELDS), *time, range_) == known
    return len(flights)


def _read(
    body: bytes, encoder: Encoder, *decoder: Decoder
) -> tuple[list[Flight], list[int]] | InputError:
    try:
        flights = decode(body, *decoder)
        return flights, encoder.cells(flights).tolist()
    except InputError as error:
        return error


@functools.cache
def _decoder(categories: Categories) -> Decoder:
    return decoder_of(categories)


def _time(flight: dict[str, Any]) -> tuple[int, str]:
    """Return the hour and weekday of a flight, read in another way than the function does."""
    if (text := flight.get(SCHEDULED)) is None:
        return -1, ""
    for form in TIMES:
        with suppress(ValueError):
            time = datetime.strptime(text, form)  # noqa: DTZ007  # local
            assert flight["MES"] in _months_near(time)
            return time.hour, WEEKDAYS[time.weekday()]
    raise AssertionError(f"{text!r} is no time")


def _range(flight: dict[str, Any]) -> int:
    """Return the range of a flight's day so far, read in another way than the function does."""
    if (share := flight.get(DAY_SO_FAR)) is None:
        return -1
    assert isinstance(share, int | float) and not isinstance(share, bool)  # noqa: PT018
    assert 0 <= share <= 1
    assert flight.get(SCHEDULED) is not None
    return len([edge for edge in SHARES if share >= edge])


def _months_near(time: datetime) -> set[int]:
    """Return the months within a day of a time, found in another way than the function does."""
    found = {time.month}
    for days in (-1, 1):
        with suppress(OverflowError):
            found.add((time + timedelta(days)).month)
    # The calendar ends between months 12 and 1, on either side.
    at_an_end = {(1, 1, 1): {12}, (9999, 12, 31): {1}}
    return found | at_an_end.get((time.year, time.month, time.day), set())


def _assert_error(error: InputError) -> None:
    answer = {"error": str(error), "path": error.path}
    assert len(answer["error"] or "") < 500
    assert json.loads(msgspec.json.encode(answer)) == answer
