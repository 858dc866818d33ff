"""Flights as BigQuery calls a remote function: `calls` of arguments in, `replies` out."""

import re
from typing import Final, NoReturn

import msgspec
import numpy as np

from .batching import Batcher
from .encoder import Encoder
from .errors import InputError, RequestError, shown
from .flights import MAX_FLIGHTS, Flight, parse

ARGUMENTS: Final = Flight.__struct_encode_fields__
ANSWERS: Final = ("probability", "delay")

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # as INT64 may come, in a string


class BigQueryError(RequestError):
    """A call that cannot be answered, in the words that BigQuery shows its user."""

    def answer(self) -> dict[str, str]:
        """Return the body that BigQuery reads."""
        return {"errorMessage": str(self)}


class Request(msgspec.Struct):
    """The body of a remote function's call; what else BigQuery sends is ignored."""

    calls: list[list[object]]
    context: dict[str, str] = msgspec.field(name="userDefinedContext", default_factory=dict)


_decoder = msgspec.json.Decoder(Request)


async def reply(
    body: bytes, encoder: Encoder, batcher: Batcher
) -> dict[str, list[float | int | None]]:
    """Answer each call of [OPERA, TIPOVUELO, MES], with null where an argument is null.

    `userDefinedContext.answer` asks for the `probability`, the default, or for the `delay`.
    Raise `BigQueryError` with the row of the first call that cannot be answered.
    """
    try:
        return {"replies": await _replies(parse(_decoder, body), encoder, batcher)}
    except InputError as error:
        raise BigQueryError(str(error)) from error


async def _replies(
    request: Request, encoder: Encoder, batcher: Batcher
) -> list[float | int | None]:
    wanted, calls = request.context.get("answer", ANSWERS[0]), request.calls
    if wanted not in ANSWERS:
        message = f"Expected {' or '.join(ANSWERS)}, got {shown(wanted)}"
        raise RequestError(message, path="$.userDefinedContext.answer")
    if len(calls) > MAX_FLIGHTS:
        message = f"Expected at most {MAX_FLIGHTS} calls, got {len(calls)}"
        raise RequestError(message, path="$.calls")
    rows, flights = [], []
    for row, call in enumerate(calls):
        if (flight := _flight(call, row)) is not None:
            rows.append(row)
            flights.append(flight)
    cells = encoder.cells(flights, lambda i, field: _place(rows[i], field))
    answers = getattr(await batcher.predict(cells), wanted).tolist()
    replies = np.full(len(calls), None)
    replies[rows] = answers
    return replies.tolist()


def _flight(call: list[object], row: int) -> Flight | None:
    if len(call) not in {3, len(ARGUMENTS)}:
        message = f"Expected 3 or {len(ARGUMENTS)} arguments, got {len(call)}"
        raise RequestError(message, path=f"$.calls[{row}]")
    airline, kind, month, *time = call
    scheduled = time[0] if time else None
    if airline is None or kind is None or month is None:
        return None
    if not isinstance(airline, str):
        _reject("a string", airline, row, "OPERA")
    if not isinstance(kind, str):
        _reject("a string", kind, row, "TIPOVUELO")
    if isinstance(month, str) and _INTEGER.fullmatch(month):
        month = int(month)
    if not isinstance(month, int) or isinstance(month, bool):
        _reject("an integer", month, row, "MES")
    if scheduled is not None and not isinstance(scheduled, str):
        _reject("a string", scheduled, row, "Fecha-I")
    return Flight(airline, kind, month, scheduled)


def _reject(expected: str, value: object, row: int, field: str) -> NoReturn:
    got = shown(msgspec.json.encode(value).decode())
    raise RequestError(f"Expected {expected}, got {got}", path=_place(row, field))


def _place(row: int, field: str) -> str:
    return f"$.calls[{row}][{ARGUMENTS.index(field)}]"
