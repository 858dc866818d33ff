"""The model beside its baselines, and what it would be without a feature."""

from typing import NamedTuple

from training.fitting.comparison import auc_gain
from training.flights.features import FEATURES, FLIGHT, without_time

from .evaluation import CHALLENGE, TIMED, UNTIMED, Evaluation, probability
from .importance import importance


class Difference(NamedTuple):
    """By how much the ROC AUC of one score exceeds that of another, with its standard error."""

    score: str
    baseline: str
    roc_auc: float
    standard_error: float


def differences(e: Evaluation) -> list[Difference]:
    """Return the model's gains over the best table of rates, and over the challenge model."""
    gains = e.metrics.gains
    asked = {TIMED: gains["timed"]} if e.timed else {}
    asked |= {e.own[-1]: gains["untimed"]}
    found = [
        Difference(name, gain.table, gain.roc_auc, gain.standard_error)
        for name, gain in asked.items()
    ]
    if e.challenge:
        challenge = probability(e.challenge, e.cells)
        for name in e.own:
            cells = without_time(e.cells) if name == UNTIMED else e.cells
            gain = auc_gain(e.cells, probability(e.model, cells), challenge)
            found.append(Difference(name, CHALLENGE, *gain))
    return found


def costs(e: Evaluation) -> dict[str, dict[str, tuple[float, float]]]:
    """Return what forgetting a feature costs each model: a fall of AUC and a rise of log loss.

    A model that knows times is asked about the flights that have one.
    """
    asked = [(TIMED, e.model, e.predicted, FEATURES)] if e.timed else []
    asked += [(e.own[-1], e.model, e.untimed_cells, FLIGHT)]
    if e.challenge:
        asked += [(CHALLENGE, e.challenge, e.untimed_cells, FLIGHT)]
    return {
        name: importance(cells, features, lambda each, model=model: probability(model, each))  # type: ignore[misc]
        for name, model, cells, features in asked
    }
