"""What a training run came to, in the few lines that matter."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table

from training.release.publish import Report

# How figures of `metrics.json` are said, and written.
FIGURES: Final = {
    "recall_delay": ("Delayed flights warned of", ".1%"),
    "recall_on_time": ("Punctual flights left in peace", ".1%"),
    "f1_delay": ("F1 of delay", ".4f"),
    "roc_auc": ("Ranking, ROC AUC", ".4f"),
    "mean_probability": ("Mean predicted probability", ".1%"),
    "delay_rate": ("Flights that were delayed", ".1%"),
    "ece": ("Probabilities are off by", ".1%"),
    "brier": ("Brier score (lower is better)", ".4f"),
    "log_loss": ("Log loss (lower is better)", ".4f"),
}


def before(artifacts: Path) -> Report | None:
    """Return what the run before said of itself, or `None` where none can be read."""
    try:
        return msgspec.json.decode((artifacts / "metrics.json").read_bytes(), type=Report)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def figures(report: Report, earlier: Report | None) -> Table:
    """Return the figures beside the published model's and, where they changed, the earlier ones."""
    changed = earlier is not None and earlier.validation != report.validation
    heads = ["This model", "Published model", *(["Before"] if changed else [])]
    table = Table(title=f"On {report.validation['flights']:,.0f} flights it did not learn from")
    table.add_column()
    for head in heads:
        table.add_column(head, justify="right")
    for name, (title, form) in FIGURES.items():
        sources = [report.validation, report.challenge]
        if earlier is not None and changed:
            sources.append(earlier.validation)
        table.add_row(title, *(_shown(source, name, form) for source in sources))
    return table


def lines(report: Report, earlier: Report | None, out: Path) -> Iterator[str]:
    """Yield what the figures mean and what became of the artifacts that stood in `out`."""
    figures = report.validation
    warned = figures["true_positives"] + figures["false_positives"]
    share = figures["true_positives"] / warned if warned else 0
    yield (
        f"It warns of {warned / figures['flights']:.0%} of the flights; "
        f"{share:.0%} of its warnings come true, {figures['delay_rate']:.0%} would by chance."
    )
    version = report.model_version
    if earlier is None:
        yield f"Model {version} is the first in {out}, proven equal to XGBoost."
    elif earlier == report:
        yield f"Model {version} in {out} is the one that stood there, proven equal to XGBoost."
    else:
        yield f"Model {version} in {out} takes the place of {earlier.model_version}:"
        yield from _changes(report, earlier)
    yield "The whole report: make report"


def _changes(report: Report, earlier: Report) -> Iterator[str]:
    if earlier.counts_sha256 != report.counts_sha256:
        yield "  it learnt from other flights, and the figures are not of the same ones;"
    old, new = asdict(earlier.settings), asdict(report.settings)
    old["columns"], new["columns"] = earlier.columns, report.columns
    if old != new:
        changed = (f"{name} {old[name]} to {new[name]}" for name in new if old[name] != new[name])
        yield f"  other settings: {', '.join(changed)};"
    gain = report.validation["roc_auc"] - earlier.validation["roc_auc"]
    yield f"  ROC AUC {gain:+.4f}. It is proven equal to XGBoost."


def _shown(figures: dict[str, float], name: str, form: str) -> str:
    return format(figures[name], form) if name in figures else "unknown"
