"""Flights as BigQuery calls a remote function: `calls` of arguments in, `replies` out."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from .batching import Batcher
from .encoder import day_fault
from .errors import InputError, TooManyError, shown
from .flights import DAY_SO_FAR, MAX_FLIGHTS, SCHEDULED, Flight, parse, read_time
from .metadata import Categories
from .model import Model

OPTIONS: Final = {"answer": ("probability", "delay"), "unknown": ("null",)}
INTEGER: Final = "-?[0-9]{1,18}"  # an INT64 that comes as text


class Call(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True, gc=False):
    """The arguments of a row. Where one of the first three is null, the reply is null."""

    OPERA: str | None
    TIPOVUELO: str | None
    MES: int | str | None
    scheduled: str | None = msgspec.field(name=SCHEDULED, default=None)
    HOY: float | None = None


class Calls(msgspec.Struct):
    """What BigQuery sends: a call for each row, and the options of the remote function.

    `answer` is `probability`, the default, or `delay`. With `"unknown": "null"` the reply is null
    where the model does not know the airline, the type or the month; otherwise that is an error.
    """

    calls: list[Call]
    userDefinedContext: dict[str, str] | None = None  # noqa: N815  # BigQuery's name


class _Lengths(msgspec.Struct):
    calls: list[list[msgspec.Raw]]


_ARGUMENTS: Final = Call.__struct_encode_fields__
_decoder = msgspec.json.Decoder(Calls)
_lengths_decoder = msgspec.json.Decoder(_Lengths)


async def reply(
    body: bytes, model: Model, batcher: Batcher
) -> tuple[list[float | int | None], NDArray[np.int64]]:
    """Return the reply to each call, and the delays of those that are flights.

    Raise `InputError` with the row of the first bad call.
    """
    request = _parse(body)
    calls, context = request.calls, request.userDefinedContext or {}
    answer, unknown = _option(context, "answer"), _option(context, "unknown")
    if len(calls) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} calls, got {len(calls)}"
        raise TooManyError(message, path="$.calls")
    found = ((row, _flight(call, row)) for row, call in enumerate(calls))
    flights = {row: flight for row, flight in found if flight is not None}
    if unknown:
        flights = _known(flights, model.metadata.categories)
    rows = [*flights]
    cells = model.encoder.cells([*flights.values()], lambda i, field: _place(rows[i], field))
    prediction = await batcher.predict(cells)
    replies = np.full(len(calls), None)
    replies[rows] = getattr(prediction, answer or "probability").tolist()
    return replies.tolist(), prediction.delay


def _parse(body: bytes) -> Calls:
    try:
        return parse(_decoder, body)
    except InputError as error:
        if not str(error).startswith("Expected at most "):
            raise
        # msgspec tells neither which array is too long, nor its length.
        lengths = enumerate(map(len, parse(_lengths_decoder, body).calls))
        row, length = next(each for each in lengths if each[1] > len(_ARGUMENTS))
        message = f"Expected at most {len(_ARGUMENTS)} values, got {length}"
        raise InputError(message, path=f"$.calls[{row}]") from None


def _option(context: Mapping[str, str], name: str) -> str | None:
    value, choices = context.get(name), OPTIONS[name]
    if value is not None and value not in choices:
        message = f"Expected {' or '.join(choices)}, got {shown(value)}"
        raise InputError(message, path=f"$.userDefinedContext.{name}")
    return value


def _flight(call: Call, row: int) -> Flight | None:
    month = call.MES
    if call.OPERA is None or call.TIPOVUELO is None or month is None:
        return None
    if isinstance(month, str):
        if not re.fullmatch(INTEGER, month):
            got = shown(msgspec.json.encode(month).decode())
            raise InputError(f"Expected an integer, got {got}", path=_place(row, "MES"))
        month = int(month)
    time = read_time(call.scheduled, row, _place)
    flight = Flight(call.OPERA, call.TIPOVUELO, month, time, call.HOY)
    if message := day_fault(flight):
        raise InputError(message, path=_place(row, DAY_SO_FAR))
    return flight


def _known(flights: Mapping[int, Flight], categories: Categories) -> dict[int, Flight]:
    airlines, types, months = map(set, msgspec.structs.astuple(categories)[:3])
    return {
        row: flight
        for row, flight in flights.items()
        if flight.OPERA in airlines and flight.TIPOVUELO in types and flight.MES in months
    }


def _place(row: int, field: str) -> str:
    return f"$.calls[{row}][{_ARGUMENTS.index(field)}]"
