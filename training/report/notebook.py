"""What the challenge's notebook groups flights by, and the flights that it loses."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from training.flights.counts import TOTALS, Counts

PERIODS: Final = ("Morning, 05:00-11:59", "Afternoon, 12:00-18:59", "Night, 19:00-04:59")
SEASONS: Final = ("High: Jan, Feb", "Low: Apr-Jun, Aug, Oct, Nov", "Cut: Mar, Jul, Sep, Dec")
CUT: Final = (3, 7, 9, 12)

# Its high season: 15 December to 3 March, 15 to 31 July, 11 to 30 September. It ends at 00:00 of
# these days of 2017: month and weekday, with the number of such weekdays in the month.
LAST_DAYS: Final = {
    (3, "Viernes"): 5,
    (7, "Lunes"): 5,
    (9, "Sabado"): 5,
    (12, "Domingo"): 5,
}


def periods(counts: Counts) -> pd.DataFrame:
    """Return the flights of each period of the day; every minute has one."""
    timed = counts.table[counts.table["HORA"] >= 0]
    return _sum(timed, timed["HORA"].map(period), PERIODS)


def seasons(counts: Counts) -> pd.DataFrame:
    """Return the flights of the months that lie in or out of the high season as a whole.

    The months that a bound of the season cuts stand apart: counts hold no days.
    """
    return _sum(counts.table, counts.table["MES"].map(season), SEASONS)


def on_last_days(counts: Counts) -> float:
    """Estimate the flights that the notebook's seasons lose on their last days.

    Each of the days counts as the mean of its weekday in its month.
    """
    flights = counts.table.groupby(["MES", "DIANOM"])["flights"].sum()
    return float(sum(flights.get(day, 0) / days for day, days in LAST_DAYS.items()))


def period(hour: int) -> str:
    """Return the period of the day of an hour."""
    if 5 <= hour < 12:  # noqa: PLR2004
        return PERIODS[0]
    return PERIODS[1] if 12 <= hour < 19 else PERIODS[2]  # noqa: PLR2004


def season(month: int) -> str:
    """Return the season of a month."""
    if month in CUT:
        return SEASONS[2]
    return SEASONS[0] if month <= 2 else SEASONS[1]  # noqa: PLR2004


def _sum(table: pd.DataFrame, key: "pd.Series[str]", order: Iterable[str]) -> pd.DataFrame:
    sums = table.assign(value=key).groupby("value")[TOTALS].sum()
    return sums.reindex([value for value in order if value in sums.index]).reset_index()
