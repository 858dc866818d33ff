"""The figures of a run as Markdown, for the terminal and the README alike."""

from collections.abc import Iterable
from typing import Final

from .results import MEASURES, OURS, TARGETS, Results, Target

BEGIN: Final = "<!-- make bench: begin -->\n"
END: Final = "<!-- make bench: end -->\n"


SHORT: Final = ("cold_start", "one", "single", "thousand", "ten_thousand", "memory", "size")
RIVALS: Final = ("reference", "fastapi_onnx")


def figures(results: Results) -> str:
    """Return a row for each measure: each contender's median, and Puntual's ratio to it."""
    return _table(results, MEASURES, [name for name in results.titles if name != OURS])


def summary(results: Results) -> str:
    """Return what a reader of the README cares about: no floors, and the main measures."""
    return _table(results, SHORT, RIVALS)


def _table(results: Results, measures: Iterable[str], rivals: Iterable[str]) -> str:
    names = [OURS, *rivals]
    rows = [["", *(results.titles[name] for name in names)], ["---", *["---:"] * len(names)]]
    for key in measures:
        if key in results.samples:
            measure = MEASURES[key]
            cells = [_figure(results, key, name) for name in names]
            rows.append([f"{measure.title}, {measure.unit}", *cells])
    return _markdown(rows)


def targets(results: Results) -> str:
    """Return a row for each line to cross: where it is, where this run stands, crossed or not."""
    rows = [["Puntual's", "against", "to reach", "reached", ""], ["---"] * 5]
    rows += [_verdict(results, target) for target in TARGETS]
    return _markdown(rows)


def insert(readme: str, table: str) -> str:
    """Return the README with the table between its marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"Cannot insert the table: expected {BEGIN!r} and {END!r} in the README.")
    return f"{before}{BEGIN}{table}{END}{after}"


def shown(ratio: float) -> str:
    """Return a ratio with three significant digits, as a factor."""
    digits = 0 if ratio >= 100 else 1 if ratio >= 10 else 2 if ratio >= 0.1 else 4
    return f"{ratio:,.{digits}f} x"


def _figure(results: Results, key: str, name: str) -> str:
    value, ratio = results.value(key, name), results.ratio(key, name)
    if value is None:
        return ""
    text = f"{value:,.{MEASURES[key].digits}f}"
    return f"**{text}**" if name == OURS or ratio is None else f"{text} ({shown(ratio)})"


def _verdict(results: Results, target: Target) -> list[str]:
    title = MEASURES[target.measure].title
    limit = f"{'at least' if target.at_least else 'at most'} {shown(target.limit)}"
    against = results.titles.get(target.against, f"`import {target.against}`")
    ratio = results.ratio(target.measure, target.against)
    if ratio is None:
        return [title, against, limit, "", "not measured"]
    return [title, against, limit, shown(ratio), "reached" if target.met(ratio) else "missed"]


def _markdown(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
