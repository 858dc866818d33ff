"""The model card: what the model is for, how good it is, and what to mind."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.fitting.metrics import TITLES

from .training_metrics import Figures, Gain, TrainingMetrics

CARD: Final = "README.md"
TEMPLATE: Final = "card.md.j2"
MODEL: Final = {
    "day": "Model, with the day so far",
    "timed": "Model, with times",
    "untimed": "Model, without times",
}
RATES: Final = {
    "day": "Table of rates, with the day so far",
    "timed": "Table of rates, with times",
    "untimed": "Table of rates, without times",
}
CHALLENGE: Final = "Challenge recipe"
ERRORS: Final = {"roc_auc", "log_loss", "brier"}  # shown with their standard errors
NO_WEEKS: Final = (
    "The flights have no dates, or too few weeks, so they were split at random. That flatters the "
    "figures: flights of one day share its storms, and such a split has learned half of each day."
)


def card(metrics: TrainingMetrics) -> str:
    """Return the model card in Markdown; the same metrics give the same text."""
    environment = Environment(  # noqa: S701  # Markdown, of names that training was given
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = figure
    return environment.get_template(TEMPLATE).render(
        m=metrics,
        best=metrics.unseen[metrics.best],
        sources=sources(metrics),
        titles=TITLES,
        verdicts=verdicts(metrics),
        no_weeks=NO_WEEKS,
    )


def figure(figures: Figures, name: str) -> str:
    """Return a figure as people read it, with its standard error where it has one."""
    text = format(figures[name], TITLES[name][1])
    return f"{text} ± {figures[f'{name}_error']:.4f}" if name in ERRORS else text


def sources(metrics: TrainingMetrics) -> dict[str, Figures]:
    """Return the figures of the model and of what it is compared with."""
    found = {MODEL[way]: figures for way, figures in reversed(metrics.unseen.items())}
    found |= {RATES[way]: figures for way, figures in reversed(metrics.tables.items())}
    return found | ({CHALLENGE: metrics.challenge} if metrics.challenge else {})


def verdicts(metrics: TrainingMetrics) -> list[str]:
    """Return in words how the model compares with tables, and what each fact of a flight adds."""
    ways = {"untimed": "Without times", "timed": "With times", "day": "With the day so far"}
    found = [
        f"{ways[way]}, {_beside('the best table of delay rates', gain)}"
        for way, gain in metrics.gains.items()
    ]
    facts = {"timed": "The scheduled time", "day": "The day so far"}
    return [*found, *(_added(facts[way], gain) for way, gain in metrics.steps.items())]


def _beside(baseline: str, gain: Gain) -> str:
    said = (
        f"the model's ROC AUC is {abs(gain.roc_auc):.4f} {_side(gain.roc_auc)} that of {baseline} "
        f"(standard error {gain.roc_auc_error:.4f}), its log loss {abs(gain.log_loss):.4f} "
        f"{_side(-gain.log_loss)} (standard error {gain.log_loss_error:.4f})"
    )
    if gain.beyond_chance:
        return f"{said}. Both are more than chance."
    if gain.reversed.beyond_chance:
        return f"{said}. The table is better by more than chance."
    if min(gain.roc_auc, gain.log_loss) > 0:
        return f"{said}. Not both are more than chance: the table is nearly as good."
    return f"{said}. Neither is better in both figures by more than chance."


def _added(fact: str, gain: Gain) -> str:
    said = (
        f"of the same flights, by {gain.roc_auc:+.4f} of ROC AUC (standard error "
        f"{gain.roc_auc_error:.4f}) and {-gain.log_loss:+.4f} of log loss "
        f"(standard error {gain.log_loss_error:.4f})"
    )
    if gain.beyond_chance:
        return f"{fact} makes the answers sharper, {said}."
    return f"{fact} does not make the answers sharper beyond chance, {said}."


def _side(difference: float) -> str:
    return "above" if difference >= 0 else "below"
