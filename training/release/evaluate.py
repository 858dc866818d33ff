"""Whether a model has degraded since it was published, on flights whose outcome is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, NamedTuple, Self

import numpy as np
import pandas as pd

from training.errors import DataError
from training.fitting.comparison import Difference, gains
from training.fitting.errors import Floats, weeks_of
from training.fitting.folds import flights_asked, reduced
from training.fitting.metrics import calibration, measure
from training.flights.counts import TOTALS, Counts
from training.flights.features import FEATURES, NOT_GIVEN

from .answering import Answerer, Description, known
from .drift import Drift, drifts

FALSE_ALARMS: Final = 0.05  # of evaluations on flights of the same law, over all metrics together
TESTS: Final = 6  # of each way: four metrics get worse, and the bias moves either way
FEWEST_WEEKS: Final = 4  # of fewer weeks, a storm looks like a worse model
WORDS: Final = {"untimed": "without times", "timed": "with times", "day": "with the day so far"}


class Change(NamedTuple):
    """A metric as published, as expected here, and now; `worse` is positive where it got worse."""

    title: str
    published: float
    expected: float  # the published metric, for the mix of these flights
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
class Findings:
    """What became of a model's metrics and of the mix of its flights.

    `weeks` is 0 where the flights have no dates. `learned` says whether the model was trained on
    these very counts.
    """

    model_version: str
    flights: int
    weeks: int
    unknown: dict[str, int]  # flights that the model does not know, by what is new, left out
    learned: bool
    changes: list[Change]
    calibration: pd.DataFrame
    drifts: list[Drift]

    @property
    def enough_weeks(self) -> bool:
        """Whether there are weeks enough to tell a worse model from a stormy week."""
        return self.weeks >= FEWEST_WEEKS

    def degraded(self, margin: float) -> list[str]:
        """Return the metrics that have degraded, none where that cannot be told."""
        return [each.title for each in self.changes if self.enough_weeks and each.degraded(margin)]


def evaluate(model: Answerer, counts: Counts) -> Findings:
    """Judge a model on flights that it did not learn from.

    The published metrics are of weeks that their models had not seen. Under the same law, the
    metric of other weeks differs from them with the standard error of both samples.
    """
    description, cells = model.description, counts.table
    knows = known(cells, description.categories)
    own = cells[knows].reset_index(drop=True)
    if own.empty:
        new = _listed(_unknown(cells, description))
        raise DataError(f"Cannot evaluate: the model knows none of the flights. {new}")
    delayed, flights = own["delayed"].sum(), own["flights"].sum()
    if not 0 < delayed < flights:
        raise DataError(
            "Cannot evaluate: expected delayed and on-time flights, got "
            f"{delayed:,} delayed of {flights:,}."
        )
    ways = {
        way: published for way, published in _published(description).items() if _can_ask(own, way)
    }
    samples = [
        Sample.of(model, way, less, flights_asked(own, way), published)
        for less, (way, published) in zip([None, *ways], ways.items(), strict=False)
    ]
    critical = NormalDist().inv_cdf(1 - FALSE_ALARMS / (TESTS * len(samples)))
    return Findings(
        description.model_version,
        int(flights),
        weeks_of(own),
        _unknown(cells[~knows], description),
        counts.sha256 == description.counts_sha256,
        [change for sample in samples for change in sample.changes(critical)],
        calibration(samples[-1].cells, samples[-1].probability),
        list(drifts(description, cells)),
    )


def _published(description: Description) -> dict[str, dict[str, float]]:
    found = {
        "untimed": description.metrics,
        "timed": description.timed_metrics,
        "day": description.day_metrics,
    }
    return {way: metrics for way, metrics in found.items() if metrics}


def _can_ask(cells: pd.DataFrame, way: str) -> bool:
    name = {"untimed": "OPERA", "timed": "HORA", "day": "HOY"}[way]
    given = flights_asked(cells, way)
    given = given[given[name] != NOT_GIVEN.get(name)]
    return bool(0 < given["delayed"].sum() < given["flights"].sum())


def _unknown(cells: pd.DataFrame, description: Description) -> dict[str, int]:
    """Return the flights with each airline, type and month that the model does not know."""
    words = {"OPERA": "airline", "TIPOVUELO": "flight type", "MES": "month"}
    return {
        f"{word} {value!r}": int(flights)
        for name, word in words.items()
        for value, flights in cells[~cells[name].isin(getattr(description.categories, name))]
        .groupby(name)["flights"]
        .sum()
        .sort_values(ascending=False)
        .items()
    }


def _listed(unknown: dict[str, int]) -> str:
    return (
        "Never in training: "
        + ", ".join(f"{what} ({flights:,} flights)" for what, flights in unknown.items())
        + "."
    )


@dataclass(frozen=True)
class Sample:
    """Flights that were asked in one way, their probabilities, and the metrics before and now."""

    way: str
    cells: pd.DataFrame
    probability: Floats
    published: dict[str, float]
    now: dict[str, float]
    step: Difference | None  # what the way gains in ROC AUC over the one that tells less

    @classmethod
    def of(
        cls,
        model: Answerer,
        way: str,
        less: str | None,
        cells: pd.DataFrame,
        published: dict[str, float],
    ) -> Self:
        """Ask the model, also as in the way that tells `less`, where there is one."""
        found = _answered(model, cells)
        probability = found["probability"].to_numpy()
        now = measure(cells, probability, found["delay"].to_numpy())
        step = None
        if less and "roc_auc_gain" in published:
            other = _answered(model, reduced(cells, less))["probability"].to_numpy()
            step = gains(cells, probability, other)["roc_auc"]
        return cls(way, cells, probability, published, now, step)

    def changes(self, critical: float) -> Iterator[Change]:
        """Yield each metric beside what the published one would be for this mix of flights.

        Some flights are harder to tell apart than others, as those of a single month. So a metric
        is compared with what the probabilities themselves make expect of it, before and now.
        """
        published, now = self.published, self.now
        mix = now["roc_auc_expected"] - published["roc_auc_expected"]
        yield self._change("ROC AUC", "roc_auc", -1, mix, critical)
        for title, name in (("Log loss", "log_loss"), ("Brier score", "brier")):
            excess = f"{name}_excess"
            mix = (now[name] - now[excess]) - (published[name] - published[excess])
            yield self._change(title, name, 1, mix, critical, excess)
        if self.step:
            was, values = published["roc_auc_gain"], self.step
            error = self._error_of_gain(values.error)
            title = f"ROC AUC gained, {WORDS[self.way]}"
            yield Change(title, was, was, values.gain, was - values.gain, error, critical)
        was, bias = (each["mean_probability"] - each["delay_rate"] for each in (published, now))
        error = self._error("bias")
        yield Change(f"Bias, {WORDS[self.way]}", was, was, bias, abs(bias - was), error, critical)

    def _change(  # noqa: PLR0913, PLR0917  # a row of the table
        self, title: str, name: str, sign: int, mix: float, critical: float, of: str | None = None
    ) -> Change:
        was, now = self.published[name], self.now[name]
        expected = was + mix
        worse = sign * (now - expected)
        values = (was, expected, now, worse, self._error(of or name), critical)
        return Change(f"{title}, {WORDS[self.way]}", *values)

    def _error(self, name: str) -> float:
        """Return the standard error of the difference of a metric.

        A few weeks say little of how weeks differ, so what the published weeks say is taken where
        it is more than the error of these weeks.
        """
        before, now = self.published[f"{name}_error"], self.now[f"{name}_error"]
        return float(np.hypot(before, max(self._expected_error(name), now)))

    def _error_of_gain(self, now: float) -> float:
        """Return the standard error of the difference of what a way gains.

        Answers to the same flights are compared, which a storm moves alike. So both errors say the
        same of how weeks differ, and are pooled by their degrees of freedom.
        """
        before = self.published["roc_auc_gain_error"]
        freedom = [max(each["weeks"] - 1, 0) for each in (self.published, self.now)]
        if not any(freedom):  # flights without weeks
            return float(np.hypot(before, now))
        squares = self._expected_error("roc_auc_gain") ** 2, now**2
        return float(np.hypot(before, np.sqrt(np.average(squares, weights=freedom))))

    def _expected_error(self, name: str) -> float:
        """Return the error of a metric over as many weeks as these, by the published weeks."""
        weeks = self.now["weeks"]
        scale = np.sqrt(self.published["weeks"] / weeks) if weeks else 0.0
        return float(self.published[f"{name}_error"] * scale)


def _answered(model: Answerer, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the answer to each cell, asking about each different flight once."""
    different = cells.groupby(FEATURES, as_index=False)[TOTALS].sum()
    answer = model.predict(different)
    answers = different[FEATURES].assign(
        probability=answer.probability.astype(np.float64), delay=answer.delay
    )
    found: pd.DataFrame = cells.merge(answers, on=FEATURES, how="left", validate="many_to_one")
    return found


def report(findings: Findings, margin: float) -> Iterator[str]:
    """Yield the lines of an evaluation, as people read them."""
    weeks = f" of {findings.weeks} weeks" if findings.weeks else ""
    yield f"Model {findings.model_version} on {findings.flights:,} flights{weeks}"
    if findings.unknown:
        yield f"Flights left out: {_listed(findings.unknown)}"
    if findings.learned:
        yield "The model was trained on these very flights, so it answers them too well."
    if not findings.enough_weeks:
        yield (
            f"Whether the model has degraded cannot be told from fewer than {FEWEST_WEEKS} weeks"
            f"{'' if findings.weeks else ', and these flights have no dates'}."
        )
    yield f"{'':38}{'published':>10}{'expected':>10}{'now':>10}{'change':>10}{'std. error':>12}"
    for change in findings.changes:
        word = (
            "DEGRADED" if change.degraded(margin) else "worse" if change.beyond_chance else "holds"
        )
        yield (
            f"{change.title:38}{change.published:10.4f}{change.expected:10.4f}{change.now:10.4f}"
            f"{change.now - change.expected:+10.4f}{change.standard_error:12.4f}"
            f"{f'  {word}' if findings.enough_weeks else ''}"
        )
    yield "Expected: the published metric, for the mix of these flights."
    yield "\nCalibration: flights by predicted probability, in ten equal parts"
    bins = findings.calibration[["probability", "flights", "delayed"]].to_numpy(np.float64)
    for probability, flights, delayed in bins.tolist():
        yield f"  predicted {probability:6.1%}   delayed {delayed / flights:6.1%}"
    yield "\nThe mix of flights since training: population stability index"
    for drift in findings.drifts:
        came = f"; new: {', '.join(drift.new)}" * bool(drift.new)
        went = f"; vanished: {', '.join(drift.vanished)}" * bool(drift.vanished)
        yield f"  {drift.feature:10}{drift.psi:8.3f}  {drift.word}{came}{went}"
