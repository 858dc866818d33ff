"""The model card: what the model is for, how good it is, and what to mind."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from training.fitting.baselines import RATES, TIMED_RATES
from training.fitting.metrics import SHOWN

from .training_metrics import Gain, TrainingMetrics

CARD: Final = "README.md"
TEMPLATE: Final = "card.md.j2"


def card(metrics: TrainingMetrics) -> str:
    """Return the model card in Markdown; the same metrics give the same text."""
    environment = Environment(  # noqa: S701  # Markdown, of names that training was given
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        m=metrics,
        best=metrics.timed_validation or metrics.validation,
        sources=_sources(metrics),
        shown=SHOWN,
        verdicts=verdicts(metrics),
    )


def verdicts(metrics: TrainingMetrics) -> list[str]:
    """Return in words how the model compares with the best table of rates."""
    if metrics.timed_validation is None:
        return [_verdict("The", metrics.gains["untimed"])]
    asked = {"timed": "With times, the", "untimed": "Without times, the"}
    return [_verdict(words, metrics.gains[name]) for name, words in asked.items()]


def _verdict(the: str, gain: Gain) -> str:
    table, error = "the best table of delay rates", gain.standard_error
    side = "above" if gain.roc_auc >= 0 else "below"
    if gain.beyond_chance:
        meaning = "This is more than chance."
    elif gain.roc_auc < -2 * error:
        meaning = "This is more than chance: the table is better."
    else:
        meaning = "The difference is not significant: the table ranks the flights as well."
    return (
        f"{the} model's ROC AUC is {abs(gain.roc_auc):.4f} {side} that of {table} "
        f"(standard error {error:.4f}). {meaning}"
    )


def _sources(metrics: TrainingMetrics) -> dict[str, dict[str, float]]:
    """Return the figures of the model and of what it is compared with."""
    timed = metrics.timed_validation
    model = {"Model, with times": timed, "Model, without times": metrics.validation}
    found = {
        **(model if timed else {"Model": metrics.validation}),
        "Table of rates, with times": metrics.tables.get(TIMED_RATES),
        "Table of rates": metrics.tables[RATES],
        "Challenge model": metrics.challenge,
    }
    return {name: figures for name, figures in found.items() if figures}
