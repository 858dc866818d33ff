"""The day so far, from its definition: one flight after the other, in exact fractions."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate

EDGES = [Fraction(percent, 100) for percent in (5, 10, 15, 20, 30, 40, 60)]


def minute_of(time: datetime) -> int:
    """Return the whole minutes since the year 1."""
    return (time - datetime(1, 1, 1)) // timedelta(minutes=1)


class Flights:
    """Flights with their scheduled times, and whether they were late."""

    def __init__(self, flights: Iterable[tuple[datetime, bool]]) -> None:
        known = sorted((minute_of(time), late) for time, late in flights)
        self._minutes = [minute for minute, _ in known]
        self._late = [0, *accumulate(int(late) for _, late in known)]

    def before(self, time: datetime) -> int:
        """Return the range of the share that was late, as known an hour before, or -1.

        The flights are those that were scheduled from 240 up to 75 minutes before.
        """
        minute = minute_of(time)
        first = bisect_left(self._minutes, minute - 240)
        last = bisect_right(self._minutes, minute - 75)
        if last - first < 5:
            return -1
        share = Fraction(self._late[last] - self._late[first], last - first)
        return sum(share >= edge for edge in EDGES)
