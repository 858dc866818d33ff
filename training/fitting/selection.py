"""The choice of settings, by cross-validation inside the training flights alone."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import msgspec
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
WAYS: Final = ("untimed", "timed")
FOLDS: Final = 5
REPEATS: Final = 4
TREES: Final = (50, 100, 150, 200)
# One fit gives the models of fewer trees too, so only these are fitted.
FITS: Final = [
    Settings(max(TREES), *values)
    for values in itertools.product([0.1, 0.2, 0.3, 0.4, 0.5], [4, 5, 6], [10, 20, 40])
]


def chosen_settings() -> Settings:
    """Return the settings that `python -m training select --save` chose."""
    return msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)


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
    """Return a row for each settings, the best first: its log loss, and its distance to the best.

    Flights are asked in up to two ways, `untimed` and `timed`; `log_loss` is the mean of both. A
    way's `gap` is the mean distance of its log loss to the lowest over all held-out parts, its
    `error` the standard error of that distance, corrected for the flights that fits share (Nadeau
    and Bengio, Inference for the Generalization Error, 2003). `advance` is called after each fit.
    Raise `DataError` for too few flights.
    """
    cells, rng = counts.part("train"), np.random.default_rng(42)
    if cells["delayed"].sum() < FOLDS or (cells["flights"] - cells["delayed"]).sum() < FOLDS:
        raise DataError(
            f"Cannot select settings: expected at least {FOLDS} delayed and {FOLDS} on-time "
            "flights to learn from. `make train` needs no selection."
        )
    rounds = [holdouts(list(folds(cells, rng))) for _ in range(REPEATS)]
    pairs = list(itertools.chain.from_iterable(rounds))
    ways = WAYS if counts.timed else WAYS[:1]
    losses = np.empty((len(ways), len(fits), len(TREES), len(pairs)))
    for i, settings in enumerate(fits):
        model = DelayModel(None, settings)
        for j, (fitted, held_out) in enumerate(pairs):
            model.fit_counts(fitted, counts.categories)
            losses[:, i, :, j] = _losses(model, held_out)[: len(ways)]
            advance()
    rows = (replace(settings, n_estimators=trees) for settings in fits for trees in TREES)
    table = pd.DataFrame(asdict(settings) for settings in rows)
    table["log_loss"] = losses.mean(axis=(0, -1)).ravel()
    for way, of_way in zip(ways, losses, strict=True):
        flat = of_way.reshape(len(table), len(pairs))
        table[f"{way}_log_loss"] = flat.mean(axis=1)
        gaps = flat - flat[flat.mean(axis=1).argmin()]
        table[f"{way}_gap"] = gaps.mean(axis=1)
        correction = np.sqrt(1 / len(pairs) + 1 / (FOLDS - 1))
        table[f"{way}_error"] = gaps.std(axis=1, ddof=1) * correction
    return table.sort_values("log_loss", ignore_index=True)


def choose(table: pd.DataFrame) -> Settings:
    """Return the cheapest model within one standard error of the best, asked either way.

    Cheapest to run, that is: `n_estimators` times `max_depth` comparisons a flight. Where no model
    is that good both ways, the one with the lowest log loss is chosen.
    """
    equal = np.ones(len(table), bool)
    for way in WAYS:
        if f"{way}_gap" in table:
            equal &= (table[f"{way}_gap"] <= table[f"{way}_error"]).to_numpy()
    found = table[equal] if equal.any() else table.nsmallest(1, "log_loss")
    cost = found["n_estimators"] * found["max_depth"]
    chosen = found.assign(cost=cost).sort_values(["cost", "log_loss"]).iloc[0]
    return settings_of(chosen)


def settings_of(row: "pd.Series[float]") -> Settings:
    """Return the settings of a row of `cross_validate`."""
    return Settings(
        int(row["n_estimators"]),
        float(row["learning_rate"]),
        int(row["max_depth"]),
        float(row["min_child_weight"]),
    )


def holdouts(parts: list[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield each part with the rest of the flights before it: (fitted, held out)."""
    total = sum(part[TOTALS] for part in parts)
    for part in parts:
        rest = part.assign(**(total - part[TOTALS]))
        yield rest[rest["flights"] > 0], part[part["flights"] > 0]


def _losses(model: DelayModel, held_out: pd.DataFrame) -> list[list[float]]:
    """Return the log loss of the model with each number of trees, for each of `WAYS`."""
    losses = []
    for cells in (without_time(held_out).groupby(FEATURES, as_index=False)[TOTALS].sum(), held_out):
        features = model.preprocess(cells)
        _, label, weight = weighted_rows(cells)
        scores = (np.tile(model.probability(features, trees), 2) for trees in TREES)
        losses.append([float(log_loss(label, score, sample_weight=weight)) for score in scores])
    return losses
