"""The published artifacts, measured on the validation flights beside what else there is."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
import pandas as pd

from training.errors import DataError
from training.fitting.baselines import RATES, tables
from training.fitting.comparison import auc_gain
from training.fitting.metrics import measure
from training.flights.counts import Counts
from training.flights.features import cells_of
from training.model import STORE, DelayModel
from training.release.publish import TrainingMetrics

from .curves import Floats, importance

THIS, PUBLISHED = "This model", "Published model"
CEILING = "Ceiling of three features"


@dataclass(frozen=True)
class Evaluation:
    """Four scores of the validation cells: two models, a baseline and a bound.

    `RATES` is the smoothed delay rate of each cell in training. `CEILING` is the delay rate of
    each cell among the validation flights themselves: no score made of airline, type and month
    ranks these flights better, and none could be known before them.
    """

    counts: Counts  # without times
    published: TrainingMetrics
    model: DelayModel
    challenge: DelayModel

    @classmethod
    def of(cls, artifacts: Path, counts: Counts) -> Self:
        """Load the artifacts; raise `DataError` where they were trained on other flights."""
        stored = (artifacts / "metrics.json").read_bytes()
        published = msgspec.json.decode(stored, type=TrainingMetrics)
        if published.counts_sha256 != counts.sha256:
            raise DataError(
                f"Cannot report: the model in {artifacts} was trained on other flights. "
                "Run `make train` with these."
            )
        return cls(
            counts.without_time(),
            published,
            _stored(artifacts / "booster.ubj"),
            _stored(artifacts / STORE.name),
        )

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The validation flights of each cell."""
        return self.counts.part("validation")

    @cached_property
    def scores(self) -> dict[str, Floats]:
        """The probability of a delay of each cell, by its source."""
        cells = self.cells
        return {
            THIS: probability(self.model, cells),
            PUBLISHED: probability(self.challenge, cells),
            RATES: tables(self.counts)[RATES],
            CEILING: (cells["delayed"] / cells["flights"]).to_numpy(np.float64),
        }

    @cached_property
    def measured(self) -> dict[str, dict[str, float]]:
        """What `metrics.measure` says of each score; all warn above the training delay rate."""
        models = {
            THIS: self.model.predict(self.model.preprocess(self.cells)),
            PUBLISHED: self.challenge.predict(self.challenge.preprocess(self.cells)),
        }
        return {
            name: measure(
                self.cells, score, np.asarray(models.get(name, score > self.model.delay_rate), int)
            )
            for name, score in self.scores.items()
        }

    @cached_property
    def of_santiago(self) -> bool:
        """Whether these are the flights of the challenge: Santiago in 2017."""
        return self.counts.of_the_challenge

    @property
    def delay_rate(self) -> float:
        """The delay rate of the validation flights."""
        return float(self.cells["delayed"].sum() / self.cells["flights"].sum())

    @cached_property
    def gain(self) -> tuple[float, float]:
        """The gain in AUC over the published model, and its standard error."""
        return auc_gain(self.cells, self.scores[THIS], self.scores[PUBLISHED])

    @cached_property
    def costs(self) -> dict[str, dict[str, tuple[float, float]]]:
        """What forgetting a feature costs each model: a fall of AUC and a rise of log loss."""
        models = {THIS: self.model, PUBLISHED: self.challenge}
        return {
            name: importance(self.cells, lambda cells, model=model: probability(model, cells))  # type: ignore[misc]
            for name, model in models.items()
        }

    @cached_property
    def unseen(self) -> tuple[int, int, int]:
        """Possible cells, those that training never saw, and the validation flights in these."""
        known = self.counts.categories
        seen = np.unique(cells_of(self.counts.part("train"), known))
        missed = ~np.isin(cells_of(self.cells, known), seen)
        possible = len(known.OPERA) * len(known.TIPOVUELO) * len(known.MES)
        return possible, possible - len(seen), int(self.cells["flights"][missed].sum())


def probability(model: DelayModel, cells: pd.DataFrame) -> Floats:
    """Return the calibrated probability of a delay of each cell."""
    return model.probability(model.preprocess(cells))


def _stored(path: Path) -> DelayModel:
    columns = DelayModel(None, store=path).booster.attr("columns") or ""
    return DelayModel(msgspec.json.decode(columns, type=list[str]), store=path)
