"""The model beside its baselines, and what it would be without a feature."""

from itertools import pairwise
from typing import Final, NamedTuple

from training.fitting.folds import flights_asked
from training.fitting.unseen import probability_of
from training.flights.features import DAY, FLIGHT, TIME
from training.release.card import CHALLENGE, MODEL, RATES
from training.release.training_metrics import Gain

from .evaluation import Evaluation
from .importance import importance

FEATURES: Final = {"untimed": FLIGHT, "timed": [*FLIGHT, *TIME], "day": [*FLIGHT, *TIME, *DAY]}


class Difference(NamedTuple):
    """By how much a score is better than another one, on the same flights."""

    score: str
    baseline: str
    gain: Gain


def differences(e: Evaluation) -> list[Difference]:
    """Return the model's gains over tables and the challenge's recipe, and of knowing more."""
    best_first = e.ways[::-1]
    found = [Difference(MODEL[way], RATES[way], e.metrics.gains[way]) for way in best_first]
    if CHALLENGE in e.scores:
        alike = MODEL["untimed"]
        gain = Gain.of(e.scores[alike].gains(e.scores[CHALLENGE]))
        found.append(Difference(alike, CHALLENGE, gain))
    return found + [
        Difference(MODEL[way], MODEL[less], e.metrics.steps[way])
        for way, less in pairwise(best_first)
    ]


def costs(e: Evaluation) -> dict[str, dict[str, tuple[float, float]]]:
    """Return what forgetting a feature costs the published model, asked in each way.

    That is a fall of AUC and a rise of log loss on the validation flights.
    """
    cells = e.counts.part("validation")
    return {
        MODEL[way]: importance(
            flights_asked(cells, way), FEATURES[way], lambda each: probability_of(e.model, each)
        )
        for way in e.ways[::-1]
    }
