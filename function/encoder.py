"""From flights to cells, and from cells to one-hot rows."""

import itertools
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from .errors import SHOWN, RequestError, shown
from .flights import Flight
from .metadata import Categories

type Category = str | int

_LISTED = 12  # the most categories that an error lists


def _place(flight: int, field: str) -> str:
    return f"$.flights[{flight}].{field}"


class Encoder:
    """Number every possible flight, a *cell*, and hold its one-hot row.

    Cells count (OPERA, TIPOVUELO, MES) as digits do, MES the fastest: C = 23 x 2 x 12 = 552 for
    the flights of Santiago. `one_hot` is float32 [C, K], K the number of all categories.
    """

    def __init__(self, categories: Categories) -> None:
        self._known = msgspec.structs.asdict(categories)
        flights = itertools.product(*self._known.values())
        self._cells = {Flight(*values): cell for cell, values in enumerate(flights)}
        sizes = [len(known) for known in self._known.values()]
        digits = np.unravel_index(np.arange(len(self._cells)), sizes)
        blocks = [np.eye(n, dtype=np.float32)[d] for n, d in zip(sizes, digits, strict=True)]
        self.one_hot: NDArray[np.float32] = np.hstack(blocks)

    def cells(
        self, flights: Sequence[Flight], place: Callable[[int, str], str] = _place
    ) -> NDArray[np.intp]:
        """Return the cell of each flight, [N]; raise `RequestError` at an unknown category.

        `place` names the place in the request of a flight's field.
        """
        try:
            return np.fromiter(map(self._cells.__getitem__, flights), np.intp, len(flights))
        except KeyError as error:
            unknown: Flight = error.args[0]
            field, message = self._rejection(unknown)
            path = place(flights.index(unknown), field)
            raise RequestError(message, path=path) from None

    def _rejection(self, flight: Flight) -> tuple[str, str]:
        """Return the first field of a flight that is unknown, and what to say of it."""
        field, value, known = next(
            (field, value, known)
            for field, known in self._known.items()
            if (value := getattr(flight, field)) not in known
        )
        message = f"Expected {_one_of(known)}, got {_shown(value)}"
        if isinstance(value, str) and (near := _nearest(value, known)):
            message += f" (did you mean {_shown(near)}?)"
        return field, message


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
    import difflib  # noqa: PLC0415  # not on the way of a good request

    names = {str(name).casefold(): str(name) for name in known}
    # difflib is quadratic, so it sees no more of the value than a name could match.
    near = difflib.get_close_matches(value[:SHOWN].casefold(), names, n=1, cutoff=0.6)
    return names[near[0]] if near else None
