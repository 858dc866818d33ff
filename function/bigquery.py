"""Flights as BigQuery calls a remote function: `calls` of arguments in, `replies` out."""

import re
from typing import Final, NoReturn

import msgspec
import numpy as np
from numpy.typing import NDArray

from .batching import Batcher
from .encoder import Encoder
from .errors import InputError, TooManyError, shown
from .flights import MAX_FLIGHTS, SCHEDULED, Flight, parse, read_time

ARGUMENTS: Final = Flight.__struct_encode_fields__
ANSWERS: Final = ("probability", "delay")

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # as INT64 may come, in a string


class Request(msgspec.Struct):
    """The body of a remote function's call; what else BigQuery sends is ignored."""

    calls: list[list[object]]
    context: dict[str, str] = msgspec.field(name="userDefinedContext", default_factory=dict)


type Replies = list[float | int | None]

_decoder = msgspec.json.Decoder(Request)


async def reply(
    body: bytes, encoder: Encoder, batcher: Batcher
) -> tuple[Replies, NDArray[np.int64]]:
    """Return the reply to each call, and the delays of the calls that name a flight.

    A call holds the arguments OPERA, TIPOVUELO and MES, and perhaps Fecha-I. The reply is null
    where one of the first three is null. `userDefinedContext.answer` asks for the `probability`,
    the default, or for the `delay`. Raise `InputError` with the row of the first bad call.
    """
    request = parse(_decoder, body)
    wanted, calls = request.context.get("answer", ANSWERS[0]), request.calls
    if wanted not in ANSWERS:
        message = f"Expected {' or '.join(ANSWERS)}, got {shown(wanted)}"
        raise InputError(message, path="$.userDefinedContext.answer")
    if len(calls) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} calls, got {len(calls)}"
        raise TooManyError(message, path="$.calls")
    rows, flights = [], []
    for row, call in enumerate(calls):
        if (flight := _flight(call, row)) is not None:
            rows.append(row)
            flights.append(flight)
    cells = encoder.cells(flights, lambda i, field: _place(rows[i], field))
    prediction = await batcher.predict(cells)
    replies = np.full(len(calls), None)
    replies[rows] = getattr(prediction, wanted).tolist()
    return replies.tolist(), prediction.delay


def _flight(call: list[object], row: int) -> Flight | None:
    if len(call) not in {3, len(ARGUMENTS)}:
        message = f"Expected 3 or {len(ARGUMENTS)} arguments, got {len(call)}"
        raise InputError(message, path=f"$.calls[{row}]")
    airline, flight_type, month, scheduled = [*call, None][: len(ARGUMENTS)]
    if airline is None or flight_type is None or month is None:
        return None
    if not isinstance(airline, str):
        _reject("a string", airline, row, "OPERA")
    if not isinstance(flight_type, str):
        _reject("a string", flight_type, row, "TIPOVUELO")
    if isinstance(month, str) and _INTEGER.fullmatch(month):
        month = int(month)
    if not isinstance(month, int) or isinstance(month, bool):
        _reject("an integer", month, row, "MES")
    if scheduled is not None and not isinstance(scheduled, str):
        _reject("a string", scheduled, row, SCHEDULED)
    return Flight(airline, flight_type, month, read_time(scheduled, row, _place))


def _reject(expected: str, value: object, row: int, field: str) -> NoReturn:
    got = shown(msgspec.json.encode(value).decode())
    raise InputError(f"Expected {expected}, got {got}", path=_place(row, field))


def _place(row: int, field: str) -> str:
    return f"$.calls[{row}][{ARGUMENTS.index(field)}]"
