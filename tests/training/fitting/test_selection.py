"""Cross-validation deals every training flight once a round, and the smallest equal model wins."""

from dataclasses import astuple, replace

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from training.errors import DataError
from training.fitting.selection import (
    FITS,
    FOLDS,
    SETTINGS,
    TABLE,
    TREES,
    WAYS,
    choose,
    cross_validate,
    folds,
    holdouts,
    settings_of,
)
from training.flights.counts import COUNTED, Counts, weighted_rows
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
    ("untimed", "timed", "chosen"),
    [
        pytest.param([0, 0.1, 0.2], [0, 0.1, 0.2], 1, id="cheapest within its error"),
        pytest.param([0, 0.2, 0.2], [0, 0.1, 0.2], 0, id="good without times alone is not enough"),
        pytest.param([0, 0.1, 0.2], [0, 0.2, 0.2], 0, id="good with times alone is not enough"),
        pytest.param([0, 0.1, 0.1], [0, 0.1, 0.1], 2, id="the cheapest of all is good enough"),
        pytest.param([0, 0.2, 0.2], [0.2, 0, 0.2], 0, id="none is good both ways: lowest loss"),
    ],
)
def test_the_cheapest_model_within_one_standard_error_is_chosen(
    untimed: list[float], timed: list[float], chosen: int
) -> None:
    settings = [Settings(200, 0.1, 5, 1), Settings(100, 0.3, 6, 20), Settings(100, 0.3, 4, 1)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=untimed, timed_gap=timed, log_loss=[1.0, 2.0, 3.0])
    assert choose(table.assign(untimed_error=0.1, timed_error=0.1)) == settings[chosen]


def test_without_times_only_one_way_of_asking_counts() -> None:
    settings = [Settings(200, 0.1, 5, 1), Settings(100, 0.3, 6, 20)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=[0, 0.1], untimed_error=0.1, log_loss=[1.0, 2.0])
    assert choose(table) == settings[1]


def test_of_models_that_cost_the_same_the_one_with_the_lowest_loss_is_chosen() -> None:
    settings = [Settings(100, rate, 4, 1) for rate in (0.1, 0.2, 0.3)]
    table = pd.DataFrame([vars(each) for each in settings])
    table = table.assign(untimed_gap=0, untimed_error=0.1, log_loss=[3.0, 1.0, 2.0])
    assert choose(table) == settings[1]


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """Return what the last whole selection measured."""
    return pd.read_csv(TABLE)


def test_the_settings_are_those_that_the_last_selection_chose(scores: pd.DataFrame) -> None:
    measured = [settings_of(row) for _, row in scores.iterrows()]
    asked = [replace(fit, n_estimators=trees) for fit in FITS for trees in TREES]
    assert sorted(map(astuple, measured)) == sorted(map(astuple, asked))
    assert choose(scores) == msgspec.json.decode(SETTINGS.read_bytes(), type=Settings)


@pytest.mark.slow
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
    elsewhere_timed: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeats, trees = 2, (5, 10)
    monkeypatch.setattr("training.fitting.selection.REPEATS", repeats)
    monkeypatch.setattr("training.fitting.selection.TREES", trees)
    fits = [Settings(max(trees), 0.5, 2, 5), Settings(max(trees), 0.1, 3, 5)]
    table = cross_validate(elsewhere_timed, fits=fits)
    cells, rng = elsewhere_timed.part("train"), np.random.default_rng(42)
    pairs = [p for _ in range(repeats) for p in holdouts(list(folds(cells, rng)))]
    first, last = table.iloc[0], table.iloc[-1]
    for place, way in enumerate(WAYS):
        best, worst = (
            np.array([_losses(settings_of(row), *pair, elsewhere_timed)[place] for pair in pairs])
            for row in (table.sort_values(f"{way}_log_loss").iloc[0], last)
        )
        gaps = worst - best
        expected = gaps.std(ddof=1) * np.sqrt(1 / len(pairs) + 1 / (FOLDS - 1))
        assert last[f"{way}_log_loss"] == pytest.approx(worst.mean())
        assert last[f"{way}_gap"] == pytest.approx(gaps.mean())
        assert last[f"{way}_error"] == pytest.approx(expected)
    both = [first[f"{way}_log_loss"] for way in WAYS]
    assert first["log_loss"] == pytest.approx(np.mean(both))


def _losses(
    settings: Settings, fitted: pd.DataFrame, held_out: pd.DataFrame, counts: Counts
) -> list[float]:
    model = DelayModel(None, settings).fit_counts(fitted, counts.categories)
    losses = []
    for cells in (without_time(held_out), held_out):
        rows, label, weight = weighted_rows(cells)
        probability = model.probability(model.preprocess(rows))
        losses.append(float(log_loss(label, probability, sample_weight=weight)))
    return losses


def test_flights_without_times_are_asked_one_way(
    elsewhere: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.fitting.selection.REPEATS", 1)
    monkeypatch.setattr("training.fitting.selection.TREES", (2,))
    table = cross_validate(elsewhere, fits=[Settings(2, 0.5, 2, 5)])
    assert table["log_loss"].to_list() == table["untimed_log_loss"].to_list()
    assert "timed_log_loss" not in table


@pytest.mark.parametrize(
    ("delayed", "on_time", "enough"),
    [(5, 5, True), (4, 5, False), (5, 4, False)],
    ids=["enough", "too few delayed", "too few on time"],
)
def test_too_few_flights_to_select_from_are_refused(
    monkeypatch: pytest.MonkeyPatch, delayed: int, on_time: int, *, enough: bool
) -> None:
    def fit(*_: object) -> None:
        raise ArithmeticError("it begins")

    monkeypatch.setattr("training.model.DelayModel.fit_counts", fit)
    flight = ["A", "N", 1, -1, "", "train", delayed + on_time, delayed]
    counts = Counts.from_table(pd.DataFrame([flight], columns=COUNTED))
    refused = "Cannot select settings: expected at least 5 delayed and 5 on-time flights"
    with pytest.raises(
        ArithmeticError if enough else DataError, match="it begins" if enough else refused
    ):
        cross_validate(counts)
