"""The report: one page that shows the model and its data to people, without a network."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.fitting.metrics import TITLES
from training.flights.counts import TOTALS, Counts
from training.flights.exploration import Exploration
from training.release.artifacts import replace
from training.release.card import MODEL, NO_WEEKS, figure, sources, verdicts

from .coverage import coverage
from .day_panels import day_so_far
from .evaluation import Evaluation
from .panel import percent
from .quality_panels import quality
from .rate_panels import by_flights, by_rate, rates, total
from .time_panels import times
from .year_panel import week_by_week

PAGE: Final = "report.html"
MOST_AIRLINES: Final = 24  # among which the highest and the lowest rate are named


def write(counts: Counts, exploration: Exploration | None, artifacts: Path, data: str) -> Path:
    """Write the page of `artifacts` into their folder, and return its path.

    `data` is where the counts come from, for messages.
    """
    page = render(Evaluation.of(artifacts, counts, data), exploration)
    replace(artifacts, {PAGE: page.encode()})
    return artifacts / PAGE


def render(evaluation: Evaluation, exploration: Exploration | None = None) -> str:
    """Return the page, which loads nothing: the same counts and artifacts give the same bytes."""
    counts = evaluation.counts
    if exploration:
        exploration.check(counts)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": "{:,.0f}".format, "figure": figure}
    metrics, with_day = evaluation.metrics, "day" in evaluation.ways
    return environment.get_template(f"{PAGE}.j2").render(
        e=evaluation,
        m=metrics,
        total=counts.table[TOTALS].sum(),
        best=metrics.unseen[metrics.best],
        table=metrics.tables[metrics.best],
        airlines=by_rate(by_flights(total(counts.table, "OPERA")).head(MOST_AIRLINES)),
        verdicts=verdicts(metrics),
        titles=TITLES,
        sources=sources(metrics),
        models=MODEL,
        no_weeks=NO_WEEKS,
        quality=quality(evaluation),
        year=week_by_week(evaluation) if metrics.by_weeks else None,
        data=rates(counts, exploration, metrics.design_effect),
        coverage=coverage(evaluation),
        times=times(evaluation) if evaluation.timed else [],
        day=day_so_far(evaluation, exploration) if with_day else [],
        most=MOST_AIRLINES,
    )
