"""Cross-validation deals every training flight once a round, and the smallest equal model wins."""

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from training.errors import DataError
from training.fitting.selection import (
    FITS,
    FOLDS,
    REPEATS,
    SETTINGS,
    TABLE,
    TREES,
    choose,
    cross_validate,
    folds,
    holdouts,
)
from training.flights.counts import Counts, weighted_rows
from training.flights.features import FEATURES, without_time
from training.model import DelayModel, Settings


def test_every_flight_is_held_out_once(santiago: Counts) -> None:
    cells = santiago.part("train")
    parts = list(folds(cells, np.random.default_rng(1)))
    assert len(parts) == FOLDS
    for column in ("flights", "delayed"):
        assert sum(part[column] for part in parts).to_list() == cells[column].to_list()  # type: ignore[union-attr]
    sizes = [part["flights"].sum() for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_model_is_never_measured_on_flights_it_was_fitted_on(santiago: Counts) -> None:
    cells = santiago.part("train")
    for fitted, held_out in holdouts(list(folds(cells, np.random.default_rng(1)))):
        both = pd.concat([fitted, held_out]).groupby(FEATURES)[["flights", "delayed"]].sum()
        expected = cells.groupby(FEATURES)[["flights", "delayed"]].sum()
        pd.testing.assert_frame_equal(both, expected)


@pytest.mark.parametrize(
    ("gaps", "errors", "nodes", "chosen"),
    [
        pytest.param([0, 0.1, 0.2], [0, 0.1, 0.1], [90, 50, 10], 1, id="smallest within its error"),
        pytest.param([0, 0.2, 0.2], [0, 0.1, 0.1], [90, 50, 10], 0, id="no other within its error"),
        pytest.param([0, 0.1, 0.1], [0, 0.2, 0.2], [10, 50, 90], 0, id="the best is the smallest"),
    ],
)
def test_the_smallest_model_within_one_standard_error_is_chosen(
    gaps: list[float], errors: list[float], nodes: list[int], chosen: int
) -> None:
    settings = [Settings(50, 0.1, 2, 1), Settings(100, 0.3, 3, 20), Settings(200, 0.3, 4, 1)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(gap=gaps, error=errors, nodes=nodes, log_loss=np.array(gaps) + 1)
    assert choose(table) == settings[chosen]


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """Return what the last whole selection measured."""
    return pd.read_csv(TABLE)


def test_the_settings_are_those_that_the_last_selection_chose(scores: pd.DataFrame) -> None:
    assert len(scores) == len(FITS) * len(TREES)
    assert choose(scores) == msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)


def test_a_part_of_the_last_selection_comes_out_the_same(
    scores: pd.DataFrame, santiago: Counts
) -> None:
    chosen = choose(scores)
    fits = [fit for fit in FITS if vars(fit) == vars(chosen) | {"n_estimators": max(TREES)}]
    again = cross_validate(santiago, fits=fits)
    keys = ["n_estimators", "learning_rate", "max_depth", "min_child_weight"]
    both = again.merge(scores, on=keys, suffixes=("", "_before"))
    assert len(both) == len(TREES)
    assert both["log_loss"].to_numpy() == pytest.approx(both["log_loss_before"], abs=1e-8)


def test_the_error_of_a_gap_is_corrected_for_the_flights_that_fits_share(
    elsewhere_timed: Counts,
) -> None:
    fits = [Settings(max(TREES), 0.5, 2, 5), Settings(max(TREES), 0.1, 3, 5)]
    table = cross_validate(elsewhere_timed, fits=fits)
    cells, rng = elsewhere_timed.part("train"), np.random.default_rng(42)
    pairs = [p for _ in range(REPEATS) for p in holdouts(list(folds(cells, rng)))]
    losses = {}
    for row in (table.iloc[0], table.iloc[-1]):
        settings = Settings(
            int(row["n_estimators"]), row["learning_rate"], int(row["max_depth"]), 5
        )
        losses[row["log_loss"]] = [_loss(settings, *pair, elsewhere_timed) for pair in pairs]
    best, worst = losses.values()
    gaps = np.array(worst) - np.array(best)
    expected = gaps.std(ddof=1) * np.sqrt(1 / len(pairs) + 1 / (FOLDS - 1))
    assert table["log_loss"].tolist()[::7] == pytest.approx([np.mean(best), np.mean(worst)])
    assert table["gap"].iloc[-1] == pytest.approx(gaps.mean())
    assert table["error"].iloc[-1] == pytest.approx(expected)


def _loss(
    settings: Settings, fitted: pd.DataFrame, held_out: pd.DataFrame, counts: Counts
) -> float:
    model = DelayModel(None, settings).fit_counts(fitted, counts.categories)
    losses = []
    for cells in (held_out, without_time(held_out)):
        rows, label, weight = weighted_rows(cells)
        losses.append(
            log_loss(label, model.probability(model.preprocess(rows)), sample_weight=weight)
        )
    return float(np.mean(losses))


def test_too_few_flights_to_select_from_are_refused(santiago: Counts) -> None:
    table = santiago.table.assign(delayed=0)
    table.loc[table.index[0], ["flights", "delayed"]] = [9, 1]
    with pytest.raises(DataError, match="Cannot select settings: expected at least 5 delayed"):
        cross_validate(Counts.from_table(table))
