"""How much more the flights of weeks vary than independent flights would."""

from training.flights.counts import Counts
from training.flights.features import FLIGHT

from .errors import weeks_of


def design_effect(counts: Counts) -> float:
    """Return the variance of numbers of late flights, divided by that of independent flights.

    The numbers are those of each week, by airline, type and month: Kish's design effect of weeks as
    clusters, pooled over these, 1 at least. It is 1 where weeks are not known.
    """
    if not weeks_of(counts.table):
        return 1.0
    weeks = counts.table.groupby([*FLIGHT, "week"], as_index=False)[["flights", "delayed"]].sum()
    totals = weeks.groupby(FLIGHT)[["flights", "delayed"]].transform("sum")
    rate = totals["delayed"] / totals["flights"]
    found = ((weeks["delayed"] - rate * weeks["flights"]) ** 2).sum()
    share = weeks["flights"] / totals["flights"]
    independent = (rate * (1 - rate) * weeks["flights"] * (1 - share)).sum()
    return round(max(float(found / independent), 1.0), 3) if independent else 1.0
