"""What a training run came to, in the few lines that matter."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
from rich import box
from rich.table import Table

from training.fitting.folds import WAYS
from training.fitting.metrics import TITLES
from training.fitting.selection import settings_of
from training.model import Settings
from training.release.card import NO_WEEKS, verdicts
from training.release.training_metrics import METRICS, TrainingMetrics

MODEL: Final = {"day": "Model, day so far", "timed": "Model, times", "untimed": "Model, no times"}
RATES: Final = {"day": "Rates, day so far", "timed": "Rates, times", "untimed": "Rates, no times"}
CHALLENGE, BEFORE = "Challenge recipe", "Before"
MAX_SETTINGS: Final = 10  # settings of a selection
HEADS: Final = {  # short enough for a terminal of 80 columns
    "roc_auc": "ROC AUC",
    "roc_auc_error": "error",
    "f1_delay": "F1",
    "recall_delay": "Recall",
    "recall_on_time": "Specif.",
    "brier": "Brier",
    "log_loss": "Log loss",
    "ece": "ECE",
}
FORMATS: Final = {"roc_auc_error": ".4f"} | {name: form for name, (_, form) in TITLES.items()}


def before(artifacts: Path) -> TrainingMetrics | None:
    """Return what the previous run measured, or `None` where that cannot be read."""
    try:
        return msgspec.json.decode((artifacts / METRICS).read_bytes(), type=TrainingMetrics)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def figures(metrics: TrainingMetrics, earlier: TrainingMetrics | None) -> Table:
    """Return the figures of the model on unseen flights, beside those of the tables of rates.

    The challenge's recipe stands beside it where flights have its columns, and the previous model
    where it was measured on the same flights.
    """
    shown = {MODEL[way]: figures for way, figures in reversed(metrics.unseen.items())}
    shown |= {RATES[way]: figures for way, figures in reversed(metrics.tables.items())}
    if metrics.challenge:
        shown[CHALLENGE] = metrics.challenge
    if earlier and earlier != metrics and earlier.counts_sha256 == metrics.counts_sha256:
        shown[BEFORE] = earlier.unseen[earlier.best]
    flights = metrics.unseen["untimed"]["flights"]
    title = f"{flights:,.0f} flights, each answered by a model that has not seen its week"
    if not metrics.by_weeks:
        title = f"{flights:,.0f} flights of a random split, which flatters"
    table = Table("", *HEADS.values(), box=box.SIMPLE, title=title, padding=0)
    table.columns[0].min_width = max(map(len, shown))
    for column in table.columns[1:]:
        column.justify = "right"
    for source, each in shown.items():
        table.add_row(source, *(format(each[name], FORMATS[name]) for name in HEADS))
    return table


def lines(metrics: TrainingMetrics, earlier: TrainingMetrics | None, out: Path) -> Iterator[str]:
    """Yield what the figures mean and what became of the artifacts in `out`."""
    figures = metrics.unseen[metrics.best]
    warned = figures["true_positives"] + figures["false_positives"]
    share = figures["true_positives"] / warned if warned else 0
    yield (
        f"It predicts a delay for {warned / figures['flights']:.0%} of the flights; "
        f"{share:.0%} of these are late, where {figures['delay_rate']:.0%} of all flights are."
    )
    yield from verdicts(metrics)
    if not metrics.by_weeks:
        yield NO_WEEKS
    version = metrics.model_version
    proof = f"proven equal to XGBoost for all {metrics.proven:,} possible flights"
    if earlier is None:
        yield f"Model {version} is the first in {out}, {proof}."
    elif earlier == metrics:
        yield f"Model {version} in {out} is unchanged, {proof}."
    else:
        same = earlier.model_version == version
        became = "is the same" if same else f"replaces {earlier.model_version}"
        yield f"Model {version} in {out} {became}, {proof}."
        yield from _changes(metrics, earlier)


def _changes(metrics: TrainingMetrics, earlier: TrainingMetrics) -> Iterator[str]:
    if earlier.counts_sha256 != metrics.counts_sha256:
        yield "  It learned from other flights."
    old, new = asdict(earlier.settings), asdict(metrics.settings)
    old["columns"], new["columns"] = earlier.columns, metrics.columns
    for name in ("place", "period"):
        was, now = getattr(earlier, name), getattr(metrics, name)
        if was != now:
            yield f"  Changed {name}: {was or 'not given'} to {now or 'not given'}."
    if old != new:
        changed = (f"{name} {old[name]} to {new[name]}" for name in new if old[name] != new[name])
        yield f"  Changed settings: {', '.join(changed)}."


def scores(table: pd.DataFrame, choice: Settings, current: Settings) -> Table:
    """Return the ten best settings of a selection, the chosen ones and the current ones."""
    ways = [way for way in WAYS if f"{way}_gap" in table]
    shown = Table(
        *["", "Trees", "Rate", "Depth", "Weight", "Columns", "Log loss", *ways],
        box=box.SIMPLE,
        collapse_padding=True,
        title=f"{', '.join(ways)}: distance to the best, in standard errors",
    )
    for place, row in table.iterrows():
        settings = settings_of(row)
        marks = [mark for mark, each in (("chosen", choice), ("now", current)) if each == settings]
        if marks or int(str(place)) < MAX_SETTINGS:
            gaps = [row[f"{way}_gap"] / (row[f"{way}_error"] or 1) for way in ways]
            numbers = [*asdict(settings).values()]
            cells = [*(f"{each:g}" for each in numbers), f"{row['log_loss']:.5f}"]
            shown.add_row(", ".join(marks), *cells, *(f"{gap:.1f}" for gap in gaps))
    return shown


def comparison(table: pd.DataFrame, choice: Settings, current: Settings) -> str:
    """Say how much better the chosen settings are than the current ones."""
    losses = {settings_of(row): row["log_loss"] for _, row in table.iterrows()}
    if choice == current:
        return "The choice is the settings that training uses now."
    if current not in losses:
        return "The settings that training uses now are not among those compared."
    return (
        f"The log loss of the choice is {losses[current] - losses[choice]:+.5f} better than that "
        "of the settings that training uses now."
    )
