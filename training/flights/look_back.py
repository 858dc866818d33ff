"""The day so far: how many of the flights before a flight left late, as known an hour ahead."""

from typing import Final

import ibis
from ibis.expr.types import Table

from function.metadata import SHARES
from training.tables.rows import count_true

# A caller asks an hour ahead of departure. What is known then are the flights that were scheduled
# in the last three hours, up to 15 minutes ago.
AHEAD: Final = 60  # minutes
FIRST: Final = 180  # minutes before one asks
LAST: Final = 15
FEWEST: Final = 5  # flights; of fewer, the share says little


def with_day(groups: Table) -> Table:
    """Return groups of flights with `HOY`, the number of the range of the day so far, or null.

    `groups` are of `raw_rows`, with their `flights` and `delayed`.
    """
    return on_day(groups, ranges(groups))


def on_day(rows: Table, day: Table) -> Table:
    """Return rows with the `HOY` that `ranges` gives their minute."""
    return rows.drop("HOY").left_join(day, "minute").drop("minute_right")


def ranges(groups: Table, ahead: int = AHEAD) -> Table:
    """Return `HOY` of each `minute`, from the flights of groups whose times can be read.

    Flights are counted by minutes before the window looks back over these, so that an engine never
    sorts the flights.
    """
    # A minute has a day so far also where none of its own flights is known to have left.
    given = groups.filter(groups["minute"].notnull())
    known = given["fault"] == 0
    seen = given.group_by("minute").agg(
        **{name: known.ifelse(given[name], 0).sum() for name in ("flights", "delayed")}
    )
    before = ibis.range_window(order_by=seen["minute"], preceding=(ahead + FIRST, ahead + LAST))
    looked = seen.select(
        "minute",
        flights=seen["flights"].sum().over(before),
        delayed=seen["delayed"].sum().over(before),
    )
    # In integers, which are exact on every engine.
    reached = [100 * looked["delayed"] >= round(100 * edge) * looked["flights"] for edge in SHARES]
    enough = looked["flights"] >= FEWEST
    return looked.select("minute", HOY=enough.ifelse(count_true(reached), ibis.null("int64")))
