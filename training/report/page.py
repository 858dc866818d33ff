"""The report: one page that shows the model and its data to people, without a network."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.fitting.baselines import RATES
from training.fitting.metrics import SHOWN
from training.flights.counts import Counts
from training.flights.exploration import TOTALS, Exploration
from training.release.artifacts import replace

from .curves import Z
from .evaluation import CEILING, PUBLISHED, THIS, Evaluation
from .flight_panels import beyond_features, by_feature, by_rate, percent
from .quality_panels import quality

PAGE: Final = "report.html"


def write(counts: Counts, exploration: Exploration | None, artifacts: Path) -> Path:
    """Write the page of `artifacts` into their folder, and return its path."""
    page = render(Evaluation.of(artifacts, counts), exploration)
    replace(artifacts, {PAGE: page.encode()})
    return artifacts / PAGE


def render(evaluation: Evaluation, exploration: Exploration | None) -> str:
    """Return the page, which loads nothing: the same counts and artifacts give the same bytes."""
    if exploration:
        exploration.check(evaluation.counts)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    table = evaluation.counts.table
    airlines = by_rate(table.groupby("OPERA")[TOTALS].sum().rename_axis("value").reset_index())
    return environment.get_template(f"{PAGE}.j2").render(
        e=evaluation,
        x=exploration,
        total=table[TOTALS].sum(),
        airlines=airlines,
        quality=quality(evaluation),
        data=by_feature(evaluation.counts),
        beyond=beyond_features(exploration, season=evaluation.of_santiago) if exploration else [],
        this=evaluation.measured[THIS],
        other=evaluation.measured[PUBLISHED],
        models=(THIS, PUBLISHED),
        names=(THIS, PUBLISHED, RATES, CEILING),
        figures=SHOWN,
        z=Z,
        lost=exploration.without_period() if exploration else None,
    )
