"""The current artifacts, and what their recipe answers to flights of weeks it has not learned."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import msgspec
import pandas as pd

from training.errors import DataError
from training.fitting.folds import ways_of
from training.fitting.unseen import Answers, Recipe, Score, answers
from training.flights.counts import Counts
from training.model import DelayModel
from training.release.card import CHALLENGE, MODEL, RATES
from training.release.publish import best_table
from training.release.training_metrics import METRICS, TrainingMetrics


@dataclass(frozen=True)
class Evaluation:
    """Counts of flights, and the artifacts that were trained on them.

    `answers` are those of each score to flights of weeks that it has not learned, pooled over the
    folds of weeks; where weeks are not known, those to the validation flights.
    """

    counts: Counts
    metrics: TrainingMetrics
    model: DelayModel
    answers: Mapping[Score, Answers]

    @classmethod
    def of(cls, artifacts: Path, counts: Counts, data: str) -> Self:
        """Load the artifacts, and answer the flights by their recipe, which takes a while.

        Raise `DataError` unless they learned from the counts of `data`.
        """
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
        recipe, counts = Recipe(metrics.settings, model.columns), counts.for_training()
        return cls(counts, metrics, model, answers(recipe, counts))

    @cached_property
    def ways(self) -> list[str]:
        """How flights can be asked, the way that tells the most last."""
        return ways_of(self.counts.categories)

    @property
    def timed(self) -> bool:
        """Whether the model was trained on flights with times."""
        return "timed" in self.ways

    @cached_property
    def scores(self) -> dict[str, Answers]:
        """The answers by name: the model's in each way, then tables' that know as much."""
        best_first = self.ways[::-1]
        found = {MODEL[way]: self.answers[Score("model", way, way)] for way in best_first}
        found |= {RATES[way]: best_table(dict(self.answers), way) for way in best_first}
        challenge = self.answers.get(Score("challenge", "untimed", "untimed"))
        return found | ({CHALLENGE: challenge} if challenge else {})

    @property
    def models(self) -> dict[str, Answers]:
        """The answers of models, by name."""
        return {name: each for name, each in self.scores.items() if name not in {*RATES.values()}}

    def predicted(self, way: str) -> pd.DataFrame:
        """Return the flights that are asked in a way, by cell and week, with the model's answers.

        They are in a column for each way that tells no more, such as `untimed`.
        """
        ways = self.ways[: self.ways.index(way) + 1]
        found = {knows: self.answers[Score("model", knows, way)].probability for knows in ways}
        cells = self.answers[Score("model", way, way)].cells
        return cells.assign(**found).astype({"DIANOM": "object"})


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
