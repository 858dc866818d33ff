"""The chart of the week: delay rates by weekday and hour."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .curves import Floats
from .svg import BLUE, MUTED, sheet

HOURS: Final = 24
FAINTEST: Final = 0.06
FINE: Final = 0.3  # up to this rate the key has steps of 5 %, else of 10 %


def week(name: str, label: str, maps: dict[str, Floats], days: Sequence[str], top: float) -> str:
    """Draw each map of delay rates, [7, 24], the darker the higher, up to `top`; NaN is blank."""
    with sheet(name, label, 2.3 * len(maps) + 0.6) as (figure, svg):
        *plots, key = figure.subplots(len(maps) + 1, 1, height_ratios=[1.0] * len(maps) + [0.12])
        for plot, (title, rates) in zip(plots, maps.items(), strict=True):
            _map(plot, rates, top)
            plot.set_title(title, loc="left", fontsize=10)
            plot.set_yticks(np.arange(len(days)) + 0.5, days)
            plot.set_xticks(np.arange(0, HOURS, 3) + 0.5, [f"{h:02}" for h in range(0, HOURS, 3)])
        plots[-1].set_xlabel("Hour of departure")
        steps = np.linspace(0, top, round(top / (0.1 if top > FINE else 0.05)) + 1)
        _map(key, steps[None, :], top)
        named = [f"{step:.0%}" for step in steps[:-1]] + [f"{top:.0%} and above"]
        key.set_xticks(np.arange(len(steps)) + 0.5, named)
        key.set_yticks([])
    return svg[0]


def _map(plot: Axes, rates: Floats, top: float) -> None:
    rows, columns = rates.shape
    for (row, column), rate in np.ndenumerate(rates):
        if not np.isnan(rate):
            depth = round(FAINTEST + (1 - FAINTEST) * min(rate / top, 1), 2)
            place = (column + 0.04, row + 0.04)
            plot.add_patch(Rectangle(place, 0.92, 0.92, facecolor=BLUE, alpha=depth))
    plot.set(xlim=(0, columns), ylim=(rows, 0))
    plot.grid(visible=False)
    plot.tick_params(left=False, bottom=False, labelcolor=MUTED)
    plot.spines[:].set_visible(False)
