"""The choice of settings, by cross-validation inside the training flights alone."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from training.errors import DataError
from training.flights.counts import TOTALS, Counts, weighted_rows
from training.flights.features import FEATURES, without_time
from training.flights.split import sample
from training.model import DelayModel, Settings

SETTINGS: Final = Path(__file__).with_name("settings.json")
TABLE: Final = Path(__file__).with_name("selection.csv")
FOLDS: Final = 5
REPEATS: Final = 4
TREES: Final = (25, 50, 100, 200)
# One fit gives the models of fewer trees too, so only these are fitted.
FITS: Final = [
    Settings(max(TREES), *values)
    for values in itertools.product([0.1, 0.3, 0.5], [4, 5, 6], [10, 20])
]


def folds(cells: pd.DataFrame, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """Deal the flights of `cells` into `FOLDS` random parts of equal size.

    Flights of a cell and label are alike, so a random part of them is a hypergeometric draw.
    """
    rest = np.concatenate([cells["delayed"], cells["flights"] - cells["delayed"]])
    for left in range(FOLDS, 0, -1):
        drawn = sample(rest, int(rest.sum()) // left, rng)
        rest -= drawn
        delayed, on_time = np.split(drawn, 2)
        yield cells.assign(flights=delayed + on_time, delayed=delayed)


def cross_validate(
    counts: Counts, advance: Callable[[], object] = lambda: None, fits: list[Settings] = FITS
) -> pd.DataFrame:
    """Return a row for each settings, the best first: its log loss and its number of nodes.

    The log loss is the mean of asking with times and without. `gap` is the mean distance to the
    best over all held-out parts, `error` the standard error of that distance, corrected for the
    flights that fits share (Nadeau and Bengio, Inference for the Generalization Error, 2003).
    `advance` is called after each fit. Raise `DataError` where a part lacks a class.
    """
    cells, rng = counts.part("train"), np.random.default_rng(42)
    if cells["delayed"].sum() < FOLDS or (cells["flights"] - cells["delayed"]).sum() < FOLDS:
        raise DataError(
            f"Cannot select settings: expected at least {FOLDS} delayed and {FOLDS} on-time "
            "flights to learn from. `make train` needs no selection."
        )
    rounds = [holdouts(list(folds(cells, rng))) for _ in range(REPEATS)]
    pairs = list(itertools.chain.from_iterable(rounds))
    losses = np.empty((len(fits), len(TREES), len(pairs)))
    nodes = np.empty((len(fits), len(TREES)))
    for i, settings in enumerate(fits):
        model = DelayModel(None, settings)
        for j, (fitted, held_out) in enumerate(pairs):
            model.fit_counts(fitted, counts.categories)
            losses[i, :, j] = _losses(model, held_out, timed=counts.timed)
            advance()
        trees = model.booster.trees_to_dataframe()["Tree"]
        nodes[i] = [(trees < number).sum() for number in TREES]
    return _ranked(fits, losses.reshape(-1, len(pairs)), nodes.ravel())


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
    total = sum(part[TOTALS] for part in parts)
    for part in parts:
        rest = part.assign(**(total - part[TOTALS]))
        yield rest[rest["flights"] > 0], part[part["flights"] > 0]


def _losses(model: DelayModel, held_out: pd.DataFrame, *, timed: bool) -> list[float]:
    """Return the log loss of the model with each number of trees."""
    asked = [without_time(held_out).groupby(FEATURES, as_index=False)[TOTALS].sum()]
    asked += [held_out] if timed else []
    losses = []
    for cells in asked:
        features = model.preprocess(cells)
        _, label, weight = weighted_rows(cells)
        losses.append(
            [
                log_loss(
                    label, np.tile(model.probability(features, trees), 2), sample_weight=weight
                )
                for trees in TREES
            ]
        )
    return [float(loss) for loss in np.mean(losses, axis=0)]


def _ranked(fits: list[Settings], losses: np.ndarray, nodes: np.ndarray) -> pd.DataFrame:
    gaps = losses - losses[losses.mean(axis=1).argmin()]
    pairs = losses.shape[1]
    rows = (replace(settings, n_estimators=trees) for settings in fits for trees in TREES)
    table = pd.DataFrame(asdict(settings) for settings in rows)
    return table.assign(
        nodes=nodes.astype(int),
        log_loss=losses.mean(axis=1),
        gap=gaps.mean(axis=1),
        error=gaps.std(axis=1, ddof=1) * np.sqrt(1 / pairs + 1 / (FOLDS - 1)),
    ).sort_values("log_loss", ignore_index=True)
