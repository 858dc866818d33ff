"""The panels of the day so far: what it tells, and for how long."""

import pandas as pd

from training.flights.counts import TOTALS
from training.flights.exploration import Exploration, lasting

from . import rate_charts
from .curves import with_interval
from .evaluation import Evaluation
from .panel import DAY_RANGES, Panel, panel, percent, span
from .predictions import predicted_by
from .time_panels import beside


def day_so_far(e: Evaluation, exploration: Exploration | None) -> list[Panel]:
    """Return the panels by range of the day so far, and by hours ahead where these are known."""
    ranges = predicted_by(e, e.predicted("day"), ["HOY"])
    ranges = ranges.assign(value=[DAY_RANGES[number] for number in ranges["HOY"]])
    note = "By the share of the last flights that left late, as known an hour before departure."
    panels = [beside("Day so far", ranges, note)]
    if exploration and (tables := exploration.day_so_far()):
        panels.append(_by_hours(tables, e.metrics.design_effect))
    return panels


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
