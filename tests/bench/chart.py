"""The figures of a run as a picture: one panel a measure, one bar a contender."""

from typing import Final
from xml.sax.saxutils import escape

from .results import MEASURES, OURS, Results

PANELS: Final = {
    "cold_start": "shorter is better",
    "single": "longer is better",
    "thousand": "longer is better",
    "memory": "shorter is better",
}
WIDTH, MARGIN, GAP = 960, 32, 40
BAR, STEP, HEAD = 18, 26, 58  # a bar, a bar and its space, a panel's title
LABEL, VALUE = 180, 64  # room for a contender's name, and for a figure
ACCENT, OTHER = "#0f766e", "#c9d1d9"
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:22px;font-weight:600}"
    ".panel{font-size:15px;font-weight:600}.soft{fill:#59636e}.ours{font-weight:600}"
)


def chart(results: Results) -> str:
    """Return an SVG of two by two panels."""
    names = [OURS, *(name for name in results.titles if name != OURS)]
    panel_width = (WIDTH - 2 * MARGIN - GAP) // 2
    panel_height = HEAD + STEP * len(names) + 16
    panels = [
        _panel(
            results,
            key,
            names,
            MARGIN + (place % 2) * (panel_width + GAP),
            88 + place // 2 * panel_height,
        )
        for place, key in enumerate(PANELS)
    ]
    height = 88 + 2 * panel_height + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>Puntual beside its rivals</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="12" fill="#fff"/>',
        _text(MARGIN, 46, "Puntual beside its rivals", "title"),
        _text(MARGIN, 68, _subtitle(results), "soft"),
        *panels,
        "</svg>\n",
    ]
    return "\n".join(parts)


def _subtitle(results: Results) -> str:
    machine = results.machine
    return f"one run of `make bench` on {machine.cores} cores, Python {machine.python}"


def _panel(results: Results, key: str, names: list[str], x: int, y: int) -> str:
    measure = MEASURES[key]
    figures = {name: results.value(key, name) for name in names}
    figures = {name: figure for name, figure in figures.items() if figure is not None}
    longest = max(filter(None, figures.values()), default=1.0)
    room = (WIDTH - 2 * MARGIN - GAP) // 2 - LABEL - VALUE
    rows = [
        _text(x, y + 18, f"{measure.title}, {measure.unit}", "panel"),
        _text(x, y + 36, PANELS[key], "soft"),
    ]
    for place, (name, figure) in enumerate(figures.items()):
        top = y + HEAD + STEP * place
        style, colour = ("ours", ACCENT) if name == OURS else ("", OTHER)
        length = max(2.0, room * (figure or 0) / longest)
        rows += [
            _text(x, top + 14, results.titles[name], style),
            _bar(x + LABEL, top, length, colour),
            _text(x + LABEL + length + 8, top + 14, f"{figure:,.0f}", style),
        ]
    return "\n".join(rows)


def _bar(x: float, y: float, length: float, colour: str) -> str:
    box = f'x="{x}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3"'
    return f'<rect {box} fill="{colour}"/>'


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" class="{style}">{escape(text)}</text>'
