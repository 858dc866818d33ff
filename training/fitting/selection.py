"""The choice of settings, by cross-validation inside the training flights alone."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from training.flights.counts import Counts, weigh
from training.flights.split import sample
from training.model import DelayModel, Settings

FOLDS: Final = 5
REPEATS: Final = 4
GRID: Final = [
    Settings(*values)
    for values in itertools.product([25, 50, 100, 200], [0.1, 0.3, 0.5], [3, 4, 5, 6], [5, 10, 20])
]


def folds(cells: pd.DataFrame, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """Deal the flights of `cells` into `FOLDS` random parts of equal size.

    Flights of a cell and label are alike, so a random part of them is a hypergeometric draw.
    """
    rest = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    for left in range(FOLDS, 0, -1):
        drawn = sample(rest, int(rest.sum()) // left, rng)
        rest -= drawn
        delayed, punctual = np.split(drawn, 2)
        yield cells.assign(flights=delayed + punctual, delayed=delayed)


def cross_validate(counts: Counts, advance: Callable[[], object]) -> pd.DataFrame:
    """Return a row for each settings of `GRID`, the best first: its log loss and its size.

    `gap` is the mean distance of its log loss to the best's over all held-out parts, `error` the
    standard error of that distance, corrected for what the fitted parts share (Nadeau and Bengio,
    Inference for the Generalization Error, 2003). `advance` is called after each fit.
    """
    cells, rng = counts.part("train"), np.random.default_rng(42)
    rounds = [holdouts(list(folds(cells, rng))) for _ in range(REPEATS)]
    pairs = list(itertools.chain.from_iterable(rounds))
    losses = np.empty((len(GRID), len(pairs)))
    nodes = np.empty(len(GRID))
    with TemporaryDirectory() as folder:
        for i, settings in enumerate(GRID):
            model = DelayModel(None, settings, Path(folder, "model.ubj"))
            for j, (fitted, held_out) in enumerate(pairs):
                model.fit_counts(fitted, counts.categories)
                rows, label, weight = weigh(held_out)
                p = model.probability(model.preprocess(rows))
                losses[i, j] = log_loss(label, p, sample_weight=weight)
                advance()
            nodes[i] = len(model.booster.trees_to_dataframe())
    gaps = losses - losses[losses.mean(axis=1).argmin()]
    table = pd.DataFrame(asdict(settings) for settings in GRID)
    return table.assign(
        nodes=nodes.astype(int),
        log_loss=losses.mean(axis=1),
        gap=gaps.mean(axis=1),
        error=gaps.std(axis=1, ddof=1) * np.sqrt(1 / len(pairs) + 1 / (FOLDS - 1)),
    ).sort_values("log_loss", ignore_index=True)


def choose(table: pd.DataFrame) -> Settings:
    """Return the smallest model within one standard error of the best one."""
    equal = table[table["gap"] <= table["error"]]
    chosen = equal.sort_values(["nodes", "log_loss"]).iloc[0]
    return Settings(
        int(chosen["n_estimators"]),
        float(chosen["learning_rate"]),
        int(chosen["max_depth"]),
        float(chosen["min_child_weight"]),
    )


def holdouts(parts: list[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield each part with the rest of the flights before it: (fitted, held out)."""
    total = sum(part[["flights", "delayed"]] for part in parts)
    for part in parts:
        rest = part.assign(**(total - part[["flights", "delayed"]]))
        yield rest[rest["flights"] > 0], part[part["flights"] > 0]
