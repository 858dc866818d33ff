"""The panels of what the model learned of the time: predicted beside observed delay rates."""

from typing import Final

import numpy as np
import pandas as pd

from function.metadata import WEEKDAYS as DAYS

from . import rate_charts, week_chart
from .curves import Floats, wilson
from .evaluation import Evaluation
from .panel import WEEKDAYS, Panel, panel, percent, span

FEWEST: Final = 10  # flights without which a rate of the map says nothing
SUMS: Final = ["flights", "delayed", "timed", "untimed"]


def times(e: Evaluation) -> list[Panel]:
    """Return the panels by hour, by weekday, and by both where enough flights stand behind them."""
    cells = e.predicted
    hours = _mean(cells, ["HORA"]).assign(value=lambda rows: [f"{h:02}" for h in rows["HORA"]])
    days = _mean(cells, ["DIANOM"]).set_index("DIANOM")
    days = days.loc[[day for day in DAYS if day in days.index]].reset_index()
    days = days.assign(value=days["DIANOM"].map(WEEKDAYS))
    panels = [_panel("Hour of departure", hours), _panel("Day of the week", days)]
    week = _mean(cells, ["DIANOM", "HORA"])
    week = week[week["flights"] >= FEWEST]
    if len(week) < len(DAYS) * week_chart.HOURS / 2:
        return panels
    return [*panels, _week(week)]


def _mean(cells: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return flights, delayed flights and mean predictions of each value of `by`."""
    expected = {name: cells[name] * cells["flights"] for name in ("timed", "untimed")}
    sums = cells.assign(**expected).groupby(by, as_index=False)[SUMS].sum()
    return sums.assign(**{name: sums[name] / sums["flights"] for name in expected})


def _panel(title: str, table: pd.DataFrame) -> Panel:
    low, high = wilson(table["delayed"], table["flights"])
    rows = [
        [value, f"{n:,}", percent(d / n), span(*bounds), percent(timed), percent(untimed)]
        for value, n, d, timed, untimed, *bounds in zip(
            table["value"], *(table[name] for name in SUMS), low, high, strict=True
        )
    ]
    label = f"{title}: observed and predicted delay rates, and flights"
    svg = rate_charts.predicted(title.split(maxsplit=1)[0].lower(), label, table)
    head = [title, "Flights", "Observed", "95% interval", "With times", "Without times"]
    return panel(title, "", svg, head, rows)


def _week(table: pd.DataFrame) -> Panel:
    observed = table.assign(rate=table["delayed"] / table["flights"])
    maps = {"Predicted": _grid(table, "timed"), "Observed": _grid(observed, "rate")}
    top = np.ceil(10 * float(table["timed"].max())) / 10
    label = "Predicted and observed delay rates of the week, weekday by hour"
    svg = week_chart.week("week", label, maps, [*WEEKDAYS.values()], top)
    order = table["DIANOM"].map(DAYS.index)
    rows = [
        [WEEKDAYS[day], f"{hour:02}", f"{n:,}", percent(d / n), percent(p)]
        for day, hour, n, d, p, _ in table.iloc[np.argsort(order, kind="stable")].to_numpy()
    ]
    note = (
        f"Mean predictions and delay rates of the same flights, blank where they are fewer than "
        f"{FEWEST}. The observed rate of a hundred flights easily differs by 4 points by chance."
    )
    head = ["Day", "Hour", "Flights", "Observed", "Predicted"]
    return panel("The week, hour by hour", note, svg, head, rows)._replace(tall=True)


def _grid(table: pd.DataFrame, name: str) -> Floats:
    """Return a column of the table by weekday and hour, [7, 24], NaN where there is none."""
    grid = np.full((len(DAYS), week_chart.HOURS), np.nan)
    grid[table["DIANOM"].map(DAYS.index), table["HORA"]] = table[name]
    return grid
