"""What a training run measured, as `artifacts/metrics.json` holds it."""

from typing import Final

import msgspec

from training.model import Settings

METRICS: Final = "metrics.json"


class Gain(msgspec.Struct, frozen=True):
    """By how much the ROC AUC of a model exceeds that of the best table of rates."""

    table: str
    roc_auc: float
    standard_error: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the model is better by more than two standard errors."""
        return self.roc_auc > 2 * self.standard_error


class TrainingMetrics(msgspec.Struct, frozen=True):
    """What a training run measured; `artifacts/metrics.json` holds it.

    All figures are of the validation flights, asked without their times (`validation`) and with
    them (`timed_validation`, null where no times are known). `tables` are tables of delay rates,
    and `gains` what the model is worth beside the best of them. `challenge` is the challenge's
    published model, null for other flights than the challenge's.
    """

    model_version: str
    counts_sha256: str
    place: str | None
    period: str | None
    settings: Settings
    columns: int
    proven: int  # possible flights, for each of which parity was proven
    validation: dict[str, float]
    timed_validation: dict[str, float] | None
    tables: dict[str, dict[str, float]]
    gains: dict[str, Gain]  # `untimed`, and `timed` where times are known
    challenge: dict[str, float] | None
