"""What a training run measured, as `artifacts/metrics.json` holds it."""

from typing import Final

import msgspec

from training.fitting.comparison import Difference
from training.model import Settings

METRICS: Final = "metrics.json"

type Figures = dict[str, float]  # what `fitting.metrics.measure` returns


class Gain(msgspec.Struct, frozen=True):
    """By how much answers to the same flights are better, with standard errors over the weeks."""

    roc_auc: float
    roc_auc_error: float
    log_loss: float  # positive where it is lower
    log_loss_error: float

    @classmethod
    def of(cls, gains: dict[str, Difference]) -> "Gain":
        """Return what `comparison.gains` found, to six digits."""
        auc, loss = gains["roc_auc"], gains["log_loss"]
        return cls(*(round(each, 6) for each in (*auc, *loss)))

    @property
    def reversed(self) -> "Gain":
        """The gain of the others."""
        return Gain(-self.roc_auc, self.roc_auc_error, -self.log_loss, self.log_loss_error)

    @property
    def beyond_chance(self) -> bool:
        """Whether both figures are better by more than two standard errors."""
        return self.roc_auc > 2 * self.roc_auc_error and self.log_loss > 2 * self.log_loss_error


class TrainingMetrics(msgspec.Struct, frozen=True):
    """What a training run measured; `artifacts/metrics.json` holds it.

    Figures are by the way in which flights are asked (`fitting.folds.WAYS`). `unseen` pools all
    folds of weeks, each flight answered by a model of the same recipe that has not seen its week;
    so do `tables`, `gains`, `steps` and `challenge`. `validation` is of the published model, on the
    weeks of the last fold. Where flights have no weeks, all are of a random validation part.
    """

    model_version: str
    counts_sha256: str
    place: str | None
    period: str | None
    settings: Settings
    columns: int
    proven: int  # possible flights, for each of which parity was proven
    by_weeks: bool  # else flights were split at random, which flatters the figures
    design_effect: float
    unseen: dict[str, Figures]
    validation: dict[str, Figures]
    tables: dict[str, Figures]  # the best table of rates that knows as much
    gains: dict[str, Gain]  # over that table
    steps: dict[str, Gain]  # over the same flights asked with less: `timed`, `day`
    challenge: Figures | None  # the challenge's recipe, where flights have its ten columns
    lasting: str  # how much the day so far tells, by hours ahead, where that was counted
    random_split: dict[str, float]  # the ROC AUC that a random split of the flights would show

    @property
    def best(self) -> str:
        """The way that tells the most of a flight, of those that all flights can be asked in."""
        return "timed" if "timed" in self.unseen else "untimed"
