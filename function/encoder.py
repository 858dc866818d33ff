"""From flights to cells, and from cells to one-hot rows."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from .cells import Cells
from .errors import MAX_SHOWN, InputError, shown
from .flights import DAY_SO_FAR, SCHEDULED, Flight, Place, months_near, place
from .metadata import SHARES, Categories

type Category = str | int

FEW: Final = 16  # up to so many cells a loop costs less than NumPy's fixed costs

_LISTED: Final = 12  # the most categories that an error lists


class Encoder:
    """Find the cells of flights, and build the one-hot rows of cells."""

    def __init__(self, categories: Categories) -> None:
        self._known = msgspec.structs.asdict(categories)
        self.numbers = Cells(categories)
        sizes = self.numbers.sizes
        ends = np.cumsum(sizes)
        self.width = int(ends[-1])
        self._first_columns = ends - sizes
        # The sizes and first columns of the features, HOY first: NumPy's integers are slower.
        self._digits = [*zip(sizes, self._first_columns.tolist(), strict=True)][::-1]
        *strides, hour, weekday, self._day = self.numbers.strides
        values = zip(self._known.values(), strides, strict=False)
        self._airlines, self._types, self._months = (
            {category: stride * i for i, category in enumerate(known)} for known, stride in values
        )
        self._day *= categories.knows_day
        self._hours = [hour * (i + 1) * categories.timed for i in range(24)]
        self._weekdays = [weekday * (i + 1) * categories.timed for i in range(7)]

    def cells(self, flights: Sequence[Flight], place: Place = place) -> NDArray[np.int64]:
        """Return the cell of each flight, [N]; raise `InputError` at the first that has none.

        `place` returns the path of a flight's field in the request. A model without times, or
        without the day so far, ignores valid ones.
        """
        try:
            return np.fromiter(self._numbers(flights), np.int64)
        except (KeyError, ValueError):
            first, (field, message) = next(
                (i, fault) for i, flight in enumerate(flights) if (fault := self._fault(flight))
            )
            raise InputError(message, path=place(first, field)) from None

    def one_hot(self, cells: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the one-hot rows of cells, float32 [N, K]; K is the number of all categories."""
        rows = np.zeros((len(cells), self.width), np.float32)
        if len(cells) <= FEW:  # assignments one by one take less time than one by arrays
            for row, cell in enumerate(cells.tolist()):
                rest = cell
                for size, first in self._digits:
                    rest, digit = divmod(rest, size)
                    rows[row, first + digit] = 1
        else:
            flat, starts = rows.reshape(-1), np.arange(0, rows.size, self.width)
            digits = self.numbers.digits(cells)
            for digit, first in zip(digits, self._first_columns, strict=True):
                flat[starts + first + digit] = 1
        return rows

    def _numbers(self, flights: Iterable[Flight]) -> Iterator[int]:
        # A generator takes a fifth less time than a call for each flight.
        airlines, types, months = self._airlines, self._types, self._months
        hours, weekdays, day = self._hours, self._weekdays, self._day
        for flight in flights:
            month, time, share = flight.MES, flight.scheduled, flight.HOY
            cell = airlines[flight.OPERA] + types[flight.TIPOVUELO] + months[month]
            if time is not None:
                if time.month != month and month not in months_near(time):
                    raise ValueError(time)
                cell += hours[time.hour] + weekdays[time.weekday()]
            if share is not None:
                if time is None or not 0 <= share <= 1:
                    raise ValueError(share)
                cell += day * (bisect_right(SHARES, share) + 1)
            yield cell

    def _fault(self, flight: Flight) -> tuple[str, str] | None:
        """Return the first field of a flight that has no cell, and what to say of it."""
        for field in ("OPERA", "TIPOVUELO", "MES"):
            value, known = getattr(flight, field), self._known[field]
            if value not in known:
                return field, _unknown(value, known)
        time = flight.scheduled
        if time is not None and flight.MES not in months_near(time):
            message = f"Expected a time within a day of month {flight.MES}, which is `MES`, "
            return SCHEDULED, f"{message}got one in month {time.month}"
        if fault := day_fault(flight):
            return DAY_SO_FAR, fault
        return None


def day_fault(flight: Flight) -> str | None:
    """Return what to say of a day so far that is no share, or has no time beside it."""
    if (share := flight.HOY) is None:
        return None
    if not 0 <= share <= 1:
        return f"Expected a share of flights from 0 to 1, such as 0.4 for 40 %, got {share:.15g}"
    return None if flight.scheduled else f"Expected `{SCHEDULED}` beside `{DAY_SO_FAR}`, got none"


def _unknown(value: Category, known: Sequence[Category]) -> str:
    message = f"Expected {_one_of(known)}, got {_shown(value)}"
    if isinstance(value, str) and (near := _nearest(value, known)):
        message += f" (did you mean {_shown(near)}?)"
    return message


def _one_of(known: Sequence[Category]) -> str:
    first, last = known[0], known[-1]
    if isinstance(first, int) and isinstance(last, int) and [*known] == [*range(first, last + 1)]:
        return f"an integer from {first} to {last}"
    if len(known) > _LISTED:
        return f"one of the {len(known)} values that `GET /model` lists"
    return "one of " + ", ".join(map(_shown, known))


def _shown(value: Category) -> str:
    """Return the value as JSON."""
    if isinstance(value, int) and value.bit_length() > 64:  # noqa: PLR2004
        return "a number out of range"
    return shown(msgspec.json.encode(value).decode())


def _nearest(value: str, known: Sequence[Category]) -> str | None:
    """Return the category that a misspelt value most resembles, if one does."""
    import difflib  # noqa: PLC0415  # not needed by a good request

    names = {str(name).casefold(): str(name) for name in known}
    # difflib is quadratic, so it sees no more of the value than a name could match.
    near = difflib.get_close_matches(value[:MAX_SHOWN].casefold(), names, n=1, cutoff=0.6)
    return names[near[0]] if near else None
