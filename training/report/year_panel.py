"""The panel of the year: the predicted and the observed share of late flights, week by week."""

import datetime as dt

import numpy as np
import pandas as pd

from training.flights.split import FOLDS, VALIDATION_FOLD

from .evaluation import Evaluation
from .panel import MOST_ROWS, TOLD, Panel, panel, percent
from .predictions import predicted_by, ways_in
from .year_chart import year

MONDAY = dt.date(1970, 1, 5)  # of week 0


def by_week(e: Evaluation) -> pd.DataFrame:
    """Return the flights of each week, their delay rate and their mean predictions.

    Those are the flights that can be asked in the way that tells the most; without their times
    they are not asked where they have one. `validation` marks the weeks of the last fold.
    """
    cells = e.predicted(e.ways[-1])
    if e.timed:
        cells = cells.drop(columns="untimed")
    weeks = predicted_by(e, cells, ["week"])
    mondays = [MONDAY + dt.timedelta(weeks=int(week)) for week in weeks["week"]]
    return weeks.assign(monday=mondays, validation=weeks["week"] % FOLDS == VALIDATION_FOLD)


def week_by_week(e: Evaluation) -> Panel:
    """Return the panel of the year, or of its last weeks where there are more."""
    weeks = by_week(e)
    shown, ways = weeks.tail(MOST_ROWS), ways_in(weeks)
    rows = [
        [f"{monday}", "yes" if held else "no", f"{n:,}", percent(rate), *map(percent, predicted)]
        for monday, held, n, rate, predicted in zip(
            *(shown[name] for name in ("monday", "validation", "flights", "rate")),
            shown[ways].to_numpy(),
            strict=True,
        )
    ]
    label = "Predicted and observed delay rates, week by week"
    head = ["Week from", "Validation", "Flights", "Observed", *(TOLD[w].capitalize() for w in ways)]
    svg = year("year", label, shown)
    return panel("The year, week by week", _note(weeks, len(shown)), svg, head, rows)


def _note(weeks: pd.DataFrame, shown: int) -> str:
    """Say what is shown, and how far off a week is on average."""
    gaps = {
        TOLD[way]: np.average((weeks[way] - weeks["rate"]).abs(), weights=weeks["flights"])
        for way in ways_in(weeks)
    }
    said = " and ".join(f"{100 * gap:.1f} points {told}" for told, gap in gaps.items())
    last = f"The last {shown} of {len(weeks):,} weeks. " if shown < len(weeks) else ""
    return (
        f"{last}Each week is answered by a model that has not learned from it. Grey bands are the "
        f"validation weeks, from which the published model has not learned. Predicted and observed "
        f"differ by {said}, on average over {weeks['flights'].sum():,} flights."
    )
