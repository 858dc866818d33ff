"""Flights as callers write them: JSON in, typed and hashable structs out."""

import re

import msgspec

from .errors import RequestError

MAX_FLIGHTS = 10_000


# Flights hold no containers, so the garbage collector need not know of 10,000 of them.
class Flight(msgspec.Struct, frozen=True, gc=False):
    """One flight, under the names of the delay challenge; other fields are ignored."""

    OPERA: str
    TIPOVUELO: str
    MES: int


class Payload(msgspec.Struct):
    """The body of a request."""

    flights: list[Flight]


_decoder = msgspec.json.Decoder(Payload)

# msgspec's words for a fault, and JSON's. `re` compiles a pattern at its first fault: a start does
# not wait for it.
_FAULT = r"(?P<reason>.*?)(?: - at `(?P<path>.*)`)?"
_MISSING = r"Object missing required field `(?P<field>\w+)`"
_WRONG_TYPE = r"Expected `(?P<expected>\w+)`, got `(?P<got>\w+)`"
_JSON_WORDS = {
    "array": "an array",
    "bool": "a boolean",
    "float": "a decimal number",
    "int": "an integer",
    "null": "null",
    "object": "an object",
    "str": "a string",
}


def decode(body: bytes) -> list[Flight]:
    """Return the flights of a JSON body in order, or raise `RequestError` for its first fault.

    Types are checked here; whether a category is known, only the model's encoder can tell.
    """
    flights = parse(_decoder, body).flights
    if len(flights) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} flights, got {len(flights)}"
        raise RequestError(message, path="$.flights", status=413)
    return flights


def parse[Body](decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """Return what a JSON body says, or raise `RequestError` for its first fault."""
    try:
        return decoder.decode(body.decode())
    except UnicodeDecodeError as error:
        message = f"Expected UTF-8, got the byte 0x{body[error.start]:02x} at {error.start}"
        raise RequestError(message, path="$") from None
    except msgspec.ValidationError as error:
        raise _in_json_words(str(error)) from None
    except msgspec.DecodeError as error:
        raise RequestError(f"Expected JSON, got a fault: {error}", path="$") from None
    except RecursionError:
        raise RequestError("Expected JSON, got it nested too deeply", path="$") from None


def _in_json_words(message: str) -> RequestError:
    fault = re.fullmatch(_FAULT, message)
    if fault is None:  # pragma: no cover  # the pattern takes any line
        raise AssertionError(message)
    reason, path = fault["reason"], fault["path"] or "$"
    if missing := re.fullmatch(_MISSING, reason):
        path = f"{path}.{missing['field']}"
        return RequestError(f"Expected the field `{missing['field']}`, got none", path=path)
    if wrong := re.fullmatch(_WRONG_TYPE, reason):
        expected, got = _JSON_WORDS[wrong["expected"]], _JSON_WORDS[wrong["got"]]
        return RequestError(f"Expected {expected}, got {got}", path=path)
    # What is left are numbers beyond 64 bits, which only an integer field reads.
    return RequestError("Expected an integer, got a number out of range", path=path)
