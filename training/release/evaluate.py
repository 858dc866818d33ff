"""Whether a model has degraded since it was published, on flights whose outcome is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, NamedTuple, Self

import numpy as np
import pandas as pd

from training.errors import DataError
from training.fitting.comparison import auc_gain
from training.fitting.metrics import Floats, calibration, measure
from training.flights.counts import TOTALS
from training.flights.features import FEATURES, NOT_GIVEN, without_time

from .answering import Answering, known
from .drift import Drift, drifts

FALSE_ALARMS: Final = 0.01  # of evaluations on flights of the same law, over all metrics together
TESTS: Final = 5  # of each way to ask: three metrics get worse, and the bias moves either way
EPSILON: Final = float(np.finfo(np.float64).eps)


class Change(NamedTuple):
    """A metric as it was published and as it is now; `worse` is positive where it got worse."""

    title: str
    published: float
    now: float
    worse: float
    standard_error: float  # of the difference
    critical: float  # standard errors that chance exceeds too rarely

    @property
    def beyond_chance(self) -> bool:
        """Whether the metric is worse than chance explains."""
        return self.worse > self.critical * self.standard_error

    def degraded(self, margin: float) -> bool:
        """Return whether the metric is worse beyond chance and by more than a margin."""
        return self.beyond_chance and self.worse > margin


@dataclass(frozen=True)
class Evaluation:
    """What became of a model's metrics and of the mix of its flights."""

    model_version: str
    flights: int
    unknown: int  # flights that the model does not know, left out
    changes: list[Change]
    calibration: pd.DataFrame
    drifts: list[Drift]

    def degraded(self, margin: float) -> list[str]:
        """Return the metrics that have degraded."""
        return [change.title for change in self.changes if change.degraded(margin)]


def evaluate(model: Answering, cells: pd.DataFrame) -> Evaluation:
    """Judge a model on flights, counted by cell, that it did not learn from.

    The published metrics are those of `n` validation flights. Under the same law, the metric of
    other flights differs from them with the standard error of both samples; outcomes are taken for
    independent of each other.
    """
    description = model.description
    asked = cells[known(cells, description.categories)].reset_index(drop=True)
    if not 0 < asked["delayed"].sum() < asked["flights"].sum():
        raise DataError(
            "Cannot evaluate: the model knows no delayed and punctual flights of these."
        )
    ways = {"without times": (without_time(asked), description.metrics)}
    if description.timed_metrics and not (asked["HORA"] == NOT_GIVEN["HORA"]).all():
        ways["with times"] = (asked, description.timed_metrics)
    samples = [Sample.of(model, way, *each) for way, each in ways.items()]
    critical = NormalDist().inv_cdf(1 - FALSE_ALARMS / (TESTS * len(samples)))
    return Evaluation(
        description.model_version,
        int(asked["flights"].sum()),
        int(cells["flights"].sum() - asked["flights"].sum()),
        [change for sample in samples for change in sample.changes(critical)],
        calibration(samples[-1].cells, samples[-1].probability),
        list(drifts(description, cells)),
    )


@dataclass(frozen=True)
class Sample:
    """Flights that were asked in one way, their probabilities, and the metrics before and now."""

    way: str
    cells: pd.DataFrame
    probability: Floats
    published: dict[str, float]
    now: dict[str, float]

    @classmethod
    def of(
        cls, model: Answering, way: str, flights: pd.DataFrame, published: dict[str, float]
    ) -> Self:
        """Ask the model."""
        cells = flights.groupby(FEATURES, as_index=False)[TOTALS].sum()
        answer = model.predict(cells)
        probability = answer.probability.astype(np.float64)
        return cls(way, cells, probability, published, measure(cells, probability, answer.delay))

    def changes(self, critical: float) -> Iterator[Change]:
        """Yield each metric beside the published one."""
        p, published, now = self.probability, self.published, self.now
        certain = np.clip(p, EPSILON, 1 - EPSILON)
        auc_error = auc_gain(self.cells, p, np.zeros_like(p))[1]
        found = {
            "ROC AUC": ("roc_auc", -1, auc_error),
            "Log loss": ("log_loss", 1, self._error(-np.log(certain), -np.log1p(-certain))),
            "Brier score": ("brier", 1, self._error((1 - p) ** 2, p**2)),
        }
        both = float(np.sqrt(1 + now["flights"] / published["flights"]))
        for title, (name, sign, error) in found.items():
            worse = sign * (now[name] - published[name])
            values = (published[name], now[name], worse, error * both, critical)
            yield Change(f"{title}, {self.way}", *values)
        was, bias = (each["mean_probability"] - each["delay_rate"] for each in (published, now))
        error = self._error(p - 1, p) * both
        yield Change(f"Bias, {self.way}", was, bias, abs(bias - was), error, critical)

    def _error(self, of_delayed: Floats, of_punctual: Floats) -> float:
        """Return the standard error of the mean of a value of each cell's flights, by outcome."""
        delayed = self.cells["delayed"].to_numpy(np.float64)
        weight = np.concatenate([delayed, self.cells["flights"].to_numpy(np.float64) - delayed])
        value = np.concatenate([of_delayed, of_punctual])
        mean = weight @ value / weight.sum()
        return float(np.sqrt(weight @ (value - mean) ** 2 / (weight.sum() - 1) / weight.sum()))


def report(evaluation: Evaluation, margin: float) -> Iterator[str]:
    """Yield the lines of an evaluation, as people read them."""
    left_out = f" ({evaluation.unknown:,} left out, which it does not know)" * bool(
        evaluation.unknown
    )
    yield f"Model {evaluation.model_version} on {evaluation.flights:,} flights{left_out}"
    yield f"{'':28}{'published':>10}{'now':>10}{'change':>10}{'std. error':>12}"
    for change in evaluation.changes:
        word = (
            "DEGRADED" if change.degraded(margin) else "worse" if change.beyond_chance else "holds"
        )
        yield (
            f"{change.title:28}{change.published:10.4f}{change.now:10.4f}"
            f"{change.now - change.published:+10.4f}{change.standard_error:12.4f}  {word}"
        )
    yield "\nCalibration: flights by predicted probability, in ten equal parts"
    bins = evaluation.calibration[["probability", "flights", "delayed"]].to_numpy(np.float64)
    for probability, flights, delayed in bins.tolist():
        yield f"  predicted {probability:6.1%}   delayed {delayed / flights:6.1%}"
    yield "\nThe mix of flights since training: population stability index"
    for drift in evaluation.drifts:
        came = f"; new: {', '.join(drift.new)}" * bool(drift.new)
        went = f"; vanished: {', '.join(drift.vanished)}" * bool(drift.vanished)
        yield f"  {drift.feature:10}{drift.psi:8.3f}  {drift.word}{came}{went}"
