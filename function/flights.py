"""Flights as callers write them: JSON in, typed and hashable structs out."""

import calendar
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from .errors import InputError, TooManyError, shown
from .metadata import Categories

MAX_FLIGHTS: Final = 10_000
MONTHS: Final = 12
SCHEDULED: Final = "Fecha-I"
DAY_SO_FAR: Final = "HOY"

type LocalTime = Annotated[datetime, msgspec.Meta(tz=False)]
type Place = Callable[[int, str], str]  # the path of a flight's field in a request

_TIME_EXAMPLE: Final = "2017-07-14 19:30:00"
_TO_MINUTES: Final = len("2017-07-14 19:30")
_TO_MICROSECONDS: Final = len("2017-07-14 19:30:00.000000")
_BEYOND_MICROSECONDS: Final = r"(?<=\.[0-9]{6})[0-9]+\Z"


# Flights hold no containers, so the garbage collector need not track 10,000 of them.
class _Named(msgspec.Struct, frozen=True, gc=False):
    OPERA: str
    TIPOVUELO: str
    MES: int


class Flight(_Named, frozen=True, gc=False):
    """One flight, under the names of the delay challenge; other fields are ignored.

    `scheduled`, `Fecha-I` in JSON, is the local time of departure; see `read_time`. `MES` is the
    month of operation, which may differ from that of `scheduled`; see `months_near`.

    `HOY` is the day so far: of the flights that were scheduled in the last three hours, up to 15
    minutes ago, the share that left more than 15 minutes late, or has not left and is late by now.
    """

    scheduled: LocalTime | None = msgspec.field(name=SCHEDULED, default=None)
    HOY: float | None = None


class _Written(_Named, frozen=True, gc=False):
    scheduled: str | None = msgspec.field(name=SCHEDULED, default=None)
    HOY: float | None = None


class Payload(msgspec.Struct):
    """The body of a request."""

    flights: list[Flight]


type Decoder = msgspec.json.Decoder[Payload]


class _WrittenPayload(msgspec.Struct):
    flights: list[_Written]


_decoder: Decoder = msgspec.json.Decoder(Payload)
_written_decoder = msgspec.json.Decoder(_WrittenPayload)
_time_decoder = msgspec.json.Decoder(LocalTime)

# How msgspec words an error, and JSON's names. `re` compiles a pattern at its first use, so a cold
# start does not pay for it.
_ERROR = r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?"
_MISSING = r"Object missing required field `(?P<field>\w+)`"
_WRONG_TYPE = r"Expected `(?P<expected>[\w |]+)`, got `(?P<got>\w+)`"
_WRONG_LENGTH = (
    r"Expected `array` of at (?P<bound>least|most) length (?P<length>\d+)(, got (?P<got>\d+))?"
)
_JSON_WORDS = {
    "array": "an array",
    "bool": "a boolean",
    "float": "a decimal number",
    "float | null": "a number from 0 to 1, or null",
    "int": "an integer",
    "int | str | null": "an integer or null",
    "null": "null",
    "object": "an object",
    "object | null": "an object or null",
    "str": "a string",
    "str | null": "a string or null",
}


def months_near(time: datetime) -> tuple[int, ...]:
    """Return the months that `MES` may be for a scheduled time: those within a day of its date.

    The challenge's table has the month of operation: a flight scheduled for 31 January at 23:55
    that leaves after midnight has the month 2.
    """
    month = time.month
    if time.day == 1:
        return month, (month - 2) % MONTHS + 1
    if time.day == calendar.monthrange(time.year, month)[1]:
        return month, month % MONTHS + 1
    return (month,)


def place(flight: int, field: str) -> str:
    """Return the path of a flight's field in the body of a request."""
    return f"$.flights[{flight}].{field}"


def decoder_of(categories: Categories) -> Decoder:
    """Return a decoder for `decode` that knows the names of airlines and flight types.

    It makes no new text of them, which takes two thirds of the time.
    """
    names: list[tuple[str, Any]] = [
        ("OPERA", Literal[*categories.OPERA]),
        ("TIPOVUELO", Literal[*categories.TIPOVUELO]),
    ]
    flight = msgspec.defstruct("Flight", names, bases=(Flight,), frozen=True, gc=False)
    payload = msgspec.defstruct("Payload", [("flights", list[flight])], bases=(Payload,))  # type: ignore[valid-type]
    return msgspec.json.Decoder(payload)


def decode(body: bytes, decoder: Decoder = _decoder) -> list[Flight]:
    """Return the flights of a JSON body in order, or raise `InputError` for its first error.

    Types and times are checked here. Categories are checked by the encoder, which knows the model.
    """
    flights = _flights(body, decoder)
    if len(flights) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} flights, got {len(flights)}"
        raise TooManyError(message, path="$.flights")
    return flights


def _flights(body: bytes, decoder: Decoder) -> list[Flight]:
    # Times without seconds, times that would be rounded, unknown names and errors are left to a
    # second reading.
    try:
        if not _rounds_into_next_hour(text := body.decode()):
            return decoder.decode(text).flights
    except (ValueError, RecursionError):
        pass
    written = parse(_written_decoder, body).flights
    return [
        Flight(each.OPERA, each.TIPOVUELO, each.MES, read_time(each.scheduled, i), each.HOY)
        for i, each in enumerate(written)
    ]


def _rounds_into_next_hour(text: str) -> bool:
    """Return whether msgspec, which rounds times to microseconds, could change an hour or a day.

    No more of a time is used, so it may be rounded within its hour.
    """
    # The search for one character takes a thousandth of the time of the others, and spares most.
    point = "." in text
    if "\\" in text:  # points are `\u002e` then, colons and digits begin with `\u003`
        return "\\u002" in text or (point and ("\\u003" in text or ":59:59.999999" in text))
    return point and ":59:59.999999" in text


def read_time(text: str | None, flight: int, place: Place = place) -> datetime | None:
    """Return the time of a text such as `2017-07-14 19:30:00`, and None for None.

    The separator is a blank or `T`; seconds and their fraction are optional. A fraction is cut off
    after microseconds. Raise `InputError` at the `place` of the flight for what is no local time.
    """
    if text is None:
        return None
    whole = f"{text}:00" if len(text) == _TO_MINUTES else text
    if len(whole) > _TO_MICROSECONDS:
        whole = re.sub(_BEYOND_MICROSECONDS, "", whole)
    try:
        time: datetime = _time_decoder.decode(msgspec.json.encode(whole))
    except msgspec.ValidationError:
        got = shown(msgspec.json.encode(text).decode())
        message = f"Expected a local time such as {_TIME_EXAMPLE}, got {got}"
        raise InputError(message, path=place(flight, SCHEDULED)) from None
    return time


def parse[Body](decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """Return what a JSON body holds, or raise `InputError` for its first error."""
    try:
        return decoder.decode(body.decode())
    except UnicodeDecodeError as error:
        message = f"Expected UTF-8, got the byte 0x{body[error.start]:02x} at {error.start}"
        raise InputError(message, path="$") from None
    except msgspec.ValidationError as error:
        raise _in_json_words(str(error)) from None
    except msgspec.DecodeError as error:
        raise InputError(f"Expected JSON, got a fault: {error}", path="$") from None
    except RecursionError:
        raise InputError("Expected JSON, got it nested too deeply", path="$") from None


def _in_json_words(message: str) -> InputError:
    error = re.fullmatch(_ERROR, message)
    if error is None:  # pragma: no cover  # the pattern matches any line
        raise AssertionError(message)
    reason, path = error["reason"], error["path"] or "$"
    if missing := re.fullmatch(_MISSING, reason):
        path = f"{path}.{missing['field']}"
        return InputError(f"Expected the field `{missing['field']}`, got none", path=path)
    if wrong := re.fullmatch(_WRONG_TYPE, reason):
        expected, got = _JSON_WORDS[wrong["expected"]], _JSON_WORDS[wrong["got"]]
        return InputError(f"Expected {expected}, got {got}", path=path)
    if length := re.fullmatch(_WRONG_LENGTH, reason):
        bound, got = f"{length['bound']} {length['length']}", length["got"] or "more"
        return InputError(f"Expected at {bound} values, got {got}", path=path)
    # What remains are numbers beyond those of 64 bits, which `MES` and `HOY` read.
    return InputError("Expected a number of 64 bits, got a number out of range", path=path)
