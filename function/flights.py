"""Flights as callers write them: JSON in, typed and hashable structs out."""

import functools
import re
from datetime import datetime
from typing import Final

import msgspec

from .errors import InputError, TooManyError

MAX_FLIGHTS: Final = 10_000
SCHEDULED: Final = "Fecha-I"


# Flights hold no containers, so the garbage collector need not track 10,000 of them.
class Flight(msgspec.Struct, frozen=True, gc=False):
    """One flight, under the names of the delay challenge; other fields are ignored.

    `scheduled`, `Fecha-I` in JSON, is the local time of departure; see `read_time`.
    """

    OPERA: str
    TIPOVUELO: str
    MES: int
    scheduled: str | None = msgspec.field(name=SCHEDULED, default=None)


class Payload(msgspec.Struct):
    """The body of a request."""

    flights: list[Flight]


type Time = tuple[int, int, int]  # month, hour, weekday from 0 for Monday


_decoder = msgspec.json.Decoder(Payload)

# How msgspec words an error, and JSON's names. `re` compiles a pattern at its first use, so a cold
# start does not pay for it.
_ERROR = r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?"
_MISSING = r"Object missing required field `(?P<field>\w+)`"
_WRONG_TYPE = r"Expected `(?P<expected>[\w |]+)`, got `(?P<got>\w+)`"
_JSON_WORDS = {
    "array": "an array",
    "bool": "a boolean",
    "float": "a decimal number",
    "int": "an integer",
    "null": "null",
    "object": "an object",
    "str": "a string",
    "str | null": "a string or null",
}


def decode(body: bytes) -> list[Flight]:
    """Return the flights of a JSON body in order, or raise `InputError` for its first error.

    Types are checked here. Categories and times are checked by the encoder, which knows the model.
    """
    flights = parse(_decoder, body).flights
    if len(flights) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} flights, got {len(flights)}"
        raise TooManyError(message, path="$.flights")
    return flights


def read_time(text: str) -> Time | None:
    """Return the month, hour and weekday of `2017-07-14 19:30:00`, or None where it is no time.

    The separator is a blank or `T`; seconds and up to six digits of a fraction are optional. An
    offset is no part of a local time.
    """
    # The caches below keep what was read, so its length is bounded before.
    if not 16 <= len(text) <= 26:  # noqa: PLR2004
        return None
    date, hour = _read_date(text[:10]), _read_hour(text[10:])
    return None if date is None or hour is None else (date[0], hour, date[1])


# Flights share days and times of day, so each is read once and kept. `fromisoformat` takes
# more forms than these, such as week numbers and offsets.
@functools.lru_cache(4096)
def _read_date(text: str) -> tuple[int, int] | None:
    """Return the month and weekday of `2017-07-14`."""
    if text[4] != "-" or text[7] != "-":
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return date.month, date.weekday()


@functools.lru_cache(4096)
def _read_hour(text: str) -> int | None:
    """Return the hour of ` 19:30:00`."""
    if text[0] not in " T" or text[3] != ":" or text[1:3] > "23" or text[9:10] not in {"", "."}:
        return None
    try:
        time = datetime.fromisoformat(f"2000-01-01{text}")
    except ValueError:
        return None
    return None if time.tzinfo else time.hour


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
    # What remains are numbers beyond 64 bits, which only an integer field reads.
    return InputError("Expected an integer, got a number out of range", path=path)
