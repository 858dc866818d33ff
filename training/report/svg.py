"""The sheet that charts are drawn on: SVG inside a page, in the page's colours and font."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

# Colours that stand for the page's own, which differ by day, by night and on paper.
COLOURS: Final = {
    "#000001": "var(--ink)",
    "#000002": "var(--muted)",
    "#000003": "var(--line)",
    "#000004": "var(--blue)",
    "#000005": "var(--orange)",
    "#000006": "var(--green)",
    "#000007": "var(--violet)",
    "#000008": "var(--bar)",
}
INK, MUTED, LINE, BLUE, ORANGE, GREEN, VIOLET, BAR = COLOURS
WIDTH: Final = 6.2  # inches of 72 units
RULES: Final[dict[Any, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollars
    "xtick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
}


class Chart(list[str]):
    """The SVG of a chart, once its context has ended."""


@contextmanager
def sheet(name: str, label: str, height: float) -> Iterator[tuple[Figure, Chart]]:
    """Lend a figure, and give the chart its SVG when it is drawn.

    No time and no random id is in it. `name` keeps the ids of several charts in a page apart.
    """
    with mpl.rc_context({**mpl.rcParamsDefault, **RULES, "svg.hashsalt": name}):
        figure, svg = Figure(figsize=(WIDTH, height)), Chart()
        yield figure, svg
        file = StringIO()
        nothing = dict.fromkeys(["Creator", "Date", "Format", "Type"])
        with warnings.catch_warnings():
            # Names are written as text, and the page's fonts have more letters.
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(file, format="svg", transparent=True, metadata=nothing)
        svg.append(_inline(file.getvalue(), label))


def _inline(svg: str, label: str) -> str:
    """Return the SVG as a part of HTML, in the page's colours and font."""
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0]
    body = svg[svg.index("</style>") :].removeprefix("</style>").lstrip().removeprefix("</defs>")
    used = set(re.findall(r"#([\w-]+)", body))
    body = re.sub(r"<[^>]*>", lambda tag: _of_page(tag[0], used), body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    label = escape(label)
    return f'<svg role="img" aria-label="{label}" viewBox="0 0 {width} {height}">{body}'


def _of_page(tag: str, used: set[str]) -> str:
    """Return a tag without what only a file of its own needs; names between tags stay."""
    tag = re.sub(r' id="([^"]*)"', lambda each: each[0] if each[1] in used else "", tag)
    tag = re.sub(r"font-family: [^;\"]*; ", "", tag)
    tag = re.sub(r"#00000[1-8]", lambda colour: COLOURS[colour[0]], tag)
    return re.sub(r"(\.\d\d)\d+", r"\1", tag)  # hundredths of a unit are seen by nobody
