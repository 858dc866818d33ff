"""The chart of the year: delay rates week by week."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from .panel import TOLD
from .predictions import ways_in
from .rate_charts import LINES
from .svg import BLUE, LINE, MUTED, sheet

MOST_LABELS: Final = 7


def year(name: str, label: str, weeks: pd.DataFrame) -> str:
    """Draw the observed rate of each week as a dot, and its mean predictions as lines.

    Validation weeks have a band behind them and another mark.
    """
    places, held = np.arange(len(weeks)), weeks["validation"].to_numpy()
    rate = weeks["rate"].to_numpy()
    with sheet(name, label, 3.9) as (figure, svg):
        plot = figure.subplots()
        for place in places[held]:
            plot.axvspan(place - 0.5, place + 0.5, color=LINE, linewidth=0)
        for way in ways_in(weeks):
            colour, dash = LINES[way]
            plot.plot(
                places, weeks[way], dash, color=colour, lw=1.8, label=f"Predicted {TOLD[way]}"
            )
        plot.plot(places[~held], rate[~held], "o", color=BLUE, ms=4.5, label="Observed")
        title = "Observed, validation week"
        plot.plot(places[held], rate[held], "D", color=BLUE, mfc="none", ms=5, label=title)
        steps = np.unique(np.linspace(0, len(weeks) - 1, MOST_LABELS).astype(np.int64))
        plot.set_xticks(steps, [f"{weeks['monday'].iloc[step]}" for step in steps])
        plot.set_xlim(-0.5, len(weeks) - 0.5)
        plot.set_ylim(0)
        plot.set_ylabel("Delay rate")
        plot.yaxis.set_major_formatter(PercentFormatter(1, 0))
        plot.grid(visible=False, axis="x")
        plot.tick_params(axis="x", labelsize=8, labelcolor=MUTED)
        figure.legend(loc="outside upper left", ncols=2)
    return svg[0]
