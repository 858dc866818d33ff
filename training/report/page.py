"""The report: one page that shows the model and its data to people, without a network."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.fitting.metrics import SHOWN
from training.flights.counts import TOTALS, Counts
from training.flights.exploration import Exploration
from training.release.artifacts import replace
from training.release.card import verdicts

from .coverage import unseen
from .evaluation import CEILING, Evaluation
from .notebook import on_last_days
from .panel import percent
from .quality_panels import quality
from .rate_panels import beyond_features, by_flights, by_rate, of_features, total
from .time_panels import times

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
    counts, challenge = evaluation.counts, evaluation.challenge is not None
    if exploration:
        exploration.check(counts)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "number": "{:,.0f}".format}
    return environment.get_template(f"{PAGE}.j2").render(
        e=evaluation,
        m=evaluation.metrics,
        total=counts.table[TOTALS].sum(),
        best=evaluation.scores[evaluation.own[0]].measured,
        airlines=by_rate(by_flights(total(counts.table, "OPERA")).head(MOST_AIRLINES)),
        verdicts=verdicts(evaluation.metrics),
        figures=SHOWN,
        quality=quality(evaluation),
        data=of_features(counts) + beyond_features(counts, exploration, challenge=challenge),
        unseen=unseen(evaluation),
        times=times(evaluation) if evaluation.timed else [],
        notebook=_notebook(counts, exploration) if challenge else None,
        ceiling=CEILING,
        most=MOST_AIRLINES,
    )


def _notebook(counts: Counts, exploration: Exploration | None) -> dict[str, Any]:
    """Return what the challenge's notebook loses, as far as it is known."""
    lost = exploration.without_period() if exploration else None
    return {
        "lost": lost if lost is not None and len(lost) else None,
        "last_days": on_last_days(counts) if counts.timed else None,
    }
