"""The panels of what the model learned of the time: predicted beside observed delay rates."""

from typing import Final

import numpy as np
import pandas as pd

from function.metadata import WEEKDAYS as DAYS

from . import rate_charts, week_chart
from .curves import Floats
from .evaluation import Evaluation
from .panel import TOLD, WEEKDAYS, Panel, panel, percent, span
from .predictions import predicted_by, ways_in

FEWEST: Final = 10  # flights without which a rate of the map says nothing


def times(e: Evaluation) -> list[Panel]:
    """Return the panels by hour, by weekday, and by both where enough flights stand behind them."""
    cells = e.predicted("timed")
    cells = cells[cells["HORA"] >= 0]
    hours = predicted_by(e, cells, ["HORA"])
    hours = hours.assign(value=[f"{hour:02}" for hour in hours["HORA"]])
    days = predicted_by(e, cells, ["DIANOM"]).set_index("DIANOM")
    days = days.loc[[day for day in DAYS if day in days.index]].reset_index()
    days = days.assign(value=days["DIANOM"].map(WEEKDAYS))
    panels = [beside("Hour of departure", hours), beside("Day of the week", days)]
    week = predicted_by(e, cells, ["DIANOM", "HORA"])
    week = week[week["flights"] >= FEWEST]
    if len(week) < len(DAYS) * week_chart.HOURS / 2:
        return panels
    return [*panels, _week(week)]


def beside(title: str, table: pd.DataFrame, note: str = "") -> Panel:
    """Return the panel of the predictions that stand beside the delay rate of each `value`."""
    ways = ways_in(table)
    rows = [
        [value, f"{n:,}", percent(rate), span(*bounds), *map(percent, predicted)]
        for value, n, rate, predicted, *bounds in zip(
            table["value"],
            table["flights"],
            table["rate"],
            table[ways].to_numpy(),
            table["low"],
            table["high"],
            strict=True,
        )
    ]
    label = f"{title}: observed and predicted delay rates, and flights"
    svg = rate_charts.predicted(title.lower(), label, table)
    head = [title, "Flights", "Observed", "95% interval", *(TOLD[way].capitalize() for way in ways)]
    return panel(title, note, svg, head, rows)


def _week(table: pd.DataFrame) -> Panel:
    maps = {"Predicted": _grid(table, "timed"), "Observed": _grid(table, "rate")}
    top = np.ceil(10 * float(table["timed"].max())) / 10
    label = "Predicted and observed delay rates of the week, weekday by hour"
    svg = week_chart.week("week", label, maps, [*WEEKDAYS.values()], top)
    order = np.argsort(table["DIANOM"].map(DAYS.index), kind="stable")
    shown = table[["DIANOM", "HORA", "flights", "rate", "timed"]].iloc[order]
    rows = [
        [WEEKDAYS[day], f"{hour:02}", f"{n:,}", percent(rate), percent(p)]
        for day, hour, n, rate, p in shown.itertuples(index=False)
    ]
    note = (
        f"Mean predictions and delay rates of the same flights, blank where they are fewer than "
        f"{FEWEST}. The observed rate of so few flights easily differs by 4 points by chance."
    )
    head = ["Day", "Hour", "Flights", "Observed", "Predicted"]
    return panel("The week, hour by hour", note, svg, head, rows)._replace(tall=True)


def _grid(table: pd.DataFrame, name: str) -> Floats:
    """Return a column of the table by weekday and hour, [7, 24], NaN where there is none."""
    grid = np.full((len(DAYS), week_chart.HOURS), np.nan)
    grid[table["DIANOM"].map(DAYS.index), table["HORA"]] = table[name]
    return grid
