"""The choice of settings, by cross-validation inside the training flights alone."""

import itertools
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pandas as pd

from training.errors import DataError
from training.flights.counts import Counts
from training.flights.split import NO_WEEK
from training.model import DelayModel, Settings

from .errors import Floats, by_outcome
from .folds import WAYS, flights_asked, holdouts, parts_of, ways_of

SETTINGS: Final = Path(__file__).with_name("settings.json")
TABLE: Final = Path(__file__).with_name("selection.csv")
TREES: Final = (30, 40, 50, 60, 75, 100, 150, 200, 300)
# One fit gives the models of fewer trees too, so only these are fitted.
FITS: Final = [
    Settings(max(TREES), *values)
    for values in itertools.product([0.05, 0.1, 0.2, 0.3], [5, 6, 7], [20, 50], [0.5, 1])
]
MAX_COST: Final = 600  # comparisons a flight; more of them would make large batches slow


def chosen_settings() -> Settings:
    """Return the settings that `python -m training select --save` chose."""
    return msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)


def cross_validate(
    counts: Counts, advance: Callable[[], object] = lambda: None, fits: list[Settings] = FITS
) -> pd.DataFrame:
    """Return a row for each settings, the best first: its log loss, and its distance to the best.

    Each flight is asked of models that have not seen its week, in each of `WAYS` that it can be;
    `log_loss` is the mean of the ways. A way's `gap` is the distance of its log loss to the lowest,
    its `error` the standard error of that distance over the weeks. `advance` is called after each
    fit. Raise `DataError` for too few flights.
    """
    counts = counts.for_training()
    parts = parts_of(counts.part("train"))
    totals = [part["delayed"].sum() for part in parts], [part["flights"].sum() for part in parts]
    if len(parts) < 2 or not all(0 < d < n for d, n in zip(*totals, strict=True)):  # noqa: PLR2004
        raise DataError(
            "Cannot select settings: expected delayed and on-time flights in two folds or more of "
            "the training weeks. `make train` needs no selection."
        )
    pairs = list(holdouts(parts))
    ways = ways_of(counts.categories)
    losses: dict[str, list[Floats]] = {way: [] for way in ways}  # [trees, weeks] of each fit
    for settings in fits:
        model, found = DelayModel(None, settings), {way: list[Floats]() for way in ways}
        for fitted, held_out in pairs:
            model.fit_counts(fitted, counts.categories)
            for way in ways:
                found[way].append(_losses(model, flights_asked(held_out, way)))
            advance()
        for way in ways:
            losses[way].append(np.concatenate(found[way], axis=1))
    rows = (replace(settings, n_estimators=trees) for settings in fits for trees in TREES)
    table = pd.DataFrame(asdict(settings) for settings in rows)
    for way in ways:
        flights = np.concatenate([_by_week(flights_asked(part, way))[1] for part in parts])
        _compare(table, way, np.concatenate(losses[way]), flights)
    table["log_loss"] = table[[f"{way}_log_loss" for way in ways]].mean(axis=1)
    return table.sort_values("log_loss", ignore_index=True)


def choose(table: pd.DataFrame) -> Settings:
    """Return the cheapest model within one standard error of the best, asked in every way.

    Cheapest to run, that is (see `cost`), and no more than `MAX_COST`. Where no such model is that
    good in every way, the one with the lowest log loss is chosen.
    """
    costs = pd.Series([cost(settings_of(row)) for _, row in table.iterrows()], table.index)
    quick = table.assign(cost=costs)[costs <= MAX_COST]
    equal = np.ones(len(quick), bool)
    for way in WAYS:
        if f"{way}_gap" in quick:
            equal &= (quick[f"{way}_gap"] <= quick[f"{way}_error"]).to_numpy()
    if not equal.any():
        return settings_of(quick.nsmallest(1, "log_loss").iloc[0])
    return settings_of(quick[equal].sort_values(["cost", "log_loss"]).iloc[0])


def cost(settings: Settings) -> int:
    """Return the comparisons that a flight takes: trees times depth."""
    return settings.n_estimators * settings.max_depth


def settings_of(row: "pd.Series[float]") -> Settings:
    """Return the settings of a row of `cross_validate`."""
    return Settings(
        int(row["n_estimators"]),
        float(row["learning_rate"]),
        int(row["max_depth"]),
        float(row["min_child_weight"]),
        float(row["colsample_bytree"]),
    )


def _losses(model: DelayModel, cells: pd.DataFrame) -> Floats:
    """Return the sum of the log loss in each week with each number of trees, [trees, weeks]."""
    features = model.encode(cells)
    week, _ = _by_week(cells)
    delayed, on_time = by_outcome(cells)
    sums = []
    for trees in TREES:
        p = model.probability(features, trees)
        sums.append(np.bincount(week, -(delayed * np.log(p) + on_time * np.log1p(-p))))
    return np.stack(sums)


def _by_week(cells: pd.DataFrame) -> tuple[np.ndarray, Floats]:
    """Return the number of each cell's week, and the flights of each week.

    Flights without weeks are dealt into 50 groups by their cells, which stand for weeks.
    """
    weeks = cells["week"].to_numpy()
    groups = np.arange(len(cells)) % 50 if (weeks == NO_WEEK).any() else weeks
    week = np.unique(groups, return_inverse=True)[1]
    return week, np.bincount(week, cells["flights"]).astype(np.float64)


def _compare(table: pd.DataFrame, way: str, losses: Floats, flights: Floats) -> None:
    """Add a way's log loss, its gap to the lowest, and the error of that, to each row."""
    means = losses.sum(axis=1) / flights.sum()
    apart = losses - losses[means.argmin()]
    gap = apart.sum(axis=1) / flights.sum()
    # The linear jackknife over weeks, which hold different numbers of flights.
    rest = apart - gap[:, None] * flights
    weeks = len(flights)
    table[f"{way}_log_loss"], table[f"{way}_gap"] = means, gap
    table[f"{way}_error"] = np.sqrt(weeks / (weeks - 1) * (rest**2).sum(axis=1)) / flights.sum()
