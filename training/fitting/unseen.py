"""How a recipe answers flights of weeks that its model has not seen, beside its baselines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from function.metadata import Categories
from training.flights.counts import Counts
from training.flights.features import TOP10, columns_of
from training.flights.split import SPLITS
from training.model import DelayModel, Settings

from .baselines import table_of_rates
from .comparison import Difference, gains
from .errors import Floats
from .folds import flights_asked, holdouts, parts_of, reduced, ways_of
from .metrics import measure

CHUNK: Final = 1 << 13  # cells that are one-hot encoded together


class Score(NamedTuple):
    """What answers flights, knows of them, and is asked: `knows` and `way` are of `WAYS`."""

    who: str  # `model`, `table` or `challenge`
    knows: str
    way: str


class Recipe(NamedTuple):
    """What a model is fitted with: the settings, and the one-hot columns, `None` for all."""

    settings: Settings
    columns: Sequence[str] | None = None

    def fit(self, cells: pd.DataFrame, categories: Categories) -> DelayModel:
        """Return the model of these flights."""
        return DelayModel(self.columns, self.settings).fit_counts(cells, categories)


CHALLENGE: Final = Recipe(Settings(), TOP10)


@dataclass(frozen=True)
class Answers:
    """Flights by cell and week, and what one score says of each cell."""

    cells: pd.DataFrame
    probability: Floats  # [cells]
    delay: NDArray[np.int64]  # [cells]

    @classmethod
    def pooled(cls, parts: Sequence[Self]) -> Self:
        """Return the answers of all parts together."""
        return cls(
            pd.concat([part.cells for part in parts], ignore_index=True),
            np.concatenate([part.probability for part in parts]),
            np.concatenate([part.delay for part in parts]),
        )

    def measured(self) -> dict[str, float]:
        """Return what `measure` says of these answers."""
        return measure(self.cells, self.probability, self.delay)

    def gains(self, other: Self) -> dict[str, Difference]:
        """Return by how much these answers are better than others to the same flights."""
        return gains(self.cells, self.probability, other.probability)


def answers(recipe: Recipe, counts: Counts) -> dict[Score, Answers]:
    """Return the answers of each score, pooled over the folds of weeks.

    Each flight is answered by a model of the same recipe, or a table, that has not seen its week.
    Where weeks are not known, those of the validation flights alone are returned.
    """
    # Grouping by categories takes a fraction of the time that grouping by texts does.
    texts = dict.fromkeys(("OPERA", "TIPOVUELO", "DIANOM"), "category")
    cells = counts.table.drop(columns="split").astype(texts)
    pairs = holdouts(parts_of(cells)) if counts.by_weeks else [_random_split(counts)]
    found: dict[Score, list[Answers]] = {}
    for fitted, held_out in pairs:
        for score, each in _answered(recipe, counts.categories, fitted, held_out):
            found.setdefault(score, []).append(each)
    return {score: Answers.pooled(parts) for score, parts in found.items()}


def answered(model: DelayModel, cells: pd.DataFrame, knows: str, way: str) -> Answers:
    """Return a model's answers to flights that are asked in a way, of which it is told less."""
    cells = flights_asked(cells, way)
    probability = probability_of(model, reduced(cells, knows))
    return Answers(cells, probability, (probability > model.delay_rate).astype(np.int64))


def probability_of(model: DelayModel, cells: pd.DataFrame) -> Floats:
    """Return the calibrated probability of a delay of each cell."""
    parts = [
        model.probability(model.encode(cells.iloc[start : start + CHUNK]))
        for start in range(0, len(cells), CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _answered(
    recipe: Recipe, categories: Categories, fitted: pd.DataFrame, held_out: pd.DataFrame
) -> Iterator[tuple[Score, Answers]]:
    model = recipe.fit(fitted, categories)
    ways = ways_of(categories)
    tables = {way: table_of_rates(fitted, way) for way in ways}
    for place, way in enumerate(ways):
        for knows in ways[: place + 1]:
            yield Score("model", knows, way), answered(model, held_out, knows, way)
            cells = flights_asked(held_out, way)
            rate = tables[knows](reduced(cells, knows))
            late = (rate > model.delay_rate).astype(np.int64)
            yield Score("table", knows, way), Answers(cells, rate, late)
    if {*TOP10} <= {*columns_of(categories)}:
        model = CHALLENGE.fit(flights_asked(fitted, "untimed"), categories)
        found = answered(model, held_out, "untimed", "untimed")
        yield Score("challenge", "untimed", "untimed"), found


def _random_split(counts: Counts) -> tuple[pd.DataFrame, pd.DataFrame]:
    train, validation = (counts.part(split).drop(columns="split") for split in SPLITS)
    return train, validation
