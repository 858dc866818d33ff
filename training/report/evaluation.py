"""The current artifacts and their baselines, each as a score of the validation flights."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec
import numpy as np
import pandas as pd

from training.errors import DataError
from training.fitting.baselines import tables
from training.fitting.metrics import measure
from training.flights.counts import Counts
from training.flights.features import without_time
from training.model import STORE, DelayModel
from training.release.training_metrics import METRICS, TrainingMetrics

from .curves import Floats

MODEL: Final = "This model"  # where no flight has a time
TIMED, UNTIMED = "This model, with times", "This model, without times"
CHALLENGE: Final = "Challenge model"
CEILING: Final = "Ceiling without times"
CHUNK: Final = 1 << 14  # cells that are one-hot encoded at once


class Score(NamedTuple):
    """A score of validation cells, and what `metrics.measure` says of it."""

    cells: pd.DataFrame
    probability: Floats
    measured: Mapping[str, float]


@dataclass(frozen=True)
class Evaluation:
    """Counts of flights, and the artifacts that were trained on them.

    `challenge` is the challenge's published model, `None` for other flights than the challenge's.
    """

    counts: Counts
    metrics: TrainingMetrics
    model: DelayModel
    challenge: DelayModel | None

    @classmethod
    def of(cls, artifacts: Path, counts: Counts, data: str) -> Self:
        """Load the artifacts; raise `DataError` unless they learned from the counts of `data`."""
        metrics = _read(artifacts / METRICS, data)
        model, version = _stored(artifacts / "booster.ubj"), metrics.model_version
        if metrics.counts_sha256 != counts.sha256:
            raise DataError(
                f"Cannot report: the model in {artifacts} was trained on other flights than "
                f"{data}. Report on those, or run `make train DATA={data}` first."
            )
        if hashlib.sha256(model.store.read_bytes()).hexdigest()[:12] != version:
            raise DataError(
                f"Cannot report: {model.store} is not the model {version} of {METRICS}. "
                f"Run `make train DATA={data}`."
            )
        challenge = _stored(artifacts / STORE.name) if metrics.challenge else None
        return cls(counts, metrics, model, challenge)

    @property
    def timed(self) -> bool:
        """Whether the model was trained on flights with times."""
        return self.metrics.timed_validation is not None

    @property
    def own(self) -> list[str]:
        """The names of the model's own scores, the best informed first."""
        return [TIMED, UNTIMED] if self.timed else [MODEL]

    @property
    def models(self) -> list[str]:
        """The names of the scores that models gave."""
        return [*self.own, *([CHALLENGE] if self.challenge else [])]

    @cached_property
    def cells(self) -> pd.DataFrame:
        """The validation flights of each cell."""
        return self.counts.part("validation")

    @cached_property
    def untimed_cells(self) -> pd.DataFrame:
        """The validation flights of each cell, asked without their times."""
        return self.counts.without_time().part("validation")

    @cached_property
    def scores(self) -> dict[str, Score]:
        """The scores of the validation flights: the model's own, then its baselines.

        `CEILING` is the delay rate of each airline, type and month among the validation flights
        themselves. No score that knows these three alone ranks these flights better, and none
        could have been known before.
        """
        m, cells = self.metrics, self.untimed_cells
        untimed = probability(self.model, cells)
        found = {self.own[-1]: Score(cells, untimed, m.validation)}
        if m.timed_validation:
            timed = Score(self.cells, probability(self.model, self.cells), m.timed_validation)
            found = {TIMED: timed, **found}
        for name, rates in reversed(tables(self.counts).items()):
            found[name] = Score(self.cells, rates, m.tables[name])
        if self.challenge and m.challenge:
            found[CHALLENGE] = Score(cells, probability(self.challenge, cells), m.challenge)
        ceiling = (cells["delayed"] / cells["flights"]).to_numpy(np.float64)
        warned = (ceiling > self.model.delay_rate).astype(np.int64)
        found[CEILING] = Score(cells, ceiling, measure(cells, ceiling, warned))
        return found

    @cached_property
    def predicted(self) -> pd.DataFrame:
        """The validation flights with a time, and their probabilities with it and without."""
        cells = self.cells[self.cells["HORA"] >= 0].reset_index(drop=True)
        untimed = probability(self.model, without_time(cells))
        return cells.assign(timed=probability(self.model, cells), untimed=untimed)


def probability(model: DelayModel, cells: pd.DataFrame) -> Floats:
    """Return the calibrated probability of a delay of each cell."""
    parts = [
        model.probability(model.preprocess(cells.iloc[start : start + CHUNK]))
        for start in range(0, len(cells), CHUNK)
    ]
    return np.concatenate(parts)


def _read(path: Path, data: str) -> TrainingMetrics:
    try:
        return msgspec.json.decode(path.read_bytes(), type=TrainingMetrics)
    except FileNotFoundError:
        message = f"Cannot report: there is no {path}. Run `make train DATA={data}`."
        raise DataError(message) from None
    except msgspec.DecodeError as error:
        raise DataError(
            f"Cannot report: {path} is of another version: {error}. Run `make train DATA={data}`."
        ) from None


def _stored(path: Path) -> DelayModel:
    columns = DelayModel(None, store=path).booster.attr("columns") or ""
    return DelayModel(msgspec.json.decode(columns, type=list[str]), store=path)
