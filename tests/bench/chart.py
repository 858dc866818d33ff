"""The figures of a run as a picture: one panel a measure, one bar a contender."""

import io
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .results import MEASURES, OURS, Results

PANELS: Final = {
    "cold_start": "shorter is better",
    "one": "longer is better",
    "single": "longer is better",
    "thousand": "longer is better",
    "ten_thousand": "longer is better",
    "memory": "shorter is better",
}
ACCENT, OTHER, TEXT, SOFT = "#0f766e", "#c9d1d9", "#1f2328", "#59636e"
STYLE: Final[Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "puntual",  # the same run gives the same bytes
    "font.family": "sans-serif",
    "text.color": TEXT,
}


def chart(results: Results) -> str:
    """Return an SVG of a panel for each measure of `PANELS`."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 9), layout="constrained")
        machine = results.machine
        figure.suptitle(
            "Puntual beside its rivals\none run of `make bench`"
            f" on {machine.cores} cores, Python {machine.python}"
        )
        for place, key in enumerate(PANELS):
            _panel(figure.add_subplot(3, 2, place + 1), results, key)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _panel(axes: Axes, results: Results, key: str) -> None:
    measure = MEASURES[key]
    names = [OURS, *(name for name in results.titles if name != OURS)]
    figures = {name: value for name in names if (value := results.value(key, name)) is not None}
    colours = [ACCENT if name == OURS else OTHER for name in figures]
    titles = [results.titles[name] for name in figures]
    bars = axes.barh(titles, list(figures.values()), color=colours)
    axes.bar_label(bars, [f"{value:,.0f}" for value in figures.values()], padding=4)
    axes.set_title(f"{measure.title}, {measure.unit}", loc="left", fontweight="bold")
    axes.set_xlabel(PANELS[key], loc="left", color=SOFT)
    axes.invert_yaxis()  # the first one on top
    axes.margins(x=0.15)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
