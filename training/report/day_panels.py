"""The panels of the day so far: what it tells, and for how long."""

import pandas as pd

from function.metadata import SHARES
from training.flights.counts import TOTALS
from training.flights.exploration import Exploration

from . import rate_charts
from .curves import with_interval
from .evaluation import Evaluation
from .panel import DAY_RANGES, Panel, panel, percent, span
from .predictions import predicted_by
from .time_panels import beside

GOOD, BAD = 0.1, 0.4  # of the last flights were late: fewer than that, and that or more


def day_so_far(e: Evaluation, exploration: Exploration | None) -> list[Panel]:
    """Return the panels by range of the day so far, and by hours ahead where these are known."""
    ranges = predicted_by(e, e.predicted("day"), ["HOY"])
    ranges = ranges.assign(value=[DAY_RANGES[number] for number in ranges["HOY"]])
    note = "By the share of the last flights that left late, as known an hour before departure."
    panels = [beside("Day so far", ranges, note)]
    if exploration and (tables := exploration.day_so_far()):
        panels.append(_by_hours(tables, e.metrics.design_effect))
    return panels


def lasting(tables: dict[int, pd.DataFrame]) -> str:
    """Say how much more flights are late on a bad day than on a good one, by hours ahead."""
    first, *later = sorted(tables)
    bad, good = _bad_and_good(tables[first])
    if not bad > good:  # or not known
        return ""
    left = [(hours, *_bad_and_good(tables[hours])) for hours in later]
    shares = [f"{100 * (b - g) / (bad - good):.0f}% at {hours} hours" for hours, b, g in left]
    return (
        f"Asked an hour ahead, {percent(bad)} of the flights were late where {BAD:.0%} or more of "
        f"the last flights were, and {percent(good)} where fewer than {GOOD:.0%} were. Of this "
        f"difference is left: {', '.join(shares)}."
    )


def _bad_and_good(table: pd.DataFrame) -> tuple[float, float]:
    """Return the delay rates on bad and on good days, NaN where there was none."""
    bad = table["value"] > SHARES.index(BAD)
    sums = (table[which][TOTALS].sum() for which in (bad, table["value"] <= SHARES.index(GOOD)))
    high, low = (float(each["delayed"]) / (each["flights"] or float("nan")) for each in sums)
    return high, low


def _by_hours(counted: dict[int, pd.DataFrame], design_effect: float) -> Panel:
    tables = {hours: with_interval(table, design_effect) for hours, table in counted.items()}
    rows = [
        [f"{hours}", DAY_RANGES[value], f"{n:,}", percent(rate), span(low, high)]
        for hours, table in tables.items()
        for value, n, _, rate, low, high in table.itertuples(index=False)
    ]
    totals = next(iter(counted.values()))[TOTALS].sum()
    label = "Delay rate by range of the day so far, a line for each number of hours ahead"
    svg = rate_charts.by_hours("ahead", label, tables, totals["delayed"] / totals["flights"])
    note = f"What was observed, without a model. {lasting(counted)}".strip()
    head = ["Hours ahead", "Day so far", "Flights", "Observed", "95% interval"]
    return panel("How long it tells something", note, svg, head, rows)
